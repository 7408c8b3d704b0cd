"""How a node fails: who is at fault, and where, beside the user's own exception."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from headrace_dags.declare.shares import fall_short, shortfall
from headrace_dags.errors import InputError
from headrace_dags.remote.failing import EndpointFailed

Fault = Literal["input", "step", "output"]
"""``input``: the body raised InputError. ``step``: it raised anything else. ``output``: it returned what it does not declare."""


class NodeFailed(Exception):
    """Raised when a node fails; ``__cause__`` is the user's exception, or the ValueMisfit of an output.

    Attributes:
        node: the node's name.
        fault: who is at fault.
        message: one clause for a person: exception type and text, or what the output should have been.
        port: the input port at fault, or the output port; empty where it is not known.
        item: which item of the mapped axis, counted from 0; -1 where that has no meaning.
    """

    def __init__(self, node: str, fault: Fault, message: str, *, port: str = "", item: int = -1) -> None:
        self.fault: Fault = fault
        self.node, self.message, self.port, self.item = node, message, port, item
        place = f"{node}.{port}" if port else node
        super().__init__(f"{place} (item {item}): {message}" if item >= 0 else f"{place}: {message}")

    @property
    def is_of_endpoint(self) -> bool:
        """Whether an endpoint failed whatever it was asked: no item is lost by it, and none would do better alone."""
        cause = self.__cause__ and _innermost(self.__cause__)
        return isinstance(cause, EndpointFailed) and cause.is_of_endpoint


class LostItem:
    """Stands for an item of a tolerant map that failed.

    Attributes:
        failure: how.
    """

    __slots__ = ("failure",)

    def __init__(self, failure: NodeFailed) -> None:
        self.failure = failure


def too_few(node: str, share: float, items: int, lost: Sequence[NodeFailed]) -> NodeFailed | None:
    """The failure of a tolerant map of which too few items succeed; ``None`` where they are enough.

    Args:
        node: the node's name.
        share: the least share that must succeed.
        items: how many items there are.
        lost: how items failed, the first ones first.
    """
    if not fall_short(share, items, len(lost)):
        return None
    first = lost[0]
    message = shortfall(share, items, len(lost), first.message)
    found = NodeFailed(node, first.fault, message, port=first.port, item=first.item)
    found.__cause__ = first.__cause__
    return found


def check_lengths(node: str, items: Mapping[str, Sequence[Any]]) -> None:
    """Check what a node takes in lockstep.

    Args:
        node: the node's name.
        items: the items of each port.

    Raises:
        NodeFailed: one has more or fewer items than the first.
    """
    first, *others = items or [""]
    for name in others:
        if len(items[name]) != len(items[first]):
            text = f"expects as many items as {first} has, {len(items[first])}, got {len(items[name])}"
            raise NodeFailed(node, "input", text, port=name)


def raised(node: str, error: BaseException, *, port: str = "", item: int = -1) -> NodeFailed:
    """The failure of a body that raised ``error``; of one that is an endpoint it tells whose fault that says it was.

    Args:
        node: the node's name.
        error: what the body raised.
        port: the input port to name if the input is at fault.
        item: which item of the mapped axis was given.
    """
    cause = _innermost(error)
    text, name = _text(cause), type(cause).__name__
    if isinstance(cause, InputError):
        return NodeFailed(node, "input", text or "the input is at fault", port=port, item=item)
    if isinstance(cause, EndpointFailed):
        fault: Fault = cause.kind if cause.kind in ("input", "output") else "step"
        return NodeFailed(node, fault, text, port=port if fault == "input" else "", item=item)
    return NodeFailed(node, "step", f"{name}: {text}" if text else name, item=item)


def _innermost(error: BaseException) -> BaseException:
    """What a step raised of a dag that the body calls; anything else as it is."""
    while isinstance(error, NodeFailed) and error.__cause__ is not None:
        error = error.__cause__
    return error


def _text(error: BaseException) -> str:
    """What an exception says; some fail even at that."""
    try:
        return str(error)
    except Exception:  # noqa: BLE001  # the user's code, and not the failure that is told here
        return "an exception that cannot be shown"
