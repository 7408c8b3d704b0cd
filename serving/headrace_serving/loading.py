"""The steps of a program made ready, and the codecs of what goes in and out of it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from headrace_dags.declare.declaration import Declaration
from headrace_dags.errors import DefinitionError, Problem
from headrace_dags.graph import Node, Use
from headrace_dags.misfit import Misfit
from headrace_dags.plan.model import Flow
from headrace_dags.ports.common import common
from headrace_dags.project.fromsource import from_source
from headrace_dags.record import canonical
from headrace_dags.running import bodies
from headrace_dags.running.bodies import Body
from headrace_dags.running.chain import Chain
from headrace_serving.blame import of_load
from headrace_serving.codec import Codec, codec
from headrace_serving.failure import TaskFailed
from headrace_serving.program import Program


@dataclass(frozen=True, slots=True)
class Loaded:
    """A program that is ready.

    Attributes:
        chain: its nodes.
        declarations: of their steps, by the node's name.
        inputs: how what comes in is decoded.
        outputs: how what goes out is encoded.
    """

    chain: Chain
    declarations: Mapping[str, Declaration]
    inputs: tuple[Codec, ...]
    outputs: tuple[Codec, ...]

    def declared(self, node: str) -> Declaration:
        """The declaration to name for a value of ``node``; of a join that of any step."""
        return self.declarations.get(node) or next(iter(self.declarations.values()))


def load(program: Program) -> Loaded:
    """Import the steps of a program, construct and set up its classes, open its models.

    Nodes that use one step in one configuration share it, as they do when the dag is called in a process.

    Raises:
        TaskFailed: of the first node that fails: ``load``, or ``environment`` where something is not installed.
    """
    from_source(_spelled(program.import_root))
    loaded: dict[bytes, Body] = {}
    steps = [node for node in program.nodes if node.join is None]
    for node in steps:
        key = canonical(node.step)
        if key not in loaded:
            loaded[key] = _body(node, program)
    ready = {node.name: loaded[canonical(node.step)] for node in steps}
    declarations = {name: body.declaration for name, body in ready.items()}
    given = _given(program.nodes, declarations)
    return Loaded(
        chain=_chain(program, ready),
        declarations=declarations,
        inputs=tuple(codec(flow, _taken_as(flow, program.nodes, declarations)) for flow in program.inputs),
        outputs=tuple(codec(flow, given.get(flow.use)) for flow in program.outputs),
    )


def _spelled(folder: Path) -> Path:
    """A folder as this process spells paths: in a server without a locale they are ASCII, and UTF-8 in them is escaped."""
    try:
        os.fsencode(folder)
    except UnicodeEncodeError:
        return Path(os.fsdecode(str(folder).encode()))
    return folder


def _body(node: Node, program: Program) -> Body:
    declaration: Declaration | None = None
    try:
        _require_own_module(node, program.import_root)
        declaration = bodies.resolve(node.step)
        return bodies.load(declaration, model_root=program.import_root)
    except (Exception, SystemExit) as error:
        raise TaskFailed(of_load(error, node, (program.import_root,), declaration)) from error


def _require_own_module(node: Node, root: Path) -> None:
    """Run no other project's code: a module of the same name may have been imported before, or be Python's own.

    Raises:
        DefinitionError: the module that is imported is not the file below ``root``.
        Exception: whatever the import raises.
    """
    name = node.step.target.partition(":")[0]
    place = root.joinpath(*name.split("."))
    own = next((file for file in (place.with_suffix(".py"), place / "__init__.py") if file.is_file()), None)
    found = getattr(import_module(name), "__file__", None)
    if own and found and own.resolve() != Path(found).resolve():
        expected, write = f"expects module {name} from {own}", "Rename the module, or run it in a process of its own"
        raise DefinitionError(Problem("module-shadowed", node.step.target, expected, f"the one from {found}", write))


def _chain(program: Program, ready: Mapping[str, Body]) -> Chain:
    try:
        return Chain(program.nodes, ready, program.gates)
    except Exception as error:
        node = next(node for node in program.nodes if node.name in ready)
        raise TaskFailed(of_load(error, node, (program.import_root,), ready[node.name].declaration)) from error


def _taken_as(flow: Flow, nodes: Iterable[Node], declarations: Mapping[str, Declaration]) -> Any:
    """The annotation of what comes in: of the first port that takes it, at best as the very same type."""
    found = list(_takers(flow, nodes, declarations))
    exact = [annotation for kind, annotation in found if kind == flow.type]
    return (exact or [annotation for _, annotation in found])[0]


def _takers(flow: Flow, nodes: Iterable[Node], declarations: Mapping[str, Declaration]) -> Iterator[tuple[Any, Any]]:
    for node in nodes:
        if node.join:
            continue  # what a member decides it makes itself
        annotations = declarations[node.name].signature.annotations
        for each in node.inputs:
            if each.binding == flow.use:
                yield each.port.type, annotations.get(f"in:{each.port.name}")


def _given(nodes: Iterable[Node], declarations: Mapping[str, Declaration]) -> dict[Use, Any]:
    """The annotation of each value that steps and joins give."""
    found: dict[Use, Any] = {}
    for node in nodes:
        for port in node.outputs:
            use = Use(node=node.name, port=port.name)
            if node.join:
                found[use] = _joined(node, found)
            else:
                found[use] = declarations[node.name].signature.annotations.get(f"out:{port.name}")
    return found


def _joined(node: Node, given: Mapping[Use, Any]) -> Any:
    """The annotation of what a join in a member gives: any of its values, which steps and joins before it make."""
    uses = ((each.port.type, each.binding) for each in node.choices if isinstance(each.binding, Use))
    found = common([(kind, given[use], "") for kind, use in uses])
    return None if isinstance(found, Misfit) else found.annotation
