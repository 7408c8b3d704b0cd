"""What may be said of a remote step beside its URL."""

import pytest

import headrace as hr
from headrace_dags.declare.understand import declaration_of

URL = "https://models.example/v2/models/clip"


def codes(**options):
    @hr.remote(URL, **options)
    def embed(text: hr.Text) -> hr.Embedding: ...

    inside = "not-importable"  # for it is made in a function
    return [problem.code for problem in declaration_of(embed).problems if problem.code != inside]


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"timeout": "soon"}, "option-value"),
        ({"max_answer": "much"}, "option-value"),
        ({"concurrency": 0}, "option-value"),
        ({"concurrency": True}, "option-value"),
        ({"token": "a1b2c3"}, "remote-header"),
        ({"token": hr.Secret("no name")}, "secret-name"),
        ({"headers": ["X-Team"]}, "remote-header"),
        ({"headers": {"X Team": "vision"}}, "remote-header"),
        ({"headers": {"X-Team": "vi\nsion"}}, "remote-header"),
        ({"headers": {"X-Api-Key": "a1b2c3"}}, "remote-header"),
        ({"headers": {"Host": "models.example"}}, "remote-header"),
        ({"headers": {"x-trace-bin": "a"}}, "remote-header"),
        ({"headers": {"X-Team": "a", "x-team": "b"}}, "remote-header"),
        ({"headers": {"Authorization": hr.Secret("KEY")}, "token": hr.Secret("KEY")}, "remote-header"),
        ({"inputs": {"texts": "INPUT"}}, "tensor-name"),
        ({"outputs": {"result": 1}}, "tensor-name"),
        ({"device": "gpu"}, "unknown-option"),
        ({"retries": 2}, "unknown-option"),
    ],
)
def test_an_option_that_makes_no_sense_is_refused(options, code):
    assert codes(**options) == [code]


def test_the_rest_enters_the_graph_without_values_of_secrets():
    @hr.remote(
        URL,
        token=hr.Secret("KEY"),
        headers={"X-Team": "vision", "X-Api-Key": hr.Secret("OTHER")},
        inputs={"text": "INPUT__0"},
        outputs={"result": "OUTPUT__0"},
        timeout="5s",
        max_answer="1Mi",
        concurrency=2,
    )
    def embed(text: hr.Text) -> hr.Embedding: ...

    ref = declaration_of(embed).ref
    assert ref.remote is not None
    assert ref.remote.model_dump() == {
        "url": URL,
        "headers": {"X-Team": "vision"},
        "tensors": {"inputs": {"text": "INPUT__0"}, "outputs": {"result": "OUTPUT__0"}},
        "timeout_s": 5.0,
        "most_bytes": 1 << 20,
        "concurrency": 2,
    }
    assert {name: secret.secret for name, secret in ref.secrets.items()} == {
        "token": "KEY",
        "headers.X-Api-Key": "OTHER",
    }
