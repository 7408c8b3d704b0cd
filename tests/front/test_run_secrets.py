"""A run with a secret: it reaches the step, is written down nowhere, and without it nothing starts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.front.conftest import Project, Ran

VALUE = "wat'er-77\"x-" + "0123456789" * 60
"""Quotes that JSON and Python escape, and longer than a line of a traceback."""

FETCH = """\
import os
import sys

import headrace as hr


class Fetch(hr.Stateful):
    token: hr.Secret = hr.Secret("API_TOKEN")

    def setup(self) -> None:
        print("set up with", self.token.reveal())
        if os.environ.get("FAIL_SETUP"):
            raise RuntimeError(f"cannot sign in with {self.token.reveal()}")

    def __call__(self, text: hr.Text) -> hr.Text:
        token = self.token.reveal()
        print("called with", token)
        print("complains of", [token], file=sys.stderr)
        os.write(2, f"past Python: {token}\\n".encode())
        if text == "boom":
            raise ValueError(f"refused: {token!r}")
        if text == "bad":
            raise hr.InputError(f"not with {token}")
        return f"{text} {len(token)} {self.token}"


@hr.dag
def main(text: hr.Text) -> hr.Text:
    return Fetch()(text)
"""


@pytest.fixture
def fetching(project: Project) -> Project:
    project.write("fetch.py", FETCH)
    return project


def run(project: Project, text: str, runtime: str, **environment: str) -> Ran:
    return project.headrace("run", "fetch.py", "-i", f"text={text}", "--runtime", runtime, "--keep", **environment)


def showing(folder: Path) -> list[str]:
    """Files that hold a part of the value that gives it away."""
    parts = (b"wat'er-77", b"wat\\'er-77", b"0123456789" * 2)
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert files
    return [str(path.relative_to(folder)) for path in files if any(part in path.read_bytes() for part in parts)]


@pytest.mark.parametrize("runtime", ["inprocess", "triton"])
@pytest.mark.parametrize("text", ["fine", "boom", "bad"])
def test_a_value_is_written_down_nowhere(text: str, runtime: str, fetching: Project) -> None:
    fetching.write(".env", f"API_TOKEN='{VALUE.replace(chr(39), chr(92) + chr(39))}'\n")
    done = run(fetching, text, runtime)
    assert done.code == {"fine": 0, "boom": 1, "bad": 2}[text], done.err
    assert showing(fetching.folder / ".headrace") == []
    assert "0123456789" * 2 not in done.out + done.err.replace(f"past Python: {VALUE}", "")
    logs = fetching.headrace("logs", *(["--server"] if runtime == "triton" else []))
    assert "0123456789" * 2 not in logs.out
    if runtime == "triton":
        assert "called with ***" in logs.out
        assert "past Python: ***" in logs.out
    else:
        assert "called with ***" in done.err
    if text == "fine":
        (result,) = fetching.folder.glob("out/*/result.txt")
        assert result.read_text().strip() == f"fine {len(VALUE)} ***"
    else:
        assert {"boom": "ValueError: refused: '***", "bad": "not with ***"}[text] in done.err


@pytest.mark.parametrize("runtime", ["inprocess", "triton"])
def test_a_set_up_that_fails_shows_no_value(runtime: str, fetching: Project) -> None:
    done = run(fetching, "a", runtime, API_TOKEN=VALUE, FAIL_SETUP="1")
    assert done.code == 1
    assert "cannot sign in with ***" in done.err
    assert "0123456789" * 2 not in done.out + done.err
    assert showing(fetching.folder / ".headrace") == []


def test_without_a_value_nothing_starts(fetching: Project) -> None:
    done = fetching.headrace("run", "fetch.py", "-i", "text=a", "--json", API_TOKEN="")
    assert done.code == 3
    (problem,) = json.loads(done.err)["problems"]
    assert (problem["code"], problem["where"]) == ("secret-missing", "fetch.token")
    assert problem["got"] == "an empty one"
    assert problem["write"].startswith("Write a line API_TOKEN=... into ")
    assert not (fetching.folder / ".headrace").exists()


def test_config_and_doctor_name_secrets_and_show_no_values(fetching: Project) -> None:
    fetching.write(".env", "API_TOKEN=from-the-file-77\n")
    shown = fetching.headrace("config", "fetch.py", "--json").json
    assert shown["secrets"] == {"API_TOKEN": {"origin": str(fetching.folder / ".env"), "used_by": ["fetch.token"]}}
    assert "secrets" not in fetching.headrace("config", "--json").json
    by_hand = fetching.headrace("config", "fetch.py", API_TOKEN="from-the-shell-77")
    assert "API_TOKEN  environment  fetch.token" in by_hand.out
    fetching.write("none.py", FETCH.replace('hr.Secret = hr.Secret("API_TOKEN")', "str = ''"))
    assert "main names no secret." in fetching.headrace("config", "none.py").out
    looked = fetching.headrace("doctor", "fetch.py")
    assert "API_TOKEN" in looked.out
    assert "-77" not in by_hand.out + looked.out + json.dumps(shown)
    (fetching.folder / ".env").unlink()
    lacking = fetching.headrace("doctor", "fetch.py", "--json")
    assert lacking.code == 3
    (finding,) = [each for each in lacking.json["findings"] if each["group"] == "secrets"]
    assert (finding["name"], finding["standing"], finding["detail"]) == ("API_TOKEN", "missing", "no value")
