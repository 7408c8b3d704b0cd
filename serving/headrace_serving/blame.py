"""Exceptions as task failures: which node, which port, whose fault, and the user's own frames."""

from __future__ import annotations

import traceback
from collections.abc import Iterable, Iterator
from pathlib import Path

from headrace_dags.declare.declaration import Declaration
from headrace_dags.errors import EnvironmentLack, HeadraceError
from headrace_dags.graph import Node
from headrace_dags.plan.model import Flow
from headrace_dags.ports.values import ValueMisfit
from headrace_dags.remote.failing import EndpointFailed
from headrace_dags.running.failing import NodeFailed
from headrace_dags.running.tracebacks import innermost_location, user_frames
from headrace_serving.failure import TaskFailure

_MESSAGE_CHARACTERS = 2_000
_OWN_FRAMES_CHARACTERS = 2_000


def of_node(failed: NodeFailed, declaration: Declaration, roots: Iterable[Path]) -> TaskFailure:
    """The failure of a node's body.

    Args:
        failed: what evaluation raised.
        declaration: of the node's step; the place to name where no line of the body is known.
        roots: the import roots.
    """
    roots, cause = tuple(roots), failed.__cause__ or failed
    if isinstance(cause, EnvironmentLack):
        return TaskFailure(kind="environment", node=failed.node, message=_text(cause))
    failure = TaskFailure(
        kind=failed.fault,
        node=failed.node,
        port=failed.port,
        message=readable(failed.message[:_MESSAGE_CHARACTERS]),
        location=readable(str(declaration.location)),
        item=failed.item,
    )
    if isinstance(cause, EndpointFailed):
        return failure.model_copy(update={"kind": cause.kind, "after_s": cause.after_s})
    if failed.fault == "output":  # found by us, when the user's frames were gone
        return failure
    location = innermost_location(cause, roots) or declaration.location
    return failure.model_copy(
        update={"traceback": readable(user_frames(cause, roots)), "location": readable(str(location))}
    )


def of_load(error: BaseException, node: Node, roots: Iterable[Path], declaration: Declaration | None) -> TaskFailure:
    """The failure of a node whose step could not be imported, constructed or set up.

    Args:
        error: what was raised.
        node: which node.
        roots: the import roots.
        declaration: of its step, where the import succeeded.
    """
    roots = tuple(roots)
    if isinstance(error, EnvironmentLack):
        return TaskFailure(kind="environment", node=node.name, message=_text(error))
    location = innermost_location(error, roots) or (declaration.location if declaration else "")
    own_words = isinstance(error, HeadraceError | ValueMisfit)
    return TaskFailure(
        kind="load",
        node=node.name,
        message=_text(error),
        traceback="" if own_words else readable(user_frames(error, roots)),
        location=readable(str(location)),
    )


def of_input(error: Exception, flow: Flow, consumers: Iterable[Node]) -> TaskFailure:
    """The failure of a value that could not be decoded."""
    node, port = next(_ports(flow, consumers), ("", flow.name))
    if not isinstance(error, ValueMisfit):
        return internal(error, f"the value {flow.name} could not be read", node)
    return TaskFailure(kind="input", node=node, port=port, message=_text(error), item=error.item)


def of_output(error: Exception, flow: Flow, declaration: Declaration) -> TaskFailure:
    """The failure of a value that could not be encoded."""
    if isinstance(error, EnvironmentLack):
        return TaskFailure(kind="environment", node=flow.use.node, message=_text(error))
    if not isinstance(error, ValueMisfit):
        return internal(error, f"the value {flow.name} could not be written", flow.use.node)
    return TaskFailure(
        kind="output",
        node=flow.use.node,
        port=flow.use.port,
        message=_text(error),
        location=readable(str(declaration.location)),
        item=error.item,
    )


def internal(error: BaseException, what: str, node: str = "") -> TaskFailure:
    """A fault of our own: with the frames that a report of it needs.

    Args:
        error: what was raised.
        what: what did not work, as a clause.
        node: at which node; empty where nobody knows.
    """
    frames = "".join(traceback.format_exception(error))[-_OWN_FRAMES_CHARACTERS:]
    return TaskFailure(kind="internal", node=node, message=f"{what}: {_text(error)}", traceback=readable(frames))


def _ports(flow: Flow, consumers: Iterable[Node]) -> Iterator[tuple[str, str]]:
    """The nodes and ports that take a value."""
    return ((node.name, each.port.name) for node in consumers for each in node.inputs if each.binding == flow.use)


def _text(error: BaseException) -> str:
    """Type and text; what is ours speaks for itself."""
    text = str(error)
    if not isinstance(error, HeadraceError | ValueMisfit):
        text = f"{type(error).__name__}: {text}" if text else type(error).__name__
    return readable(text[:_MESSAGE_CHARACTERS])


def readable(text: str) -> str:
    """Text that can be written as UTF-8. Lone surrogates stand for bytes of paths where the locale is ASCII."""
    try:
        return text.encode(errors="surrogateescape").decode(errors="replace")
    except UnicodeEncodeError:
        return text.encode(errors="backslashreplace").decode()
