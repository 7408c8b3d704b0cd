"""Why a task failed, as data that survives the way from a model's process through gRPC to the run's record."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from headrace_dags.record import Record

FailureKind = Literal[
    "input", "step", "output", "load", "environment", "timeout", "cancelled", "unavailable", "crashed", "internal"
]
"""Who is at fault.

``input``: the step raised InputError; permanent. ``step``: the body raised; retried as the node's options say.
``output``: the body returned what its port does not declare; permanent. ``load``: the step failed to import or to set up;
permanent. ``environment``: the machine lacks something (room on its disk, a package); permanent. ``timeout``:
start-to-finish limit passed; retried as the options say. ``cancelled``: by the run. ``unavailable``: server or stub away, or
the endpoint of a remote step; a fault of infrastructure; retried, counts no attempt. ``crashed``: whoever executed it died,
each time that it was begun; permanent. ``internal``: ours; permanent.
"""


class TaskFailure(Record):
    """One failed task.

    Attributes:
        kind: who is at fault.
        node: the node whose body ran; empty when none had begun.
        port: the input port at fault, where one is known.
        message: one paragraph for a person: exception type and text.
        traceback: the user's frames, oldest first, at most 3,000 characters; empty where there are none.
        location: ``file:line`` of the user's innermost frame, or of the step's declaration.
        item: which item of a mapped axis, counted from 0 within the task; -1 where that has no meaning.
        after_s: how many seconds whoever failed asks to be left alone, before it is tried again.
    """

    kind: FailureKind
    message: str
    node: str = ""
    port: str = ""
    traceback: str = ""
    location: str = ""
    item: int = -1
    after_s: float = 0.0

    def retold(self, change: Callable[[str], str]) -> TaskFailure:
        """The same failure with another text in place of each that a person reads."""
        fields = {name: change(getattr(self, name)) for name in ("message", "traceback", "location")}
        return self.model_copy(update=fields)

    def shifted(self, start: int) -> TaskFailure:
        """The same failure where the task's first item is number ``start`` of more items."""
        return self if self.item < 0 else self.model_copy(update={"item": self.item + start})


class TaskFailed(Exception):
    """Raised by an executor when a task failed; carries the failure as data."""

    def __init__(self, failure: TaskFailure) -> None:
        self.failure = failure
        super().__init__(f"{failure.node or 'task'}: {failure.message}")
