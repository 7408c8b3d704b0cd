"""What may be written as the URL of a remote step, and what a variable at its beginning may hold."""

from pathlib import Path

import pytest

from headrace_dags.errors import EnvironmentLack
from headrace_dags.remote.address import resolve
from headrace_dags.rules.remotes import remote_url
from headrace_dags.secrets.environment import Environment


@pytest.mark.parametrize(
    "url",
    [
        "https://models.example/v2/models/clip",
        "http://127.0.0.1:8000/v2/models/clip/versions/3",
        "https://models.example/team/a/v2/models/clip",
        "grpc://triton.models.svc:8001/v2/models/clip",
        "grpcs://[::1]:8001/v2/models/clip",
        "${MODELS_URL}/v2/models/clip",
    ],
)
def test_the_model_of_a_server_is_an_address(url):
    assert remote_url(url) is None


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("ftp://models.example/v2/models/clip", "URL of http, https, grpc, grpcs"),
        ("file:///v2/models/clip", "URL of http, https, grpc, grpcs"),
        ("models.example/v2/models/clip", "URL of http, https, grpc, grpcs"),
        ("https:///v2/models/clip", "URL of http, https, grpc, grpcs"),
        ("https://me:secret@models.example/v2/models/clip", "without credentials"),
        ("https://secret@models.example/v2/models/clip", "without credentials"),
        ("https://models.example/v2/models/clip?key=secret", "without a query"),
        ("https://models.example/v2/models/clip#secret", "without a query"),
        ("https://models.example/v2/models/../../admin", "path of a model"),
        ("https://models.example/v1/chat/completions", "path of a model"),
        ("https://models.example", "path of a model"),
        ("https://models.example:port/v2/models/clip", "a URL"),
        ("https://models.example/v2/models/cl ip", "without spaces"),
        ("https://models.example/v2/models/clip\r\nX-Other: 1", "URL"),
        ("grpc://models.example/team/v2/models/clip", "no path before /v2"),
        ("https://${HOST}/v2/models/clip", "at the beginning"),
        ("${MODELS_URL}${PATH}", "at the beginning"),
    ],
)
def test_anything_else_is_refused_and_no_secret_repeated(url, expected):
    misfit = remote_url(url)
    assert misfit is not None
    assert expected in misfit.expected
    assert misfit.write
    assert "secret" not in misfit.got


def at(value):
    environment = Environment(Path("/nowhere"), {"MODELS_URL": value})
    return resolve("${MODELS_URL}/v2/models/clip", environment, "embed", None)


def test_a_variable_gives_the_server():
    assert str(at("https://models.example/team/")) == "https://models.example/team/v2/models/clip"
    assert at("grpc://127.0.0.1:8001").is_grpc


@pytest.mark.parametrize("value", ["", "models.example", "https://me:secret@models.example", "https://a/?key=secret"])
def test_a_variable_that_holds_no_server_is_named_and_not_repeated(value):
    with pytest.raises(EnvironmentLack, match="MODELS_URL") as raised:
        at(value)
    assert "secret" not in str(raised.value)
