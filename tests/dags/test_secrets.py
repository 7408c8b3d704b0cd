"""Secrets: their names in the graph, their values in the step, and no text that shows them."""

from __future__ import annotations

import copy
import json
import pickle
from pathlib import Path

import pytest

import headrace as hr
from headrace_dags.declare.configure import configured
from headrace_dags.declare.understand import declaration_of
from headrace_dags.errors import EnvironmentLack, Exit
from headrace_dags.project.discover import load
from headrace_dags.record import canonical
from headrace_dags.secrets.environment import Environment
from headrace_dags.secrets.naming import named, require
from headrace_dags.secrets.redact import Redactor
from headrace_dags.secrets.secret import Secret

VALUE = "cf9-71 ab$HOME"

FETCH = """\
import headrace as hr


class Fetch(hr.Stateful):
    token: hr.Secret = hr.Secret("API_TOKEN")
    other: hr.Secret | None = None

    def setup(self) -> None:
        self.length = len(self.token.reveal())

    def __call__(self, text: hr.Text) -> hr.Text:
        return f"{text} {self.length} {self.token}"


@hr.dag
def main(text: hr.Text) -> hr.Text:
    return Fetch(other=hr.Secret("OTHER"))(Fetch()(text))
"""


@pytest.fixture(autouse=True)
def no_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("API_TOKEN", "OTHER"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows" / "fetching.py").write_text(FETCH)
    return tmp_path / "flows" / "fetching.py"


class Fetch(hr.Stateful):
    token: hr.Secret
    spare: hr.Secret | None = None
    region: str = "eu"

    def __call__(self, text: hr.Text) -> hr.Text:
        return text


def test_only_the_name_enters_the_graph(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_TOKEN", VALUE)
    graph = load(str(file)).dag.graph
    steps = json.loads(canonical(graph))["nodes"]
    assert [each["step"]["secrets"] for each in steps] == [
        {"token": {"secret": "API_TOKEN"}},
        {"other": {"secret": "OTHER"}, "token": {"secret": "API_TOKEN"}},
    ]
    assert steps[0]["step"]["config"] == {"other": None}
    assert VALUE.encode() not in canonical(graph)


def test_another_name_is_another_digest_and_another_value_is_not(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = load(str(file)).dag.graph.digest
    monkeypatch.setenv("API_TOKEN", VALUE)
    assert load(str(file)).dag.graph.digest == before
    file.write_text(FETCH.replace("API_TOKEN", "API_KEY"))
    file.rename(file.with_name("fetching_again.py"))
    again = load(str(file.with_name("fetching_again.py"))).dag.graph
    assert [each.name for each in named(again.nodes)] == ["API_KEY", "API_KEY", "OTHER"]
    assert again.digest != before


def test_the_environment_wins_over_the_file_and_is_left_as_it_was(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = file.parents[1]
    (root / ".env").write_text(f"export API_TOKEN='{VALUE}'\nOTHER=from the file\n")
    environment = Environment.at(root)
    assert (environment.value("API_TOKEN"), environment.origin("API_TOKEN")) == (VALUE, str(root / ".env"))
    monkeypatch.setenv("API_TOKEN", "stronger")
    assert (environment.value("API_TOKEN"), environment.origin("API_TOKEN")) == ("stronger", "environment")
    assert "OTHER" not in __import__("os").environ
    assert VALUE not in repr(environment)


def test_a_plain_call_reads_the_file_of_its_own_project(file: Path) -> None:
    (file.parents[1] / ".env").write_text(f'API_TOKEN="{VALUE}"\nOTHER=x\n')
    main = load(str(file)).dag
    assert main("a") == f"a {len(VALUE)} *** {len(VALUE)} ***"


def test_a_secret_without_a_value_is_a_lack_of_the_environment(file: Path) -> None:
    (file.parents[1] / ".env").write_text("OTHER=\n")
    found = load(str(file))
    with pytest.raises(EnvironmentLack) as caught:
        require(found.dag.graph, Environment.at(found.import_root))
    assert caught.value.exit_code == Exit.ENVIRONMENT
    assert [(each.code, each.where, each.got) for each in caught.value.problems] == [
        ("secret-missing", "fetch.token", "none"),
        ("secret-missing", "fetch_2.token", "none"),
        ("secret-missing", "fetch_2.other", "an empty one"),
    ]
    assert (
        caught.value.problems[0].write
        == f"Write a line API_TOKEN=... into {found.import_root / '.env'}, or export API_TOKEN"
    )
    assert caught.value.problems[0].location
    with pytest.raises(EnvironmentLack, match="API_TOKEN"):
        found.dag("a")


def test_a_file_that_is_no_text_is_told(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"API_TOKEN=\xff\xfe\n")
    with pytest.raises(EnvironmentLack, match=r"\[env-file\]"):
        Environment.at(tmp_path).find("API_TOKEN")
    (tmp_path / "as" / ".env").mkdir(parents=True)
    assert Environment.at(tmp_path / "as").find("API_TOKEN") == ""


def test_no_text_shows_a_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_TOKEN", VALUE)
    secret = Secret.of("API_TOKEN", Environment.at(Path()))
    assert secret.reveal() == VALUE
    assert (str(secret), repr(secret), f"{secret:>5}", f"{secret!r}") == ("***", "***", "  ***", "***")
    assert f"{[secret]} { ({'a': secret}) }" == "[***] {'a': ***}"
    assert VALUE.encode() not in pickle.dumps(secret)
    assert pickle.loads(pickle.dumps(secret)).reveal() == VALUE
    assert copy.deepcopy(secret) is copy.copy(secret) is secret
    assert secret == hr.Secret("API_TOKEN") != hr.Secret("OTHER")


def said(step: hr.Stateful) -> list[str]:
    return [f"{each.where} [{each.code}]: {each.expected}, got {each.got}" for each in declaration_of(step).problems]


def test_what_is_written_into_code_is_refused_and_not_repeated() -> None:
    assert said(Fetch(token=hr.Secret("API_TOKEN"), spare=None)) == []
    assert said(Fetch(token="sk-1")) == ["Fetch.token [config-value]: expects hr.Secret, got a value in the code"]  # type: ignore[arg-type]
    assert said(Fetch(token=hr.Secret("sk-1"))) == [
        "Fetch.token [secret-name]: a secret is named like an environment variable, got something else"
    ]
    assert said(Fetch(token=None)) == ["Fetch.token [config-value]: expects hr.Secret, got a value in the code"]  # type: ignore[arg-type]
    region = Fetch(token=hr.Secret("A"), region=hr.Secret("REGION"))  # type: ignore[arg-type]
    assert said(region) == ["Fetch.region [config-value]: expects Text, got a secret"]
    assert said(Fetch()) == [  # type: ignore[call-arg]
        "Fetch.token [config-value]: expects a value, since it has no default, got none"
    ]


def test_a_secret_is_no_port_and_no_constant() -> None:
    @hr.step
    def leak(token: hr.Secret) -> hr.Text:
        return token.reveal()

    problems = declaration_of(leak).problems
    assert [each.code for each in problems if each.where == "leak.token"] == ["port-foreign"]
    assert "hr.Stateful" in str(problems)


def test_configuration_comes_back_with_its_values(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_TOKEN", VALUE)
    ref = declaration_of(Fetch(token=hr.Secret("API_TOKEN"))).ref
    again = configured(Fetch, ref, Environment.at(Path()))
    assert (again.token.reveal(), again.spare, again.region) == (VALUE, None, "eu")


@pytest.mark.parametrize(
    "text",
    [
        f"token {VALUE}!",
        f"token {VALUE!r}!",
        json.dumps({"token": VALUE}),
        "https://host/?token=cf9-71%20ab%24HOME",
        f"cut short: {VALUE[:13]}...",
    ],
)
def test_values_are_blacked_out_in_every_form(text: str) -> None:
    clean = Redactor.of([VALUE, ""])(text)
    assert "***" in clean
    assert "71" not in clean
    assert clean[:3] == text[:3]


def test_values_of_many_lines_are_blacked_out_line_by_line() -> None:
    key = "-----BEGIN KEY-----\nMIIEvQIBADAN\nshort\n-----END KEY-----\n"
    redact = Redactor.of([key])
    assert redact(f"a {key} b") == "a *** b"
    assert redact("log: MIIEvQIBADAN") == "log: ***"
    assert redact("short of breath") == "short of breath"


def test_the_redactor_of_nothing_changes_nothing_and_shows_nothing() -> None:
    assert Redactor()("*any* text") == "*any* text"
    assert not Redactor()
    assert VALUE not in repr(Redactor.of([VALUE]))
