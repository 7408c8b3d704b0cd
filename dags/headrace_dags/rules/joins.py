"""Rules for branches and joins: what decides must be known to, what is joined must travel alike, and every key has its value."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from headrace_dags.graph import Port
from headrace_dags.misfit import Misfit
from headrace_dags.rules.names import listed


def switch_on(got: str) -> Misfit:
    """``switch-on``: a switch decides by a value whose type lists all that it may be."""
    write = "Let the step return a class Kind(str, Enum), with a member for each branch"
    return Misfit("switch-on", "a switch decides by a str Enum that a step gives", got, write)


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


def when_condition(got: str) -> Misfit:
    """``when-condition``: ``when`` decides by a truth value of the dag."""
    return Misfit("when-condition", "when decides by a bool that a step gives", got, "Let the step return bool")


def join_constant(kind: str, got: str) -> Misfit:
    """``join-constant``: what is joined are values of the dag."""
    write = "Let a step return the constant; a choice that is known beforehand is an ordinary if"
    return Misfit("join-constant", f"{kind} joins values of the dag", f"the constant {got}", write)


def join_axis(kind: str, got: str) -> Misfit:
    """``join-axis``: failures and time are those of a whole value, not of an item."""
    write = "For items that may fail write step.tolerant(min_success=0.9).map(...)"
    return Misfit("join-axis", f"{kind} waits for single values, not for each of many", got, write)


def join_many(got: str, other: str) -> Misfit:
    """``join-axis``: the values of a switch are all one, or all many."""
    return Misfit(
        "join-axis",
        "the cases of a switch are all one value, or all many",
        f"{got} beside {other}",
        "Map, or do not map, in all of them",
    )


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


def join_cycle(names: Sequence[str]) -> Misfit:
    """``join-cycle``: no two choices wait for each other."""
    got = f"{listed(names)}, each of which waits for what another one chooses"
    return Misfit(
        "join-cycle",
        "a branch is chosen before its steps run",
        got,
        "Decide both by one value, or use the branches in one order",
    )


def optional_value(port: Port, shown: str) -> Misfit:
    """``optional-value``: what may be missing goes to a port that says so."""
    write = f"Write {port.name}: {port.type} | None in the step, and handle None there"
    return Misfit("optional-value", f"expects {port}, which is always there", shown, write)


def tolerant_map(step: str) -> Misfit:
    """``tolerant-map``: a share of items succeeds only where there are items."""
    write = f"Write {step}.tolerant(...).map(items); for a single value write hr.optional(value, within=...)"
    return Misfit("tolerant-map", "tolerant is for the items of a map", "a plain call", write)


def tolerant_retry() -> Misfit:
    """``tolerant-map``: an item that is let go is not tried again."""
    got = "both tolerant and retry"
    return Misfit("tolerant-map", "an item that fails is left out, or its task is tried again", got, "Keep one of them")


def collect_stream(got: str) -> Misfit:
    """``collect-stream``: only what is made item by item can be collected."""
    return Misfit("collect-stream", "collect takes the value of a step that yields", got, "Leave collect out")


def deeper_axis(step: str) -> Misfit:
    """``axis-deep``: inside a dag that is mapped nothing is mapped or made many for each item."""
    write = f"Let one step handle all of them for one item, or flatten the items before the map of {step}"
    return Misfit("axis-deep", "axes are one deep", "many values for each item of a dag that is mapped", write)


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


def field_unknown(name: str, known: Iterable[str], shown: str) -> Misfit:
    """``field-unknown``: a projection names a field of the model."""
    return Misfit("field-unknown", f"{shown} has fields {listed(known)}", f".{name}", "Write one of those")


def field_missing(name: str, shown: str) -> Misfit:
    """``optional-value``: a value that may be missing has no fields."""
    write = f"Give the whole value to a step that takes it with | None, and read .{name} there"
    return Misfit("optional-value", "expects a value that is always there", f".{name} of {shown}", write)
