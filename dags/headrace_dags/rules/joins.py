"""Rules for branches and joins: what decides must be known to, what is joined must travel alike, and every key has its value."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

from headrace_dags.graph import Port
from headrace_dags.misfit import Misfit
from headrace_dags.ports.spelling import annotated
from headrace_dags.rules.names import listed, meant


def switch_on(got: str) -> Misfit:
    """``switch-on``: a switch decides by a value whose type lists all that it may be."""
    write = "Let the step return a class Kind(str, Enum), with a member for each branch"
    return Misfit("switch-on", "a switch decides by a str Enum that a step gives", got, write)


def switch_many(got: str) -> Misfit:
    """``many-needs-map``: a switch decides by one value; many are decided about one by one in a dag that is mapped."""
    write = "Write the switch in a dag of its own, which takes one item, and map that dag"
    return Misfit("many-needs-map", "a switch decides by one value", got, write)


def switch_optional(got: str) -> Misfit:
    """``optional-value``: what a switch decides by is there."""
    write = "Let a step that takes it with | None return a member in its place"
    return Misfit("optional-value", "a switch decides by a value that is always there", got, write)


def switch_key(key: str, enum: str, members: Iterable[str]) -> Misfit:
    """``switch-key``: the key of a case is a member of the Enum."""
    write = f"Write one of {listed(f'{enum}.{each}' for each in members)}"
    return Misfit("switch-key", f"a case of this switch is a member of {enum}", key, write)


def switch_key_twice(key: str) -> Misfit:
    """``switch-key``: a member has one case."""
    return Misfit("switch-key", "a switch has one case for a member", f"{key} twice", "Leave one of them out")


def switch_total(enum: str, missing: Iterable[str]) -> Misfit:
    """``switch-total``: what ends with ``.end()`` has a case for everything that may come."""
    names = [f"{enum}.{each}" for each in missing]
    write = f"Add .case({names[0]}, ...), or write .otherwise(...) in place of .end()"
    return Misfit(
        "switch-total", "a switch that ends with .end() has a case for every member", f"no {listed(names)}", write
    )


def switch_open(cases: int) -> Misfit:
    """``switch-open``: a switch gives its value only once it is ended."""
    got = f"one of {cases} case{'' if cases == 1 else 's'} without an end"
    return Misfit(
        "switch-open",
        "a switch ends with .otherwise(...) or .end()",
        got,
        "Write .otherwise(...) or .end() behind its last case",
    )


def switch_empty() -> Misfit:
    """``switch-total``: a switch has a case."""
    return Misfit("switch-total", "a switch has at least one case", "none", "Write .case(Kind.MEMBER, value)")


def when_condition(port: Port, got: str) -> Misfit:
    """``when-condition``: ``when`` decides by a truth value of the dag."""
    write = f"Let a step return bool, e.g. def wanted(value: {annotated(port)}) -> bool"
    if port.type.python == "bool":
        write = (
            "Write the when in a dag of its own, which takes one item, and map that dag"
            if port.many
            else "Let a step that takes it with | None return bool"
        )
    return Misfit("when-condition", "when decides by a bool that a step gives", got, write)


def join_constant(kind: str, got: str) -> Misfit:
    """``join-constant``: what is joined are values of the dag."""
    write = "Let a step return the constant; a choice that is known beforehand is an ordinary if"
    return Misfit("join-constant", f"{kind} joins values of the dag", f"the constant {got}", write)


def join_nothing(kind: str) -> Misfit:
    """``join-constant``: nothing is what no case takes."""
    write = "Leave the case out: a key without a case takes .otherwise(None)" if kind == "switch" else "Leave it out"
    return Misfit("join-constant", f"{kind} joins values of the dag", "None", write)


def join_missing(kind: str, got: str) -> Misfit:
    """``join-axis``: many values are always there, if only as no items."""
    write = (
        "Write .otherwise(...) with many values, e.g. of a step that gives no items"
        if kind == "switch"
        else "Give the condition to the step that makes them, and let it give no items"
    )
    return Misfit("join-axis", f"a {kind} that may give nothing takes single values", got, write)


def join_deeper(kind: str, got: str) -> Misfit:
    """``axis-deep``: no item of a dag that is mapped has many values of its own."""
    write = "Give them to a step together with the value that decides, and choose there"
    return Misfit("axis-deep", f"axes are one deep, and this {kind} chooses for each item", got, write)


def switch_items(kind: str, got: str) -> Misfit:
    """``switch-items``: how many items a join has is known by what it decides by, or by all that it chooses from."""
    write = (
        "Choose outside the map: hr.switch(...).case(..., one.map(items)).otherwise(other.map(items))"
        if kind == "switch"
        else "Give the condition to the step that runs for each item"
    )
    expected = f"in a dag that is mapped, a {kind} decides by a value of each item, or each of its cases gives one"
    return Misfit("switch-items", expected, f"{got}, the same for all items", write)


def join_axis(kind: str, got: str) -> Misfit:
    """``join-axis``: failures and time are those of a whole value, not of an item."""
    write = (
        "Catch what fails in the body of the step; or write step.tolerant(min_success=0.9).map(...), which gives None"
        " for an item that fails"
    )
    return Misfit("join-axis", f"{kind} waits for single values, not for each of many", got, write)


def join_many(kind: str, got: str, other: str) -> Misfit:
    """``join-axis``: the values of a join are all one, or all many."""
    expected = f"the values of a {kind} are all one value, or all many"
    return Misfit("join-axis", expected, f"{got} beside {other}", "Map, or do not map, in all of them")


def join_count(kind: str, least: int, got: int) -> Misfit:
    """``join-count``: there is something to choose from."""
    write = (
        "Give it one more value, or leave first out"
        if kind == "first"
        else f"Write quorum(n, ...) with n from 1 to {got or 'as many as there are values'}"
    )
    return Misfit("join-count", f"{kind} expects at least {least} values", str(got), write)


def quorum_count(need: object, values: int) -> Misfit:
    """``join-count``: a quorum is some of the values."""
    write = f"Write quorum({max(1, values // 2 + 1)}, ...)"
    return Misfit(
        "join-count", f"quorum expects a number from 1 to {values}, as many as it has values", repr(need), write
    )


def join_cycle(choices: Sequence[tuple[str, int]], call: str) -> Misfit:
    """``join-cycle``: no two choices wait for each other.

    Args:
        choices: the kinds of the joins that do and the lines that end them, as a circle: each decides by what only the next
            one asks for.
        call: the step that the first one decides by, called with an input of the dag.
    """
    names = [f"the {kind} of line {line}" for kind, line in choices]
    first, *others = [f"{one} by one of {other}" for one, other in pairwise([*names, names[0]])]
    circle = [first.replace(" by one of ", " decides by a branch of ", 1), *others]
    write = f"Let {names[0]} decide by what is made of an input, e.g. hr.{choices[0][0]}({call})"
    return Misfit("join-cycle", "no two choices wait for each other", f"a circle: {listed(circle)}", write)


def optional_value(port: Port, shown: str) -> Misfit:
    """``optional-value``: what may be missing goes to a port that says so."""
    wanted = annotated(port.model_copy(update={"optional": True}))
    write = f"Write {port.name}: {wanted} in the step, and handle None there"
    return Misfit("optional-value", f"expects {port}, which is always there", shown, write)


def tolerant_map(step: str) -> Misfit:
    """``tolerant-map``: a share of items succeeds only where there are items."""
    write = f'Write {step}.tolerant(...).map(items), or map the dag that calls it; for one value write hr.optional(value, within="5s")'
    return Misfit("tolerant-map", "tolerant is for the items of a map", "a plain call", write)


def tolerant_retry() -> Misfit:
    """``tolerant-map``: an item that is let go is not tried again."""
    got = "both tolerant and retry"
    return Misfit("tolerant-map", "an item that fails is left out, or its task is tried again", got, "Keep one of them")


def collect_stream(got: str) -> Misfit:
    """``collect-stream``: only what is made item by item can be collected."""
    return Misfit(
        "collect-stream", "collect takes the value of a step that yields, item by item", got, "Leave collect out"
    )


def deeper_axis(step: str) -> Misfit:
    """``axis-deep``: inside a dag that is mapped nothing is mapped or made many for each item."""
    write = "Let one step handle an item and all that it makes of it, and return one value; or make one flat list before the map"
    expected = "axes are one deep: in a dag that is mapped every value is one for each item"
    return Misfit("axis-deep", expected, f"many values for each item at {step}", write)


def constant_of_items(name: str, shown: str) -> Misfit:
    """``dag-return``: a dag that is mapped returns something of each item."""
    write = f"Call {name} without map, or return a value that is made of its first argument"
    return Misfit(
        "dag-return", "a dag that is mapped returns a value of each item", f"{shown}, the same for all", write
    )


def name_taken(name: str) -> Misfit:
    """``name-taken``: names of nodes are given once."""
    return Misfit(
        "name-taken",
        "a node has a name of its own",
        f"{name!r}, which another one has",
        f'Write another one, e.g. name="{name}_2"',
    )


def field_unknown(name: str, known: Sequence[str], shown: str) -> Misfit:
    """``field-unknown``: a projection names a field of the model."""
    near = meant(name, known)
    write = f"Write .{near}" if near else "Write one of those; for anything else give the whole value to a step"
    return Misfit("field-unknown", f"{shown} has the fields {listed(known)}", f".{name}", write)


def field_of_several(name: str, shown: str) -> Misfit:
    """``traced-attribute``: a value that is one of several types has no fields of its own."""
    write = (
        f"Read .{name} in the branches, before they are joined, or give the whole value to a step that tells them apart"
    )
    return Misfit("traced-attribute", "a value of several types has no fields in a dag", f".{name} of {shown}", write)


def field_hidden(name: str, model: str) -> Misfit:
    """``not-importable``: a server finds the model of a projection again by importing its module."""
    move = f"Derive a class from {model}" if "[" in model else f"Move {model} to the top level of its module"
    write = f"{move}, or give the whole value to a step that uses .{name}"
    expected = "a dag reads fields of models that have a name in their module"
    return Misfit("not-importable", expected, f".{name} of {model}", write)


def field_missing(name: str, shown: str) -> Misfit:
    """``optional-value``: a value that may be missing has no fields."""
    write = f"Give the whole value to a step that takes it with | None, and use .{name} there"
    return Misfit("optional-value", "expects a value that is always there", f".{name} of {shown}", write)
