"""What changes for those who call a dag: its name, inputs and outputs. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from headrace_dags.diff.changes import changes, schema_text
from headrace_dags.diff.difference import Change
from headrace_dags.graph import Graph, Output, Port
from headrace_dags.ports.annotations import accepts

Breaks = Literal["no", "maybe", "yes"]
_WORST = ("yes", "maybe", "no")
_WHOLE = "whole"


def interface(old: Graph, new: Graph) -> tuple[Change, ...]:
    """What changes for callers of the dag; what breaks them first."""
    found = [*_dag(old, new), *_inputs(old, new), *_outputs(old, new)]
    return tuple(sorted(found, key=lambda change: _WORST.index(change.breaks)))


def _dag(old: Graph, new: Graph) -> Iterator[Change]:
    """Its name is in addresses and topics; where it is declared concerns nobody outside."""
    for change in changes("dag", {"name": old.name}, {"name": new.name}):
        yield change.model_copy(update={"breaks": "yes"})


def _inputs(old: Graph, new: Graph) -> Iterator[Change]:
    before, after = ({port.name: port for port in graph.inputs} for graph in (old, new))
    for change in changes("input", _types(before), _types(after)):
        yield _judged(change, _input_breaks(before.get(change.what), after.get(change.what)))
    for change in changes("input", _defaults(before, after), _defaults(after, before)):
        yield _judged(change, "yes" if change.change == "removed" else "no")


def _outputs(old: Graph, new: Graph) -> Iterator[Change]:
    before, after = ({each.port.name: each.port for each in graph.outputs} for graph in (old, new))
    for change in changes("output", _types(before), _types(after)):
        yield _judged(change, _output_breaks(before.get(change.what), after.get(change.what)))
    leaves = ({f"{each.port.name}.leaves": _leaves(each) for each in graph.outputs} for graph in (old, new))
    for change in changes("output", *leaves):
        if change.change == "changed":
            yield _judged(change, "maybe" if change.new == _WHOLE else "no")
    made = ({f"{each.port.name}.from": str(each.use) for each in graph.outputs} for graph in (old, new))
    yield from (change for change in changes("output", *made) if change.change == "changed")


def _leaves(output: Output) -> str:
    """Whether those who watch a run see its items come; its value is the list in either case."""
    return "item by item" if output.stream else _WHOLE


def _input_breaks(old: Port | None, new: Port | None) -> Breaks:
    if old is None or new is None:
        return "no" if new and new.has_default else "yes"
    return "no" if _stands_for(new, old) else "maybe"


def _output_breaks(old: Port | None, new: Port | None) -> Breaks:
    if old is None or new is None:
        return "no" if new else "yes"
    return "no" if _stands_for(old, new) else "maybe"


def _stands_for(expected: Port, got: Port) -> bool:
    """Whether everything of ``got`` may be given for ``expected``: the item fits, and all else is the same."""
    free = {"type": got.type, "has_default": got.has_default, "default": got.default}
    free |= {"optional": got.optional} if expected.optional else {}
    return accepts(expected.type, got.type) and expected.model_copy(update=free) == got


def _judged(change: Change, breaks: Breaks) -> Change:
    return change.model_copy(update={"breaks": breaks})


def _types(ports: Mapping[str, Port]) -> dict[str, str]:
    return {name: f"{port}{schema_text(port.type)}" for name, port in ports.items()}


def _defaults(ports: Mapping[str, Port], others: Mapping[str, Port]) -> dict[str, Any]:
    """Defaults of the inputs that both sides have."""
    return {f"{name}.default": port.default for name, port in ports.items() if port.has_default and name in others}
