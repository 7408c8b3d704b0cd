"""Random wirings of the steps as the source of a Python file. All that is known here of a step is its own signature."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from types import ModuleType
from typing import Any

import numpy as np
from hypothesis import strategies as st

from headrace_dags.declare.understand import declaration_of
from headrace_dags.graph import Port, PortType
from headrace_dags.ports.annotations import Parsed, accepts, parse

HEAD = "from typing import NamedTuple\n\nimport headrace as hr\nfrom steps import *\n"
CONSTANTS = {"Text": ("'x y'", "''"), "int": ("2", "5"), "float": ("0.5", "3")}
MANY_CONSTANTS = {"Text": ("['p', 'q r', 's', 't']", "[]"), "int": ("[1, 2, 9]", "[]")}
BOUNDED, MODELS = ("letters", "few", "count"), ("tidy", "picky", "repeat", "Embed()", "Tag(prefix='<')")
SUB_WEIGHT, VALUE_WEIGHT = 10, 4
WORDS = ("x", "ada", "bob", "cec", "Ü☠", "yes", "no")
"""What texts are made of: three of them are what some step refuses."""


@dataclass(frozen=True)
class Value:
    """A value of a dag that is being written, which call made it, whether it may be dropped if another of it is not, and
    whether a step yields it: as an output of the dag it is a stream then, which is not kept.
    """

    name: str
    type: PortType
    many: bool
    call: int = -1
    droppable: bool = False
    yielded: bool = False
    kept: bool = False


@dataclass(frozen=True)
class Callee:
    """What a dag can call: a step, or a dag written before."""

    name: str
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    several: bool
    mappable: bool
    is_step: bool = True
    yields: bool = False


@dataclass(frozen=True)
class Example:
    """A dag, named ``main`` in its source, values for its inputs, and whether chunks and room for payloads are small."""

    source: str
    inputs: Mapping[str, Any]
    tight: bool

    def __repr__(self) -> str:
        return f"\n{self.source}\n# inputs: {dict(self.inputs)!r}\n# tight: {self.tight}\n"

    def _repr_pretty_(self, printer: Any, _cycle: bool) -> None:
        printer.text(repr(self))


@dataclass
class Body:
    """The body of a dag so far: the values to choose from, and how the type of each is written."""

    values: list[Value]
    spelled: Mapping[PortType, str]
    lines: list[str] = field(default_factory=list)
    used: set[str] = field(default_factory=set)

    @staticmethod
    def begun(steps: ModuleType, inputs: Sequence[tuple[str, bool]]) -> "Body":
        types = types_of(steps)
        values = [Value(f"in{number}", types[item], many) for number, (item, many) in enumerate(inputs)]
        return Body(values, {each: item for item, each in types.items()})

    def annotation(self, value: Value) -> str:
        item = self.spelled[value.type]
        return f"hr.Many[{item}]" if value.many else item


def examples(steps: ModuleType, most: int) -> st.SearchStrategy[Example]:
    """Dags of at most ``most`` calls, of which one may be of another dag."""
    return st.composite(_example)(steps, most)


def _example(draw: st.DrawFn, steps: ModuleType, most: int) -> Example:
    callees = callees_of(steps)
    spelled = draw(
        st.lists(st.tuples(st.sampled_from(("hr.Text", *steps.ITEMS)), st.booleans()), min_size=1, max_size=3)
    )
    sub = _dag(draw, callees, "sub", Body.begun(steps, [("hr.Text", False)]), 3) if draw(st.booleans()) else None
    source, main = _dag(
        draw, (*callees, *([sub[1]] * SUB_WEIGHT if sub else ())), "main", Body.begun(steps, spelled), most
    )
    text = "\n\n".join([HEAD, *([sub[0]] if sub else ()), source])
    return Example(text, {port.name: draw(_input(steps, port)) for port in main.inputs}, draw(st.booleans()))


def _dag(draw: st.DrawFn, callees: Sequence[Callee], name: str, body: Body, most: int) -> tuple[str, Callee]:
    """The source of a dag, and how to call it. Inputs that no call takes are left out."""
    given = list(body.values)
    bounded = draw(st.sampled_from((False, False, True)))
    for number in range(draw(st.sampled_from([*range(1, most), *[most] * most]))):
        _call(draw, callees, body, number, bounded=bounded)
    ends = _ends(draw, body)
    taken = [value for value in given if value.name in body.used]
    parameters = ", ".join(f"{value.name}: {body.annotation(value)}" for value in taken)
    fields = [(f"r{number}", body.annotation(value)) for number, value in enumerate(ends)]
    several = len(ends) > 1
    result = f"{name.title()}Results" if several else fields[0][1]
    whole = [end.yielded and (end.kept or draw(st.booleans())) for end in ends]
    written = [f"hr.collect({end.name})" if taken else end.name for end, taken in zip(ends, whole, strict=True)]
    returned = f"{result}({', '.join(written)})" if several else written[0]
    lines = [f"@hr.dag\ndef {name}({parameters}) -> {result}:", *body.lines, f"return {returned}"]
    source = "\n    ".join(lines) + "\n"
    if several:
        source = "\n    ".join([f"class {result}(NamedTuple):", *(f"{a}: {b}" for a, b in fields)]) + "\n\n\n" + source
    ports = [Port(name=value.name, type=value.type, many=value.many) for value in taken]
    outputs = [Port(name=a, type=value.type, many=value.many) for (a, _), value in zip(fields, ends, strict=True)]
    return source, Callee(name, tuple(ports), tuple(outputs), several, mappable=False, is_step=False)


def _ways(callees: Sequence[Callee], bounded: bool, number: int) -> list[tuple[Callee, bool]]:
    """What may be called, and whether mapped: of a dag with a bounded axis first what makes it, then a model over it."""
    if bounded and number < 2:
        names = (BOUNDED, MODELS)[number]
        return [(callee, bool(number)) for callee in callees if callee.name in names]
    return [(callee, mapped) for callee in callees for mapped in ((False, True) if callee.mappable else (False,))]


def _call(draw: st.DrawFn, callees: Sequence[Callee], body: Body, number: int, *, bounded: bool) -> None:
    """Draw a call that the values so far can feed, and write it."""
    fitting = (_ways(callees, begins, number) for begins in ((bounded, False) if bounded else (False,)))
    found = ([way for way in ways if _is_open(way, body)] for ways in fitting)
    open_ways = next(ways for ways in found if ways)
    fed = [way for way in open_ways if any(isinstance(each[0], Value) for _, each in _arguments(*way, body.values))]
    callee, mapped = draw(st.sampled_from(fed or open_ways))
    written: list[str] = []
    for port, arguments in _arguments(callee, mapped, body.values):
        argument = draw(st.sampled_from(arguments))
        if isinstance(argument, Value):
            body.used.add(argument.name)
        if argument:
            text = argument.name if isinstance(argument, Value) else argument
            written.append(text if len(written) == list(callee.inputs).index(port) else f"{port.name}={text}")
    options = ".with_(isolate=True)" if callee.mappable and draw(st.integers(0, 5)) == 5 else ""
    takes_values = any(re.search(r"\b(in|v)\d", argument) for argument in written)
    if callee.is_step and takes_values and not options and draw(st.integers(0, 3)) == 3:
        options = ".with_(cache=True)"
    body.lines.append(f"v{number} = {callee.name}{options}{'.map' * mapped}({', '.join(written)})")
    for port in callee.outputs:
        name = f"v{number}.{port.name}" if callee.several else f"v{number}"
        many = port.many or mapped
        kept = "cache" in options
        body.values.append(Value(name, port.type, many, number, callee.is_step, callee.yields, kept))


def _is_open(way: tuple[Callee, bool], body: Body) -> bool:
    """Whether the values so far can feed a call."""
    return all(arguments for _, arguments in _arguments(*way, body.values))


def _arguments(callee: Callee, mapped: bool, values: Sequence[Value]) -> Iterator[tuple[Port, list[Value | str]]]:
    """What may be given to each port: values, the latest first, then constants; empty text leaves it to its default."""
    for place, port in enumerate(callee.inputs):
        many = port.many or (mapped and not place)
        fitting = [value for value in reversed(values) if value.many == many and accepts(port.type, value.type)]
        found: list[Value | str] = [*fitting * VALUE_WEIGHT]
        if not mapped or place:
            found += (MANY_CONSTANTS if many else CONSTANTS).get(str(port.type), ())
        yield port, [*found, ""] if port.has_default else found


def _ends(draw: st.DrawFn, body: Body) -> list[Value]:
    """What the dag returns: all that nothing takes, but maybe not each output of a call with several; and maybe more."""
    made = [value for value in body.values if value.call >= 0]
    heard = {value.call for value in made if value.name in body.used}
    ends: list[Value] = []
    for value in made:
        if value.name not in body.used and not (value.droppable and value.call in heard and draw(st.booleans())):
            ends.append(value)
            heard.add(value.call)
    more = [value for value in made if value.yielded and draw(st.booleans())]
    return list(dict.fromkeys([*ends, *more, *draw(st.lists(st.sampled_from(made), max_size=1))]))


@cache
def types_of(steps: ModuleType) -> dict[str, PortType]:
    """The type of each value, by how a dag writes it."""
    return {item: _type(eval(item, vars(steps))) for item in steps.ITEMS}


@cache
def callees_of(steps: ModuleType) -> tuple[Callee, ...]:
    """The steps."""
    return tuple(_callee(name, eval(name, vars(steps))) for name in steps.STEPS)


def _callee(name: str, step: Any) -> Callee:
    declaration = declaration_of(step)
    signature = declaration.signature
    several = signature.result_class is not None
    mappable = not several and not signature.inputs[0].many and not signature.outputs[0].many
    yields = declaration.ref.yields
    return Callee(name, signature.inputs, signature.outputs, several, mappable, yields=yields)


def _type(annotation: Any) -> PortType:
    found = parse(annotation)
    assert isinstance(found, Parsed), found
    return found.type


def _input(steps: ModuleType, port: Port) -> st.SearchStrategy[Any]:
    text = st.lists(st.sampled_from(WORDS), max_size=5).map(" ".join)
    numbers = st.sampled_from([0.0, 0.5, -1.25, 3.0, float("inf")])
    image = st.builds(_image, st.integers(1, 3), st.integers(1, 3), st.integers(0, 200))
    items = {
        "hr.Text": text,
        "int": st.integers(-2, 6),
        "float": numbers,
        "Word": st.builds(
            steps.Word, text=text, parts=st.lists(text, max_size=2), weight=numbers, mood=st.sampled_from(steps.Mood)
        ),
        "hr.Image": image,
        "hr.Png": image.map(steps.encode.fn),
        "Vector": st.integers(0, 9).map(lambda number: np.arange(number, number + 4, dtype=np.float32)),
    }
    item = next(items[name] for name, each in types_of(steps).items() if each == port.type)
    return st.lists(item, max_size=9) if port.many else item


def _image(height: int, width: int, first: int) -> Any:
    return np.arange(first, first + height * width * 3, dtype=np.uint8).reshape(height, width, 3)
