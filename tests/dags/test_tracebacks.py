"""Tracebacks cut to what the user wrote."""

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import pytest
from handmade import made, run_node

from headrace_dags.running.evaluate import NodeFailed
from headrace_dags.running.tracebacks import MOST_CHARACTERS, innermost_location, user_frames

SOURCE = """\
import json

def step(text: str) -> int:
    return inner(text)

def inner(text: str) -> int:
    return json.loads(text)["a"]

def chained(text: str) -> int:
    try:
        return inner(text)
    except ValueError as error:
        raise RuntimeError("no number") from error

def deep(text: str) -> int:
    return step(text) if len(text) > 200 else deep(text + "!")

def ping(n: int) -> int:
    return pong(n + 1)

def pong(n: int) -> int:
    return ping(n + 1)

def long(text: str) -> int:
    raise ValueError("x" * 10_000)
"""


@pytest.fixture
def steps(tmp_path: Path) -> ModuleType:
    file = tmp_path / "steps.py"
    file.write_text(SOURCE)
    return imported(file)


def imported(file: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(file.stem, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def failure(steps: ModuleType, name: str, value: object = "not json") -> NodeFailed:
    with pytest.raises(NodeFailed) as caught:
        run_node(*made(getattr(steps, name)), {"n" if name == "ping" else "text": value})
    return caught.value


def test_only_the_users_frames_are_kept_oldest_first(steps: ModuleType, tmp_path: Path) -> None:
    text = user_frames(failure(steps, "step"), [tmp_path])
    assert text.startswith("Traceback (most recent call last):")
    assert text.index("in step") < text.index("in inner")
    assert text.splitlines()[-1].startswith("json.decoder.JSONDecodeError: Expecting value")
    assert "headrace_dags" not in text
    assert json.__file__ not in text
    assert user_frames(failure(steps, "step")) == text


def test_the_location_is_the_users_innermost_line(steps: ModuleType, tmp_path: Path) -> None:
    found = innermost_location(failure(steps, "step"), [tmp_path])
    assert found is not None
    assert (found.file, found.line) == (str(tmp_path / "steps.py"), 7)
    assert innermost_location(failure(steps, "step")) == found


def test_causes_come_first(steps: ModuleType, tmp_path: Path) -> None:
    text = user_frames(failure(steps, "chained"), [tmp_path])
    assert text.index("JSONDecodeError") < text.index("direct cause") < text.index("RuntimeError: no number")
    assert json.__file__ not in text


def test_long_tracebacks_keep_their_end(steps: ModuleType, tmp_path: Path) -> None:
    for name in ("deep", "long", "chained"):
        text = user_frames(failure(steps, name), [tmp_path])
        assert len(text) <= MOST_CHARACTERS
        assert "Error" in text.splitlines()[-1]
    endless = user_frames(failure(steps, "ping", 0), [tmp_path])
    assert len(endless) <= MOST_CHARACTERS
    assert endless.splitlines()[-1].startswith("RecursionError")


def test_more_lines_than_fit_lose_the_oldest(tmp_path: Path) -> None:
    lines = [f"def f{n}(text: str) -> int:\n    return f{n + 1}(text)" for n in range(80)]
    (tmp_path / "many.py").write_text("\n".join([*lines, "def f80(text: str) -> int:\n    return 1 // 0"]))
    text = user_frames(failure(imported(tmp_path / "many.py"), "f0"), [tmp_path])
    assert text.startswith("...\n")
    assert len(text) <= MOST_CHARACTERS
    assert "in f80" in text
    assert "in f0\n" not in text


def test_libraries_inside_the_import_root_are_no_user_code(tmp_path: Path) -> None:
    library = tmp_path / "venv" / "site-packages" / "library.py"
    library.parent.mkdir(parents=True)
    library.write_text("def broken(text: str) -> int:\n    raise ValueError(text)\n")
    (tmp_path / "user.py").write_text("def step(text: str) -> int:\n    return library.broken(text)\n")
    user = imported(tmp_path / "user.py")
    user.library = imported(library)  # type: ignore[attr-defined]
    text = user_frames(failure(user, "step"), [tmp_path])
    assert "user.py" in text
    assert "site-packages" not in text
    only = user_frames(failure(user.library, "broken"), [tmp_path])  # type: ignore[attr-defined]
    assert "library.py" in only
    assert innermost_location(failure(user.library, "broken"), [tmp_path]) is None  # type: ignore[attr-defined]


def test_a_syntax_error_is_where_the_parser_says(tmp_path: Path) -> None:
    (tmp_path / "wrong.py").write_text("x = 1\nif x\n")
    with pytest.raises(SyntaxError) as caught:
        imported(tmp_path / "wrong.py")
    found = innermost_location(caught.value, [tmp_path])
    assert found is not None
    assert (Path(found.file).name, found.line) == ("wrong.py", 2)
    assert "if x" in user_frames(caught.value, [tmp_path])


def test_the_exceptions_of_a_group_are_cut_too(steps: ModuleType, tmp_path: Path) -> None:
    inner = failure(steps, "step").__cause__
    assert isinstance(inner, Exception)
    text = user_frames(ExceptionGroup("several", [inner]), [tmp_path])
    assert "ExceptionGroup: several (1 sub-exception)" in text
    assert "in inner" in text
    assert "headrace_dags" not in text
