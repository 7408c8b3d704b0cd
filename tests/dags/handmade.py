"""Nodes made by hand of plain functions, so that evaluation is tested without declaring and tracing."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, get_type_hints

from headrace_dags.declare.declaration import Declaration, Signature
from headrace_dags.errors import Location
from headrace_dags.graph import RESULT, Batching, Const, Form, Input, Node, Port, StepRef, Use
from headrace_dags.ports.annotations import Parsed, parse
from headrace_dags.running.bodies import Body, load
from headrace_dags.running.evaluate import PreparedNode


def declared(
    fn: Callable[..., Any],
    *,
    size: int = 0,
    max_items: int | None = None,
    form: Form = "function",
    model_file: str = "",
    config: Mapping[str, Any] | None = None,
) -> Declaration:
    """Declare a function, the class of a step, or the signature of a model."""
    called = getattr(fn, "batch" if size else "__call__") if form == "stateful" else fn
    hints = get_type_hints(called, include_extras=True)
    given = hints.pop("return")
    fields = get_type_hints(given, include_extras=True) if hasattr(given, "_fields") else {RESULT: given}
    inputs = {name: understood(hints[name]) for name in inspect.signature(called).parameters if name != "self"}
    outputs = {name: understood(hint) for name, hint in fields.items()}
    ref = StepRef(
        target=f"{fn.__module__}:{fn.__qualname__}",
        form=form,
        config=dict(config or {}),
        yields=any(each.stream for each in outputs.values()),
        max_items=max_items,
        batching=Batching(size=size) if size else None,
        batch_ports=tuple(name for name, each in inputs.items() if each.batch),
        model_file=model_file,
    )
    annotations = {f"in:{name}": each.item for name, each in inputs.items()}
    annotations |= {f"out:{name}": each.item for name, each in outputs.items()}
    signature = Signature(
        tuple(Port(name=name, type=each.type, many=each.many) for name, each in inputs.items()),
        tuple(Port(name=name, type=each.type, many=each.many or each.stream) for name, each in outputs.items()),
        annotations,
        given if hasattr(given, "_fields") else None,
    )
    return Declaration(ref, signature, fn, Location("handmade.py", 1))


def understood(annotation: Any) -> Parsed:
    parsed = parse(annotation)
    assert isinstance(parsed, Parsed), parsed
    return parsed


def node_of(
    declaration: Declaration,
    *,
    mapped: str = "",
    constants: Mapping[str, Any] | None = None,
    uses: Mapping[str, Use] | None = None,
    name: str = "",
) -> Node:
    """A use of a declared step; inputs are fed from the dag's input of the same name unless something else is said."""
    fixed, wired = constants or {}, uses or {}
    inputs = tuple(
        Input(
            port=port,
            binding=Const(value=fixed[port.name])
            if port.name in fixed
            else wired.get(port.name, Use(node="", port=port.name)),
        )
        for port in declaration.signature.inputs
    )
    outputs = declaration.signature.outputs
    if mapped:
        outputs = tuple(port.model_copy(update={"many": True}) for port in outputs)
    return Node(
        name=name or declaration.body.__name__,
        step=declaration.ref,
        inputs=inputs,
        outputs=outputs,
        mapped=(mapped,) if mapped else (),
    )


def made(
    fn: Callable[..., Any],
    *,
    mapped: str = "",
    constants: Mapping[str, Any] | None = None,
    size: int = 0,
    **options: Any,
) -> tuple[Node, Body]:
    """A node of a function and its body."""
    declaration = declared(fn, size=size, **options)
    return node_of(declaration, mapped=mapped, constants=constants), load(declaration, model_root=Path())


def run_node(node: Node, body: Body, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """What a node gives for its inputs."""
    return PreparedNode(node, body).run(inputs)
