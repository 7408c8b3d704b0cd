"""Random dags that branch, map, wait and tolerate, held against a lazy evaluator that knows no graph: same values, same calls."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import branched
from branched import CALLS, Kind
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import headrace as hr
from headrace_dags.running.evaluate import NodeFailed
from headrace_dags.trace.tracing import Traced, attempt

KEYS = (Kind.RED, Kind.GREEN, Kind.BLUE)
STEPS = {"upper": 1, "lower": 1, "cat": 2, "when": 2, "switch": 5}
MAPS = {"map", "zip"}
WAITING = {"risky": 1, "optional": 1, "first": 2, "quorum": 3, "map": 1, "zip": 1}


@dataclass(frozen=True)
class Line:
    """One line of a body: what it makes of which values, by their places."""

    kind: str
    of: tuple[int, ...]
    keys: tuple[Kind, ...] = ()
    otherwise: bool = True


@dataclass(frozen=True)
class Program:
    """Lines of a dag over a text, and of one over an item and a value that is the same for all."""

    body: tuple[Line, ...]
    main: tuple[Line, ...]

    @property
    def exact(self) -> bool:
        """Whether nothing runs that a lazy evaluator would not run.

        What items take whole is made where any of them may take it, and what one choice comes from does not wait for
        another one that comes from it.
        """
        simple = {0, 1}
        for place, line in enumerate(self.main, 2):
            if line.kind in ("when", "switch") and line.of[0] not in simple:
                return False
            if line.kind in ("upper", "lower", "risky", "cat") and set(line.of) <= simple:
                simple.add(place)
        return not any(line.kind in MAPS for line in self.main)


def lines(kinds: dict[str, int], given: int, most: int) -> st.SearchStrategy[tuple[Line, ...]]:
    @st.composite
    def made(draw: st.DrawFn) -> tuple[Line, ...]:
        found: list[Line] = []
        for number in range(draw(st.integers(1, most))):
            maps = sum(line.kind in MAPS for line in found)
            kind = draw(st.sampled_from(sorted(kinds.keys() - (MAPS if maps > 1 else set()))))  # texts grow with each
            of = tuple(draw(st.integers(0, given + number - 1)) for _ in range(kinds[kind]))
            keys = tuple(draw(st.permutations(KEYS))[: draw(st.integers(1, 3))])
            found.append(Line(kind, of, keys, draw(st.booleans())))
        return tuple(found)

    return made()


PROGRAMS = st.builds(Program, lines(STEPS | {"tolerant": 1}, 2, 4), lines(STEPS | WAITING, 2, 5))
TEXTS = st.text("rgb! ", max_size=4)


# ---- as a dag -------------------------------------------------------------------------------------------------------


def wired(line: Line, values: Sequence[Any], mapped: Callable[..., Any]) -> Any:  # noqa: PLR0911  # one a construct
    a, *more = (values[place] for place in line.of)
    match line.kind:
        case "upper" | "lower" | "risky":
            return getattr(branched, line.kind)(a)
        case "cat":
            return branched.cat(a, *more)
        case "when":
            return branched.say(hr.when(branched.is_long(a), *more))
        case "tolerant":
            return branched.say(branched.risky.tolerant(min_success=0)(branched.cat(values[0], a)))
        case "switch":
            begun: Any = hr.switch(branched.kind_of(a))
            for key, value in zip(line.keys, more, strict=False):
                begun = begun.case(key, value)
            return branched.say(begun.otherwise(more[3] if line.otherwise else None))
        case "optional":
            return branched.say(hr.optional(branched.risky(a), within="1s"))
        case "first":
            return hr.first(branched.risky(a), *more)
        case "quorum":
            return branched.some_of(hr.quorum(2, branched.risky(a), *more, within="1s"))
        case _:
            return mapped(line.kind, a)


def as_dag(program: Program) -> Any:
    @hr.dag
    def body(item: hr.Text, whole: hr.Text) -> hr.Text:
        values: list[Any] = [item, whole]
        for line in program.body:
            values.append(wired(line, values, branched.cat))
        return branched.cat(branched.cat(item, whole), values[-1])

    @hr.dag
    def main(text: hr.Text, items: hr.Many[hr.Text]) -> hr.Text:
        def mapped(kind: str, whole: Any) -> Any:
            if kind == "map":
                return branched.all_of(body.map(items, whole))
            return branched.all_of(body.zip(items, branched.upper.map(items)))

        values: list[Any] = [branched.lower(text), branched.all_of(items)]
        for line in program.main:
            values.append(wired(line, values, mapped))
        rest = [value for place, value in enumerate(values) if not _taken(place, program.main)]
        result = rest[0]
        for value in rest[1:]:
            result = branched.cat(result, value)
        return result

    return main


def _taken(place: int, main: Sequence[Line]) -> bool:
    return any(place in used(line) for line in main)


def used(line: Line) -> tuple[int, ...]:
    """The values that a line takes: a zip takes none, a switch those of its keys."""
    if line.kind == "zip":
        return ()
    if line.kind != "switch":
        return line.of
    on, *choices = line.of
    return (on, *choices[: len(line.keys)], *choices[3:][: line.otherwise])


# ---- as values that are made when they are asked for ------------------------------------------------------------------


class LostError(Exception):
    """Raised by a value that could not be made."""


@dataclass
class Value:
    """A value that is made once, when it is asked for."""

    make: Callable[[], Any]
    lifted: bool = False
    made: list[Any] = field(default_factory=list)

    def get(self) -> Any:
        if not self.made:
            try:
                self.made.append(self.make())
            except LostError as lost:
                self.made.append(lost)
        if isinstance(self.made[0], LostError):
            raise self.made[0]
        return self.made[0]


@dataclass
class Lazily:
    """Makes values lazily, and notes the calls that this takes.

    Attributes:
        program: what is made.
        items: what the dag is mapped over.
        calls: every call.
        broken: whether an item failed, so that its neighbours need not be made.
        maps: how many maps were made.
        at: the map and line of a body that are made; none in the main one.
        shared: what is the same for all items, by place and step.
    """

    program: Program
    items: list[str]
    calls: list[str] = field(default_factory=list)
    broken: bool = False
    at: tuple[int, int] | None = None
    maps: int = 0
    shared: dict[tuple[Any, str], Value] = field(default_factory=dict)

    def call(self, name: str, *of: Value) -> Value:
        """A step; all that it takes is made, also where one of them fails."""

        def make() -> Any:
            lost, texts = None, []
            for each in of:
                try:
                    texts.append(each.get())
                except LostError as error:
                    lost = error
            if lost:
                self.broken |= lifted
                raise lost
            return self.step(name, *texts, lifted=lifted)

        lifted = any(each.lifted for each in of)
        value = Value(make, lifted)
        return value if lifted or not self.at else self.shared.setdefault((self.at, name), value)

    def step(self, name: str, *texts: Any, lifted: bool) -> Any:  # noqa: PLR0911  # one a step
        self.calls.append(" ".join((name, *map(str, texts))) if name not in ("all_of", "some_of") else name)
        match name:
            case "upper" | "lower":
                return getattr(texts[0], name)()
            case "risky" if "!" in texts[0]:
                self.broken |= lifted
                raise LostError
            case "risky":
                return f"({texts[0]})"
            case "cat":
                return "/".join(texts)
            case "say":
                return f"<{texts[0]}>"
            case "is_long":
                return len(texts[0]) > 2
            case "kind_of":
                return {"r": Kind.RED, "g": Kind.GREEN}.get(texts[0][:1], Kind.BLUE)
            case _:
                return "+".join(map(str, texts[0]))

    def line(self, line: Line, values: Sequence[Value]) -> Value:  # noqa: PLR0911  # one a construct
        a, *more = (values[place] for place in line.of)
        match line.kind:
            case "upper" | "lower" | "risky" | "cat":
                return self.call(line.kind, a, *more)
            case "when":
                on = self.call("is_long", a)
                return self.call("say", self.chosen([a, *more], lambda: more[0].get() if on.get() else None))
            case "tolerant":
                return self.call("say", self.tolerated(self.call("cat", values[0], a)))
            case "switch":
                return self.call("say", self.switched(line, a, more))
            case "optional":
                return self.call("say", self.tried(self.call("risky", a)))
            case "first":
                return self.waited(1, [self.call("risky", a), *more], lambda found: found[0])
            case "quorum":
                some = self.waited(2, [self.call("risky", a), *more], list)
                return self.call("some_of", some)
            case _:
                return Value(lambda: self.mapped(line.kind, a))

    def chosen(self, of: Sequence[Value], make: Callable[[], Any]) -> Value:
        lifted = any(each.lifted for each in of)

        def whole() -> Any:
            try:
                return make()
            except LostError:
                self.broken |= lifted
                raise

        return Value(whole, lifted)

    def switched(self, line: Line, a: Value, choices: Sequence[Value]) -> Value:
        on = self.call("kind_of", a)
        cases = dict(zip(line.keys, choices, strict=False))
        otherwise = choices[3] if line.otherwise else None

        def make() -> Any:
            taken = cases.get(on.get(), otherwise)
            return taken.get() if taken else None

        return self.chosen([a, *cases.values(), *([otherwise] if otherwise else [])], make)

    def tolerated(self, a: Value) -> Value:
        risky = self.call("risky", a)

        def make() -> Any:
            a.get()
            was = self.broken
            try:
                return risky.get()
            except LostError:
                self.broken = was
                return None

        return Value(make, a.lifted)

    def tried(self, value: Value) -> Value:
        def make() -> Any:
            try:
                return value.get()
            except LostError:
                return None

        return Value(make)

    def waited(self, need: int, of: Sequence[Value], take: Callable[[list[Any]], Any]) -> Value:
        def make() -> Any:
            found: list[Any] = []
            for each in of:
                try:
                    found.append(each.get())
                except LostError:
                    found.append(LostError)
            there = [place for place, each in enumerate(found) if each is not LostError][:need]
            if len(there) < need:
                raise LostError
            return (
                found[there[0]] if need == 1 else [each if place in there else None for place, each in enumerate(found)]
            )

        return Value(make)

    def mapped(self, kind: str, whole: Value) -> Any:
        others = [self.step("upper", item, lifted=True) for item in self.items] if kind == "zip" else []
        found = [
            self.item(Value(lambda item=item: item, lifted=True), whole, others[place] if others else None)
            for place, item in enumerate(self.items)
        ]
        self.maps += 1
        taken = [whole] if kind == "map" else []  # also where there are no items
        lost, results = None, []
        for value in (*taken, *found):
            try:
                results.append(value.get())
            except LostError as error:
                lost = error
        if lost:
            raise lost
        return self.step("all_of", results[len(taken) :], lifted=False)

    def item(self, item: Value, whole: Value, other: str | None) -> Value:
        given = whole if other is None else Value(lambda: other, lifted=True)
        values = [item, given]
        for number, line in enumerate(self.program.body):
            self.at = (self.maps, number)
            values.append(self.line(line, values))
        self.at = None
        return self.call("cat", self.call("cat", item, given), values[-1])

    def run(self, text: str) -> Any:
        values = [self.call("lower", Value(lambda: text)), self.call("all_of", Value(lambda: self.items))]
        for line in self.program.main:
            values.append(self.line(line, values))
        rest = [value for place, value in enumerate(values) if not _taken(place, self.program.main)]
        result = rest[0]
        for value in rest[1:]:
            result = self.call("cat", result, value)
        return result.get()


@settings(deadline=None, max_examples=300)
@given(PROGRAMS, TEXTS, st.lists(TEXTS, max_size=3))
def test_a_dag_gives_and_calls_what_it_says(program: Program, text: str, items: list[str]) -> None:
    traced = attempt(as_dag(program))
    if not isinstance(traced, Traced):
        assert {problem.code for problem in traced} <= {"join-cycle", "switch-items", "unused-input"}, traced
        assume(False)
    lazily = Lazily(program, items)
    CALLS.clear()
    try:
        expected = lazily.run(text)
    except LostError:
        expected = LostError
    try:
        got = as_dag(program)(text, items)
    except NodeFailed:
        got = LostError
    assert got == expected
    if lazily.broken or expected is LostError:  # what else runs when a run fails is nobody's business
        return
    assert Counter(lazily.calls) <= Counter(CALLS)
    assert not program.exact or Counter(lazily.calls) == Counter(CALLS)
