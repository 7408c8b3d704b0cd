"""How a call of an endpoint fails: who is at fault, in the words of task failures, and whether asking again may help."""

from __future__ import annotations

from typing import Literal

Kind = Literal["input", "step", "output", "load", "environment", "timeout", "unavailable"]
"""``unavailable``: it cannot be reached, or says that it is busy. ``environment``: it does not let us in. ``input``: it refuses
the request. ``step``: it broke. ``output``: it answers what the ports do not declare. ``load``: it is not what was declared."""


class EndpointFailed(Exception):
    """Raised when a remote step has no value; the text says what the endpoint said.

    Attributes:
        kind: who is at fault.
        again: whether the same request may succeed when it is made again.
        after_s: how many seconds the endpoint asks to be left alone before; ``None`` where it does not say.
    """

    __module__ = "headrace"

    def __init__(self, kind: Kind, text: str, *, again: bool = False, after_s: float | None = None) -> None:
        self.kind: Kind = kind
        self.again, self.after_s = again, after_s
        super().__init__(text)
