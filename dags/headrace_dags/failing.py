"""How a node fails: who is at fault, and where, beside the user's own exception."""

from __future__ import annotations

from typing import Literal

from headrace_dags.errors import InputError

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


def raised(node: str, error: BaseException, *, port: str = "", item: int = -1) -> NodeFailed:
    """The failure of a body that raised ``error``.

    Args:
        node: the node's name.
        error: what the body raised.
        port: the input port to name if the input is at fault.
        item: which item of the mapped axis was given.
    """
    if isinstance(error, InputError):
        return NodeFailed(node, "input", str(error) or "the input is at fault", port=port, item=item)
    text = str(error)
    name = type(error).__name__
    return NodeFailed(node, "step", f"{name}: {text}" if text else name, item=item)
