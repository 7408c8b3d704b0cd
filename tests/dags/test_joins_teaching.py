"""Mistakes with branches, joins and maps: each is told once, at its line, with what to write in its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from headrace_dags.errors import Problem
from headrace_dags.project.check import check_module
from headrace_dags.project.discover import load_module

PRELUDE = """from enum import Enum

from branched import *

import headrace as hr


class Shade(str, Enum):
    DARK = "dark"


@hr.step
def shade_of(text: hr.Text) -> Shade | None:
    return None


@hr.step
def kinds_of(text: hr.Text) -> hr.Many[Kind]:
    return []


@hr.step
def longs_of(text: hr.Text) -> hr.Many[bool]:
    return []


@hr.step
def perhaps_long(text: hr.Text) -> bool | None:
    return None


@hr.step
def parts(text: hr.Text) -> hr.Many[hr.Text]:
    return [text]


def local():
    class Hidden(BaseModel):
        title: str

    @hr.step
    def hidden(text: hr.Text) -> Hidden:
        return Hidden(title=text)

    return hidden


"""
ONE = "@hr.dag\ndef main(text: hr.Text) -> {type}:\n    {body}\n"
EACH = (
    "@hr.dag\ndef inner(item: hr.Text, whole: hr.Text) -> hr.Text:\n    {body}\n\n\n"
    "@hr.dag\ndef main(texts: hr.Many[hr.Text], text: hr.Text) -> hr.Text:\n    return all_of(inner.map(texts, text))\n"
)
LATER = {"unused-input", "unused-step"}


def problems(tmp_path: Path, text: str) -> list[Problem]:
    file = tmp_path / "mistake.py"
    file.write_text(PRELUDE + text)
    return [each for each in check_module(load_module(str(file)).module) if each.code not in LATER]


def told(tmp_path: Path, text: str, line: str) -> Problem:
    """The only problem, which must be at ``line``."""
    (found,) = problems(tmp_path, text)
    assert found.location
    assert Path(found.location.file).read_text().splitlines()[found.location.line - 1].strip() == line
    return found


@pytest.mark.parametrize(
    ("body", "where", "code", "said"),
    [
        # a switch
        ("return hr.switch(text).case(Kind.RED, upper(text)).otherwise(text)", "switch.on", "switch-on", "class Kind(str, Enum)"),
        ("return hr.switch(Kind.RED).case(Kind.RED, upper(text)).otherwise(text)", "switch.on", "join-constant", "ordinary if"),
        ("return hr.switch(shade_of(text)).case(Shade.DARK, upper(text)).otherwise(text)", "switch.on", "optional-value", "return a member in its place"),
        ("return hr.switch(kinds_of(text)).case(Kind.RED, upper(text)).otherwise(text)", "switch.on", "many-needs-map", "map that dag"),
        ("return hr.switch(kind_of(text)).case('red', upper(text)).otherwise(text)", "switch", "switch-key", "Kind.RED, Kind.GREEN and Kind.BLUE"),
        ("return hr.switch(kind_of(text)).case(Shade.DARK, upper(text)).otherwise(text)", "switch", "switch-key", "Write one of Kind.RED"),
        ("return hr.switch(kind_of(text)).case(Kind.RED, upper(text)).case(Kind.RED, text).otherwise(text)", "switch", "switch-key", "Leave one of them out"),
        ("return hr.switch(kind_of(text)).case(Kind.RED, upper(text)).end()", "switch", "switch-total", "Add .case(Kind.GREEN, ...)"),
        ("return hr.switch(kind_of(text)).otherwise(upper(text))", "switch", "switch-total", "Write .case(Kind.MEMBER, value)"),
        ("return hr.switch(kind_of(text)).case(Kind.RED, None).otherwise(upper(text))", "switch.case1", "join-constant", ".otherwise(None)"),
        ("return hr.switch(kind_of(text)).case(Kind.RED, 'none').otherwise(upper(text))", "switch.case1", "join-constant", "Let a step return the constant"),
        ("return hr.switch(kind_of(text)).case(Kind.RED, upper).otherwise(text)", "switch.case1", "constant-type", "Call it: upper(...)"),
        ("return hr.switch(kind_of(text)).case(Kind.RED, [upper(text)]).otherwise(text)", "switch.case1", "traced-container", "parameter of its own"),
        ("return hr.switch(kind_of(text)).case(Kind.RED, is_long(text)).otherwise(text)", "switch", "join-type", "put a step behind one of them"),
        ("return some_of(hr.switch(kind_of(text)).case(Kind.RED, parts(text)).otherwise(None))", "switch", "join-axis", "that gives no items"),
        ("return all_of(hr.switch(kind_of(text)).case(Kind.RED, parts(text)).otherwise(text))", "switch", "join-axis", "do not map, in all of them"),
        # a switch that nobody ended
        ("return hr.switch(kind_of(text)).case(Kind.RED, upper(text))", "main", "switch-open", "Write .otherwise(...) or .end()"),
        ("return upper(hr.switch(kind_of(text)).case(Kind.RED, lower(text)))", "upper.text", "switch-open", "Write .otherwise(...) or .end()"),
        ("return all_of([hr.switch(kind_of(text)).case(Kind.RED, lower(text))])", "all_of.texts", "switch-open", "Write .otherwise(...) or .end()"),
        ("return hr.first(upper(text), hr.switch(kind_of(text)).case(Kind.RED, lower(text)))", "first.value2", "switch-open", "Write .otherwise(...) or .end()"),
        ("return hr.switch(kind_of(text)).case(Kind.RED, hr.switch(kind_of(text))).otherwise(text)", "switch.case1", "switch-open", "Write .otherwise(...) or .end()"),
        # when
        ("return say(hr.when(kind_of(text), upper(text)))", "when.on", "when-condition", "def wanted(value: Kind) -> bool"),
        ("return say(hr.when(perhaps_long(text), upper(text)))", "when.on", "when-condition", "takes it with | None return bool"),
        ("return say(hr.when(longs_of(text), upper(text)))", "when.on", "when-condition", "map that dag"),
        ("return say(hr.when(True, upper(text)))", "when.on", "join-constant", "ordinary if"),
        ("return some_of(hr.when(is_long(text), parts(text)))", "when", "join-axis", "let it give no items"),
        # joins that wait
        ("return hr.first(upper(text))", "first", "join-count", "Give it one more value"),
        ("return hr.first(upper(text), None)", "first.value2", "join-constant", "Leave it out"),
        ("return hr.first(upper(text), number(text))", "number.value", "port-type", "takes hr.Text and returns int"),
        ("return some_of(hr.quorum(3, upper(text), text, within='1s'))", "quorum", "join-count", "Write quorum(2, ...)"),
        ("return some_of(hr.quorum(True, upper(text), text, within='1s'))", "quorum", "join-count", "a number from 1 to 2"),
        ("return some_of(hr.quorum(0, within='1s'))", "quorum", "join-count", "quorum"),
        ("return some_of(hr.quorum(1, parts(text), within='1s'))", "quorum", "join-axis", "tolerant"),
        ("return say(hr.optional(upper(text), within=3))", "optional", "option-value", 'Write within="30s"'),
        ("return say(hr.optional(upper(text), within='soon'))", "optional", "option-value", 'Write within="30s"'),
        ("return some_of(hr.optional(parts(text), within='1s'))", "optional", "join-axis", "step.tolerant(min_success=0.9).map(...)"),
        # what may be missing
        ("return upper(hr.when(is_long(text), lower(text)))", "upper.text", "optional-value", "Write text: hr.Text | None in the step"),
        ("return all_of(upper.tolerant(min_success=1).map(parts(text)))", "all_of.texts", "optional-value", "Write texts: hr.Many[hr.Text | None] in the step"),
        ("return hr.when(is_long(text), lower(text))", "main", "dag-return-type", "Write -> hr.Text | None"),
        # tolerance
        ("return upper.tolerant(min_success=0.5)(text)", "upper", "tolerant-map", "Write upper.tolerant(...).map(items)"),
        ("return some_of(upper.tolerant(min_success=2).map(parts(text)))", "upper", "option-value", "Write min_success=0.9"),
        ("return some_of(upper.with_(retry=1).tolerant(min_success=0).map(parts(text)))", "upper", "tolerant-map", "Keep one of them"),
        ("return some_of(sorted_out.tolerant(min_success=0).map(parts(text)))", "main", "dag-body", "Write step.tolerant(min_success=...) in the body of sorted_out"),
        ("return sorted_out.with_(retry=1)(text)", "main", "dag-body", "Write step.with_(...) in the body of sorted_out"),
        ("return sorted_out.mapped(text)", "main", "dag-body", "use its .map or .zip"),
        ("return upper.with_(isolated=True)(text)", "main", "dag-body", "Write isolate"),
        ("return upper.with_(name='two words')(text)", "upper", "option-value", 'Write name="read_cover"'),
        ("return cat(upper.with_(name='a')(text), lower.with_(name='a')(text))", "lower", "name-taken", 'name="a_2"'),
        # maps and streams
        ("return all_of(cat.zip(parts(text), text))", "cat.b", "map-needs-many", "Write cat(...) for one value"),
        ("return all_of(upper.zip(parts(text), parts(text)))", "upper", "map-needs-many", "Write .map over one of them"),
        ("return all_of(sides.map(parts(text)).left)", "sides", "several-outputs", "Map a step for each output"),
        ("return all_of(hr.collect(upper.map(parts(text))))", "main", "collect-stream", "Leave collect out"),
        ("return all_of(hr.collect([text]))", "main", "collect-stream", "Leave collect out"),
        ("return upper(hr.collect(text))", "main", "collect-stream", "Leave collect out"),
        # fields
        ("return upper(note(text).titel)", "main", "field-unknown", "Write .title"),
        ("return upper(note(text).model_dump_json())", "main", "field-unknown", "give the whole value to a step"),
        ("return say(hr.when(is_long(text), note(text)).title)", "main", "optional-value", "use .title there"),
        ("return say(hr.first(note(text), bill(text)).title)", "main", "traced-attribute", "Read .title in the branches"),
        ("return upper(sides(text).left.title)", "main", "traced-attribute", "Do it in a step"),
        ("return upper(kind_of(text).value)", "main", "traced-attribute", "a pydantic model with a field value"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_once(body: str, where: str, code: str, said: str, tmp_path: Path) -> None:
    found = told(tmp_path, ONE.format(type="hr.Text", body=body), body)
    assert (found.where, found.code) == (where, code)
    assert said in str(found)


@pytest.mark.parametrize(
    ("body", "where", "code", "said"),
    [
        (
            "return all_of(upper.map(item))",
            "upper.text",
            "map-needs-many",
            "an item of the input texts. Write upper(...)",
        ),
        ("return all_of(words(item))", "words", "axis-deep", "Let one step handle an item"),
        ("return all_of(cat.map(words(whole), item))", "cat", "axis-deep", "make one flat list before the map"),
        ("return hr.first(upper(item), lower(item))", "first", "join-axis", "for each item of a dag that is mapped"),
        ("return say(hr.optional(upper(item), within='1s'))", "optional", "join-axis", "tolerant"),
        ("return upper(whole)", "inner", "dag-return", "Call inner without map"),
        (
            "return hr.switch(kind_of(whole)).case(Kind.RED, upper(item)).otherwise(whole)",
            "switch",
            "switch-items",
            "Choose outside the map",
        ),
        (
            "return say(hr.when(is_long(whole), upper(item)))",
            "when",
            "switch-items",
            "to the step that runs for each item",
        ),
        (
            "return all_of(hr.switch(kind_of(item)).case(Kind.RED, words(whole)).otherwise(words(whole)))",
            "switch",
            "axis-deep",
            "together with the value that decides",
        ),
        ("return cat(item, all_of(sorted_out.map(parts(item))))", "parts", "axis-deep", "Let one step handle"),
    ],
)
def test_a_mistake_in_a_dag_that_is_mapped_is_told_once(
    body: str, where: str, code: str, said: str, tmp_path: Path
) -> None:
    found = problems(tmp_path, EACH.format(body=body))
    assert {(each.where, each.code, each.location) for each in found} == {(where, code, found[0].location)}
    assert said in " ".join(map(str, found))


@pytest.mark.parametrize(
    "body",
    [
        "return hr.switch(kind_of(whole)).case(Kind.RED, upper(item)).otherwise(item)",
        "return hr.switch(kind_of(item)).case(Kind.RED, whole).otherwise(whole)",
        "return hr.switch(kind_of(item)).case(Kind.RED, upper(whole)).otherwise(cat(item, whole))",
        "return say(hr.when(is_long(item), whole))",
        "return say(upper.tolerant(min_success=0)(cat(item, whole)))",
    ],
)
def test_a_branch_that_gives_an_item_in_any_case_is_allowed(body: str, tmp_path: Path) -> None:
    assert problems(tmp_path, EACH.format(body=body)) == []


def test_a_field_of_a_model_that_has_no_name_is_told(tmp_path: Path) -> None:
    (tmp_path / "generic.py").write_text(
        "from typing import Generic, TypeVar\n\nfrom pydantic import BaseModel\n\nimport headrace as hr\n\n"
        "T = TypeVar('T')\n\n\nclass Box(BaseModel, Generic[T]):\n    held: T\n\n\n"
        "@hr.step\ndef boxed(text: hr.Text) -> Box[int]:\n    return Box(held=1)\n\n\n"
        "@hr.step\ndef shown(number: int) -> hr.Text:\n    return str(number)\n\n\n"
        "@hr.dag\ndef main(text: hr.Text) -> hr.Text:\n    return shown(boxed(text).held)\n"
    )
    (found,) = check_module(load_module(str(tmp_path / "generic.py")).module)
    assert (found.code, found.write.partition(",")[0]) == ("not-importable", "Derive a class from Box[int]")


def test_a_field_that_nobody_takes_is_told(tmp_path: Path) -> None:
    file = tmp_path / "idle.py"
    body = "    found = note(text)\n    found.size\n    return upper(found.title)\n"
    file.write_text(f"{PRELUDE}@hr.dag\ndef main(text: hr.Text) -> hr.Text:\n{body}")
    (found,) = check_module(load_module(str(file)).module)
    assert (found.code, found.write) == ("unused-step", "Give .size to a step, or leave it out")


def test_a_switch_that_is_begun_for_nothing_is_told(tmp_path: Path) -> None:
    body = "hr.switch(kind_of(text)).case(Kind.RED, lower(text))"
    found = told(tmp_path, ONE.format(type="hr.Text", body=f"{body}\n    return upper(text)"), body)
    assert (found.where, found.code) == ("main", "switch-open")


def test_choices_that_wait_for_each_other_are_told(tmp_path: Path) -> None:
    text = (
        "@hr.dag\ndef main(text: hr.Text) -> hr.Text:\n    a, b = kind_of(upper(text)), kind_of(lower(text))\n"
        "    one = hr.switch(a).case(Kind.RED, told_by(b)).otherwise(text)\n"
        "    other = hr.switch(b).case(Kind.RED, told_by(a)).otherwise(text)\n"
        "    return hr.switch(kind_of(text)).case(Kind.RED, one).otherwise(other)\n\n\n"
        "@hr.step\ndef told_by(kind: Kind) -> hr.Text:\n    return kind.value\n"
    )
    (found,) = problems(tmp_path, text)
    assert found.code == "join-cycle"
    assert found.location is not None
    line = found.location.line
    one, other = f"the switch of line {line}", f"the switch of line {line + 1}"
    assert found.got == f"a circle: {one} decides by a branch of {other} and {other} by one of {one}"
    assert found.write == f"Let {one} decide by what is made of an input, e.g. hr.switch(kind_of(text))"


@pytest.mark.parametrize(
    ("test", "value", "write"),
    [
        ("{} is None", "hr.when(is_long(text), upper(text))", "Give it to a step that takes it with | None"),
        ("isinstance({}, str)", "hr.optional(upper(text), within='1s')", "Decide in a step"),
        ("{} is text", "hr.first(upper(text), text)", "Give it to a step"),
        ("{} is None", "hr.quorum(1, upper(text), within='1s')", "Give it to a step"),
        ("{} is None", "hr.collect(words(text))", "Give it to a step"),
        ("{} is None", "cat.zip(words(text), words(text))", "Give it to a step"),
        ("{} is None", "hr.switch(kind_of(text)).case(Kind.RED, upper(text)).otherwise(text)", "Give it to a step"),
        ("{} is None", "note(text).remark", "Give it to a step"),
    ],
)
def test_values_of_joins_are_values_of_the_dag(test: str, value: str, write: str, tmp_path: Path) -> None:
    lines = f"value = {value}\n    if {test.format('value')}:\n        return upper(text)\n    return lower(text)"
    found = problems(tmp_path, ONE.format(type="hr.Text", body=lines))
    assert [each.code for each in found] == ["traced-test"]
    assert found[0].write.startswith(write)


def test_a_match_on_a_kind_is_told_to_be_a_switch(tmp_path: Path) -> None:
    lines = "kind = kind_of(text)\n    match kind:\n        case None:\n            return upper(text)\n    return lower(text)"
    (found,) = problems(tmp_path, ONE.format(type="hr.Text", body=lines))
    assert (found.code, found.write.partition(",")[0]) == ("traced-test", "Write hr.switch(value).case(...)")


def test_what_a_mistake_hides_says_nothing_more(tmp_path: Path) -> None:
    lines = (
        "lost = hr.first(upper(text.strip()), lower(text))\n"
        "    kind = hr.switch(kind_of(lost)).case(Kind.RED, lost).otherwise(hr.when(is_long(lost), lost))\n"
        "    some = hr.quorum(1, kind, hr.optional(kind, within='1s'), within='1s')\n"
        "    return some_of(upper.tolerant(min_success=1).map(hr.collect(some)))"
    )
    assert [each.code for each in problems(tmp_path, ONE.format(type="hr.Text", body=lines))] == ["traced-attribute"]
