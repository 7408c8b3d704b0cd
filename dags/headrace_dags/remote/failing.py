"""How a call of an endpoint fails: who is at fault, in the words of task failures. A run tries again by that word."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

Kind = Literal["input", "step", "output", "load", "environment", "timeout", "unavailable"]
"""``unavailable``: it cannot be reached, or is busy. ``environment``: it does not let us in. ``input``: it refuses the request.
``step``: it broke. ``output``: it answers what the ports do not declare. ``load``: it is not what was declared."""


_MOST_CHARACTERS = 1_500


class EndpointFailed(Exception):
    """Raised when a remote step has no value; the text says what the endpoint said, on one line of characters that can be seen.

    Attributes:
        kind: who is at fault.
        after_s: how many seconds the endpoint asks to be left alone; 0 where it does not say.
    """

    __module__ = "headrace"

    def __init__(self, kind: Kind, text: str, *, after_s: float = 0.0) -> None:
        self.kind: Kind = kind
        self.after_s = after_s
        super().__init__("".join(each if each.isprintable() else " " for each in text[:_MOST_CHARACTERS]))

    def retold(self, change: Callable[[str], str]) -> EndpointFailed:
        """The same failure with another text."""
        return EndpointFailed(self.kind, change(str(self)), after_s=self.after_s)

    @property
    def is_of_endpoint(self) -> bool:
        """Whether the request has no part in it: any other would have failed as well."""
        return self.kind in ("unavailable", "environment", "load")
