"""Mistakes that people make, and what they are told to write: a colleague can correct each from the text alone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from headrace_dags.project.check import check_module
from headrace_dags.project.discover import ImportFailed, load_module

PRELUDE = """import functools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from pydantic import BaseModel

import headrace as hr


@hr.step
def words(text: hr.Text) -> Iterator[hr.Text]:
    yield from text.split()


@hr.step
def shout(text: hr.Text, times: int = 1) -> hr.Text:
    return text.upper() * times


@hr.step
def join(texts: hr.Many[hr.Text]) -> hr.Text:
    return " ".join(texts)


@hr.step
def listed(text: hr.Text) -> list[str]:
    return text.split()


@hr.step
def glued(texts: list[str]) -> hr.Text:
    return " ".join(texts)


@hr.step
def darker(image: hr.Image) -> hr.Image:
    return image // 2


class Translate(hr.Stateful):
    language: str = "de"

    def __call__(self, text: hr.Text) -> hr.Text:
        return text


class Info(BaseModel):
    title: str


@dataclass
class Page:
    title: str


@hr.step
def filed(info: Info) -> hr.Text:
    return info.title


@hr.step
def bound(page: Page) -> hr.Text:
    return page.title


def plain(text: str) -> str:
    return text.upper()


def grey(image: np.ndarray) -> np.ndarray:
    return np.asarray(image.mean(axis=2), np.uint8)


class Loud:
    def __call__(self, text: str) -> str:
        return text.upper()


def bare(function):
    def inner(*args, **kwargs):
        return function(*args, **kwargs)

    return inner


def logged(function):
    @functools.wraps(function)
    def inner(*args, **kwargs):
        return function(*args, **kwargs)

    return inner


SHARED = []


"""

SEEN = """import sys
import threading
from enum import StrEnum

LOCK = threading.Lock()
STYLES = {"loud": 2}
this = sys.modules[__name__]


class Cut(NamedTuple):
    head: hr.Text
    tail: hr.Text


@hr.step
def cut(text: hr.Text) -> Cut:
    return Cut(text, text)


class Kind(StrEnum):
    A = "a"


@hr.step
def kind_of(text: hr.Text) -> Kind:
    return Kind.A


@hr.step
def maybe(text: hr.Text | None) -> hr.Text:
    return text or ""


@hr.step
def known(text: hr.Text) -> Info:
    return Info(title=text)


@hr.step
def count(text: hr.Text) -> int:
    return len(text)


"""


def problems(tmp_path: Path, text: str) -> list[tuple[str, str, str]]:
    """Code, the line at fault, and what to write."""
    file = tmp_path / "mistake.py"
    file.write_text(PRELUDE + text)
    lines = file.read_text().splitlines()
    try:
        found = check_module(load_module(str(file)).module)
    except ImportFailed as error:
        found = error.problems
    assert {each.location.file for each in found if each.location} == {str(file)}
    return [(each.code, lines[each.location.line - 1].strip(), each.write) for each in found if each.location]


@pytest.mark.parametrize(
    ("body", "code", "write"),
    [
        ("return Translate(text)", "dag-return", "Call it: Translate()(...)"),
        ("return shout(Translate)", "constant-type", "Call it: Translate()(...)"),
        ("return shout", "dag-return", "Call it: shout(...)"),
        ("return shout(text), shout(text)", "dag-return", "Return a NamedTuple with a field for each"),
        ("return join(Translate.map(words(text)))", "dag-body", "Name().map(items)"),
        ("return join(shout.map(text=words(text)))", "dag-body", "Give the items to .map first"),
        (
            "return join(shout.each(words(text)))",
            "dag-body",
            "Call the step, or use its .map, .zip, .with_ or .tolerant",
        ),
        ("return shout.with_(retries=2)(text)", "dag-body", "Write retry"),
        ("return shoutt(text)", "dag-body", "Write shout"),
        ("return join(shout.map(['a']))", "map-needs-many", "Make it an input of the dag, items: hr.Many[...] = [...]"),
        ("return join(shout.map(listed(text)))", "map-needs-many", "Write hr.Many[str] where it is declared"),
        ("return join(listed(text))", "port-type", "Write hr.Many[str] where it is declared"),
        ("return glued(words(text))", "port-type", "Write hr.Many[str] in place of the list"),
        ("return join([shout(text), text])", "traced-container", "Let the step take each as a parameter of its own"),
        ("return filed(Info(title=text))", "traced-container", "make the Info there"),
        ("return bound(Page(shout(text)))", "traced-container", "make the Page there"),
        ("return shout(' '.join(sorted(words(text))))", "traced-iteration", "or give all to a step that takes hr.Many"),
        ("return shout(text.strip())", "traced-attribute", "Do it in a step, and give the value to that"),
        ("return shout(__import__('json').dumps(text))", "dag-body", "Do it in a step, and give the value to that"),
    ],
)
def test_what_to_write_in_the_body_of_a_dag(body: str, code: str, write: str, tmp_path: Path) -> None:
    told = problems(tmp_path, f"@hr.dag\ndef main(text: hr.Text) -> hr.Text:\n    {body}\n")
    told = [each for each in told if each[0] != "unused-input"]
    assert [each[:2] for each in told] == [(code, body)]
    assert write in told[0][2]


def test_a_dag_that_returns_many_is_told_to_say_so(tmp_path: Path) -> None:
    text = "@hr.dag\ndef main(text: hr.Text) -> list[hr.Text]:\n    return shout.map(words(text))\n"
    (told,) = problems(tmp_path, text)
    assert told[0] == "dag-return-type"
    assert told[2].startswith("Write hr.Many[str] in place of the list")


@pytest.mark.parametrize(
    ("call", "line", "write"),
    [
        ("shout(plain(text))", "return text.upper()", "Decorate plain with @hr.step, and it sees the value"),
        ("shout(Loud()(text))", "return text.upper()", "Write class Loud(hr.Stateful)"),
    ],
)
def test_a_forgotten_decorator_is_told_where_the_value_is_used(
    call: str, line: str, write: str, tmp_path: Path
) -> None:
    told = problems(tmp_path, f"@hr.dag\ndef main(text: hr.Text) -> hr.Text:\n    return {call}\n")
    assert told == [("traced-attribute", line, write)]


def test_an_array_made_of_what_a_dag_does_not_have_is_no_mistake_of_its_own(tmp_path: Path) -> None:
    told = problems(tmp_path, "@hr.dag\ndef main(image: hr.Image) -> hr.Image:\n    return darker(grey(image))\n")
    assert [each[0] for each in told] == ["traced-attribute"]


@pytest.mark.parametrize(
    ("decorated", "line", "code", "write"),
    [
        ("@hr.step\n@bare\n", "@hr.step", "step-target", "Put @functools.wraps above def inner"),
        ("@hr.step\n@hr.step\n", "@hr.step", "step-target", "Keep one of the decorators"),
        (
            "@logged\n@hr.step\n",
            "def made(text: hr.Text) -> hr.Text:",
            "not-importable",
            "Put the decorator of the step",
        ),
        ("@hr.step('2Gi')\n", "def made(text: hr.Text) -> hr.Text:", "unknown-option", "Choose among memory"),
        ("@hr.onnx\n", "def made(text: hr.Text) -> hr.Text:", "onnx-file", 'Write @hr.onnx("model.onnx")'),
    ],
)
def test_what_to_write_around_a_step(decorated: str, line: str, code: str, write: str, tmp_path: Path) -> None:
    step = f"{decorated}def made(text: hr.Text) -> hr.Text:\n    return text\n\n\n"
    told = problems(tmp_path, f"{step}@hr.dag\ndef main(text: hr.Text) -> hr.Text:\n    return made(text)\n")
    first = next(each for each in told if each[0] == code)
    assert write in first[2]
    if line.startswith("def"):
        assert first[1] == line
    assert {each[0] for each in told} <= {code, "onnx-port"}


def test_a_partial_is_told_at_the_line_that_decorates(tmp_path: Path) -> None:
    text = "twice = hr.step(functools.partial(plain))\n\n\n@hr.dag\ndef main(text: hr.Text) -> hr.Text:\n    return twice(text)\n"
    assert [each[:2] for each in problems(tmp_path, text)] == [
        ("step-target", "twice = hr.step(functools.partial(plain))")
    ]


def test_a_method_is_told_to_become_a_class_step(tmp_path: Path) -> None:
    text = (
        "class Kept:\n    @hr.step\n    def shout(self, text: hr.Text) -> hr.Text:\n        return text\n\n\n"
        "@hr.dag\ndef main(text: hr.Text) -> hr.Text:\n    return Kept().shout(text)\n"
    )
    (told,) = problems(tmp_path, text)
    assert told[:2] == ("step-target", "def shout(self, text: hr.Text) -> hr.Text:")
    assert "hr.Stateful" in told[2]


def test_a_batched_body_without_a_batch_is_told_once(tmp_path: Path) -> None:
    text = (
        "@hr.batched(size=4)\ndef many(texts: list[str]) -> list[str]:\n    return texts\n\n\n"
        "@hr.dag\ndef main(text: hr.Text) -> hr.Text:\n    return many(text)\n"
    )
    assert [each[0] for each in problems(tmp_path, text)] == ["batch-signature", "batch-signature"]


def test_parameters_without_names_are_told_once(tmp_path: Path) -> None:
    told = problems(tmp_path, "@hr.dag\ndef main(*texts: hr.Text) -> hr.Text:\n    return shout(texts[0])\n")
    assert [each[0] for each in told] == ["variadic-parameter"]


def test_a_value_of_another_trace_is_told(tmp_path: Path) -> None:
    text = (
        "@hr.dag\ndef one(text: hr.Text) -> hr.Text:\n    SHARED.append(shout(text))\n    return SHARED[0]\n\n\n"
        "@hr.dag\ndef main(text: hr.Text) -> hr.Text:\n    return filed(SHARED[0])\n"
    )
    told = problems(tmp_path, text)
    assert ("foreign-value", "return filed(SHARED[0])") in [each[:2] for each in told]


def test_a_dag_that_is_called_while_its_module_is_imported_tells_its_own_problems(tmp_path: Path) -> None:
    text = "@hr.dag\ndef main(text: hr.Text) -> hr.Text:\n    return shout(txt=text)\n\n\nmain('a')\n"
    assert problems(tmp_path, text) == [
        ("unknown-argument", "return shout(txt=text)", "Write text"),
        ("dag-at-import", "main('a')", 'Write it below `if __name__ == "__main__":`'),
    ]


LOUD = "@hr.dag\ndef loud(text: hr.Text) -> hr.Text:\n    return shout(text)\n\n\n"


def test_a_module_may_call_the_dags_of_another_while_it_is_imported(tmp_path: Path) -> None:
    (tmp_path / "shouting.py").write_text(PRELUDE + LOUD)
    (tmp_path / "asking.py").write_text("from shouting import loud\n\nANSWER = loud('a')\n")
    assert load_module(str(tmp_path / "asking.py")).module.ANSWER == "A"


def test_a_script_calls_its_dags(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(f"{PRELUDE}{LOUD}print(loud('a'))\n")
    assert subprocess.run([sys.executable, script], capture_output=True, text=True, check=True).stdout == "A\n"


@pytest.mark.parametrize(
    ("body", "got"),
    [
        ("return shout(text) if None is text else shout('a')", "is on text"),
        ("return shout(text if type(text) is str else 'a')", "type on text"),
        ("return shout(text) if text in {'a', 'b'} else shout('a')", "in on text"),
        ("return shout(text) if text not in STYLES else shout('a')", "in on text"),
        ("return shout(text, STYLES.get(text, 1))", ".get on text"),
        ("styles = dict.fromkeys('ab')\n    return shout(text)", ""),
        ("styles = {'a': 1}\n    return shout(text, styles.get(text, 1))", ".get on text"),
        ("parts = cut(text)\n    return shout(parts.head if parts.tail is None else parts.tail)", "is on parts.tail"),
        ("loud = this.shout(text)\n    return shout(loud) if loud is not None else loud", "is on loud"),
        ("loud = hr.first(shout(text), text)\n    return shout(loud) if loud is not None else loud", "is on loud"),
        (
            "kind = hr.switch(kind_of(text)).case(Kind.A, text).otherwise(None)\n    return maybe(kind) if kind is None else maybe(kind)",
            "is on kind",
        ),
        ("match (text, 1):\n        case (str(), 1):\n            x = 1\n    return shout(text)", "match on text"),
        ("try:\n        return shout(text)\n    except* ValueError:\n        x = 1", "try around a step"),
        ("try:\n        return shout(text)\n    finally:\n        SHARED.clear()", "finally after a step"),
        ("with LOCK:\n        return shout(text)", "with LOCK around a step"),
        ("with LOCK:\n        times = 2\n    return shout(text, times)", ""),
        ("return join(*words(text))", "*(Many[Text] from words)"),
        ("return join(*[*words(text)])", "*(Many[Text] from words)"),
        ("return filed(**known(text))", "**(mistake:Info from known)"),
        ("return shout(text, STYLES[text])", "a value of the dag as a key, <Text, the input text>"),
    ],
)
def test_what_a_body_does_that_a_trace_can_hardly_see(body: str, got: str, tmp_path: Path) -> None:
    file = tmp_path / "mistake.py"
    file.write_text(f"{PRELUDE}{SEEN}@hr.dag\ndef main(text: hr.Text) -> hr.Text:\n    {body}\n")
    told = [each.got for each in check_module(load_module(str(file)).module) if each.code != "unused-input"]
    assert told == ([got] if got else [])


@pytest.mark.parametrize(
    ("default", "change", "told"),
    [
        ("list[str] = []", "seen.append(text)", True),
        ("list[str] = []", "seen += [text]", True),
        ("list[str] = []", "seen[0:] = [text]", True),
        ("list[str] = []", "del seen[:]", True),
        ("dict[str, int] = {}", "seen.update(a=1)", True),
        ("list[str] = []", "seen = [*seen, text]", False),
        ("list[str] = []", "seen = list(seen)\n    seen.append(text)", False),
        ("list[str] = []", "seen.index", False),
        ("int = 1", "seen += 1", False),
    ],
)
def test_a_default_that_a_body_changes(default: str, change: str, told: bool, tmp_path: Path) -> None:
    step = f"@hr.step\ndef kept(text: hr.Text, seen: {default}) -> hr.Text:\n    {change}\n    return text\n"
    file = tmp_path / "mistake.py"
    file.write_text(PRELUDE + step)
    lines = file.read_text().splitlines()
    noted = [(each.code, each.location) for each in check_module(load_module(str(file)).module)]
    found = [(code, lines[place.line - 1].strip()) for code, place in noted if place]
    assert found == ([("mutable-default", change)] if told else [])


def test_a_default_that_a_class_step_changes(tmp_path: Path) -> None:
    step = (
        "class Kept(hr.Stateful):\n    def __call__(self, text: hr.Text, seen: list[str] = []) -> hr.Text:\n"
        "        seen.append(text)\n        return text\n"
    )
    (told,) = problems(tmp_path, step)
    assert told == ("mutable-default", "seen.append(text)", "Write seen = list(seen) before, which makes a copy")


@pytest.mark.parametrize(
    ("body", "write"),
    [
        ("return Translate()(words(text))", "Write Translate(...).map(...), which runs it for each"),
        ("return join(Translate().map(text))", "Write Translate(...)(...) for one value"),
        ("shout(text)", "Write return shout(text)"),
        ("print('done')", "Return the value of a step"),
        ("return count(text)", "Write -> int, or return a value that is hr.Text"),
        ("return shout(darker(text))", "put a step between that takes hr.Text and returns hr.Image"),
        ("return filed(text)", "put a step between that takes hr.Text and returns Info"),
    ],
)
def test_the_line_to_write_is_one_that_can_be_typed(body: str, write: str, tmp_path: Path) -> None:
    told = problems(tmp_path, f"{SEEN}@hr.dag\ndef main(text: hr.Text) -> hr.Text:\n    {body}\n")
    assert any(write in each[2] for each in told), told


def test_opening_a_value_touches_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    body = "with open(text, 'w') as file:\n        file.write('x')\n    return shout(text)"
    told = problems(tmp_path, f"@hr.dag\ndef main(text: hr.Text) -> hr.Text:\n    {body}\n")
    assert [each[0] for each in told] == ["traced-operator"]
    assert [each.name for each in tmp_path.iterdir() if each.suffix != ".py" and each.is_file()] == []
    print("still open")
    assert capfd.readouterr().out == "still open\n"


def test_steps_may_be_decorated_by_functions_of_other_modules(tmp_path: Path) -> None:
    (tmp_path / "logging_of_ours.py").write_text(
        "import functools\n\n\ndef logged(function):\n    @functools.wraps(function)\n"
        "    def inner(*args, **kwargs):\n        return function(*args, **kwargs)\n\n    return inner\n"
    )
    head = "from __future__ import annotations\n\nimport headrace as hr\nfrom logging_of_ours import logged\n\n\n"
    step = (
        "@hr.step\n@logged\ndef shout(text: hr.Text, times: int = 1) -> hr.Text:\n    return text.upper() * times\n\n\n"
    )
    dag = "@hr.dag\n@logged\ndef main(text: hr.Text) -> hr.Text:\n    return shout(text, {0})\n"
    good, bad = tmp_path / "good.py", tmp_path / "bad.py"
    good.write_text(head + step + dag.format("times=2"))
    module = load_module(str(good)).module
    assert check_module(module) == ()
    assert module.main("a") == "AA"
    bad.write_text(head + step + dag.format("time=2"))
    (told,) = check_module(load_module(str(bad)).module)
    assert told.location
    assert (told.code, Path(told.location.file).name, told.location.line) == ("unknown-argument", "bad.py", 16)
