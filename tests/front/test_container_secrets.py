"""Which secrets of a dag are handed to the runtime container: those of steps that run in there."""

from __future__ import annotations

from pathlib import Path

from headrace.cli.opening import make_plan, open_dag
from headrace.launch.container import given_secrets

DAG = """\
import headrace as hr


@hr.remote("https://models.example/v2/models/told", token=hr.Secret("REMOTE_KEY"))
def told(text: hr.Text) -> hr.Text: ...


class Fetch(hr.Stateful):
    key: hr.Secret = hr.Secret("LOCAL_KEY")

    def __call__(self, text: hr.Text) -> hr.Text:
        return text


@hr.dag
def main(text: hr.Text) -> hr.Text:
    return told(Fetch()(text))
"""


def test_those_of_remote_steps_are_not(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "handed_over.py").write_text(DAG)
    plan = make_plan(open_dag(f"{tmp_path / 'handed_over.py'}:main"), "local", "")
    environ = {"LOCAL_KEY": "one", "REMOTE_KEY": "two", "OTHER": "three"}
    assert given_secrets(plan, environ) == {"LOCAL_KEY": "one"}
