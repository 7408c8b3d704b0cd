"""Rules for a call in a dag's body: what is given to a step must be there, be known and fit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from headrace_dags.declare.declaration import Signature
from headrace_dags.graph import Port
from headrace_dags.misfit import Misfit
from headrace_dags.ports.annotations import accepts
from headrace_dags.ports.spelling import annotated
from headrace_dags.rules.names import listed, meant


def missing_argument(name: str, port: Port | None) -> Misfit:
    """``missing-argument``: every parameter without a default is given."""
    what = f"expects {port}" if port else "expects a value"
    return Misfit("missing-argument", what, "nothing", f"Write {name}=... in the call")


def unknown_argument(name: str, known: Sequence[str]) -> Misfit:
    """``unknown-argument``: only parameters that exist are given."""
    near = meant(name, known)
    write = f"Write {near}" if near else f"It takes {listed(known)}"
    return Misfit("unknown-argument", "expects parameters that it has", name, write)


def extra_argument(given: int, known: Sequence[str]) -> Misfit:
    """``unknown-argument``: no more values than parameters."""
    takes = f"at most {len(known)} values without a name"
    return Misfit("unknown-argument", f"expects {takes}", f"{given}", f"It takes {listed(known)}")


def repeated_argument(name: str) -> Misfit:
    """``unknown-argument``: a parameter is given once."""
    return Misfit("unknown-argument", "expects each parameter once", f"{name} twice", "Leave one of them out")


def keyword_argument(name: str) -> Misfit:
    """``unknown-argument``: a positional-only parameter has no name for callers."""
    return Misfit("unknown-argument", "expects the value without a name", f"{name}=...", "Give it by position")


def port_type(port: Port, got: Port, shown: str) -> Misfit | None:
    """``port-type``: a value is what the port declares.

    Args:
        port: the port that takes it, for one item.
        got: what the value is, for one item.
        shown: how messages call the value.
    """
    if accepts(port.type, got.type):
        return None
    return Misfit("port-type", f"expects {port}", shown, _conversion(port, got))


def _conversion(port: Port, got: Port) -> str:
    """What to write to make one of the other."""
    if write := many_for_list(port, got):
        return write
    if got.type.is_handle and port.type.is_array:
        return f"Decode it in a step that takes {got.type} and returns {port.type}"
    if got.type.is_array and port.type.is_handle:
        return f"Encode it in a step that takes {got.type} and returns {port.type}"
    if got.type.is_handle and port.type.is_handle:
        return f"Give a value that is {port.type}, or declare the port as {got.type}"
    return f"Give a value that is {port.type}, or put a step between that takes {annotated(got)} and returns {annotated(port)}"


def many_for_list(expected: Port, got: Port) -> str:
    """What to write where a list, which is one JSON value, stands for many values; empty where none does."""
    if got.many and expected.type.python.startswith("list["):
        return f"Write hr.Many[{_item(expected)}] in place of the list: a list is one value"
    if got.type.python.startswith("list[") and not expected.type.python.startswith("list["):
        return f"Write hr.Many[{_item(got)}] where it is declared: a list is one value"
    return ""


def _item(port: Port) -> str:
    """How the item of a port that is a list is written."""
    return port.type.python.removeprefix("list[").removesuffix("]").rpartition(":")[2]


def many_needs_map(port: Port, shown: str, step: str, *, mapped: bool) -> Misfit:
    """``many-needs-map``: many values go to a port for one only by ``.map``."""
    if mapped:
        write = "Map over one axis only, or declare the port as hr.Many[...]"
    else:
        write = f"Write {step}.map(...), which runs it for each"
    return Misfit("many-needs-map", f"expects one {port.type}", shown, write)


def one_for_many(port: Port, shown: str) -> Misfit:
    """``many-expected``: a port for many takes an axis, not one value."""
    one = annotated(port.model_copy(update={"many": False}))
    write = (
        "Give the value of a .map, of a step that yields or of one that returns hr.Many; "
        f"where it is one value, declare {port.name}: {one}"
    )
    return Misfit("many-expected", f"expects {port}", shown, write)


def map_needs_many(port: Port | None, got: Port, shown: str, step: str) -> Misfit:
    """``map-needs-many``: ``.map`` goes over an axis of the dag."""
    write = (many_for_list(port, got) if port else "") or f"Write {step}(...) for one value"
    return Misfit("map-needs-many", ".map expects many values", shown, write)


def map_constant(shown: str) -> Misfit:
    """``map-needs-many``: what is mapped is a value of the dag."""
    write = "Make it an input of the dag, items: hr.Many[...] = [...], or the value of a step"
    return Misfit("map-needs-many", ".map expects many values of the dag", f"the constant {shown}", write)


def map_nothing(count: int) -> Misfit:
    """``map-needs-many``: a step with too few parameters cannot be mapped."""
    if count > 1:
        return Misfit("map-needs-many", ".zip needs a step with two parameters", "fewer", "Write .map over one of them")
    return Misfit("map-needs-many", ".map needs a step with a parameter", "none", "Call the step")


def unmappable(step: str, ports: Iterable[Port | None], signature: Signature) -> Iterator[Misfit]:
    """``mapped-yield`` and ``several-outputs``: axes are one deep, so a mapped step makes one value of one.

    Args:
        step: how messages call it.
        ports: the ports that are mapped, where they are known.
        signature: its ports.
    """
    for port in ports:
        if port is None or not port.many:
            continue
        yield Misfit("mapped-yield", "a mapped step takes one value", str(port), f"Call {step}(...) with all of them")
    if signature.result_class:
        write = "Map a step for each output, or return a pydantic model"
        got = listed(port.name for port in signature.outputs)
        yield Misfit("several-outputs", "a mapped step has one output", got, write)
    elif any(each.many for each in signature.outputs):
        write = f"Let {step} return one value for each item, or make all items in one step"
        yield Misfit("mapped-yield", "a mapped step gives one value for each item", str(signature.outputs[0]), write)


def outputs_as_one(names: Iterable[str], shown: str) -> Misfit:
    """``several-outputs``: several outputs are given one by one."""
    fields = " or ".join(f".{name}" for name in names)
    return Misfit(
        "several-outputs", "expects one value", f"several: {shown}", f"Give one of them: write {fields} after it"
    )


def traced_in_container(kind: str) -> Misfit:
    """``traced-container``: values of a dag travel one by one or as an axis."""
    write = f"Let the step take each as a parameter of its own, and make the {kind} there"
    return Misfit("traced-container", "expects a value of the dag", f"a {kind} with values of the dag inside", write)


def uncalled(name: str) -> Misfit:
    """``constant-type``: a step is called before its value is given."""
    return Misfit("constant-type", "expects a value", f"the step {name} itself", f"Call it: {name}(...)")


def foreign_value(shown: str, owner: str) -> Misfit:
    """``foreign-value``: a dag wires its own values only.

    Args:
        shown: how messages call the value.
        owner: the dag it belongs to.
    """
    write = "Make it a parameter of this dag, or call the step that makes it here"
    return Misfit("foreign-value", "expects a value of this dag", f"{shown} of the dag {owner}", write)
