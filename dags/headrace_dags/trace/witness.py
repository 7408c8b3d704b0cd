"""What happens when a dag's body uses a stand-in as if it were a value: noted once, then let pass with poison."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import FrameType, FunctionType
from typing import TYPE_CHECKING, Any

from headrace_dags.declare import sourcelines
from headrace_dags.declare.dag import Dag
from headrace_dags.declare.notes import Notes
from headrace_dags.declare.stateful import Stateful
from headrace_dags.declare.steps import Step
from headrace_dags.errors import Location
from headrace_dags.graph import Use
from headrace_dags.misfit import Misfit
from headrace_dags.rules import misuse
from headrace_dags.trace.frames import frame_in, spread, unpacked
from headrace_dags.trace.standin import Origin, StandIn, origin_of

if TYPE_CHECKING:
    from headrace_dags.declare.draft import Declared


@dataclass(frozen=True, slots=True, eq=False)
class Scope:
    """A dag whose body runs: the traced one, or one that is called in it.

    Attributes:
        dag: the dag.
        declared: its declaration.
        name: unique in the graph; empty for the traced dag.
        call: the line that calls it; ``None`` for the traced dag.
        mapped: whether its body stands for each item of an axis.
    """

    dag: Dag[..., Any]
    declared: Declared
    name: str = ""
    call: Location | None = None
    mapped: bool = False

    def own(self) -> FunctionType | None:
        """Its body as it was written; ``None`` where the decorator stands on something else."""
        return None if isinstance(self.dag.fn, (Step, Dag)) else sourcelines.own(self.dag.fn)

    @property
    def file(self) -> str:
        """The file of its body."""
        own = self.own()
        return own.__code__.co_filename if own else ""


class Witness:
    """Knows where the body is, and notes misuses there.

    Attributes:
        notes: all problems so far.
        scopes: the dags whose bodies run, the innermost last.
        excused: values that a problem concerns, which are not held unused besides.
        failed: whether a body raised, or what it returned is hidden by a mistake: what is unused is not known then.
        finished: whether the trace is over; a stand-in that is used later has escaped from it.
        gave_array: whether a value was given to numpy: arrays that come of it are no mistakes of their own.
    """

    def __init__(self, scope: Scope) -> None:
        self.notes = Notes()
        self.scopes = [scope]
        self.excused: set[Use] = set()
        self.failed = False
        self.finished = False
        self.gave_array = False
        self._seen: set[tuple[Location, int]] = set()
        self._decided: dict[tuple[object, int], bool] = {}

    @property
    def scope(self) -> Scope:
        """The dag whose body runs now."""
        return self.scopes[-1]

    @property
    def dag_name(self) -> str:
        """How messages call the traced dag."""
        return self.scopes[0].declared.where

    def here(self) -> Location:
        """The line of the dag's body that runs now."""
        return self._line(frame_in(self.scope.file))

    def misused(self, value: StandIn, rule: Callable[..., Misfit], *details: str) -> Any:
        """Note a misuse of ``value``, unless it is poison or its line has been told; gives poison to go on with.

        Raises:
            TypeError: the trace is over.
        """
        self._misused(value, rule, details, frame_in(self.scope.file))
        self.gave_array |= rule is misuse.traced_array
        return self.poison()

    def decide(self, value: StandIn) -> bool:
        """Note a branch on ``value``. True at first, then False and True in turn, so that ``while`` ends."""
        frame = frame_in(self.scope.file)
        self._misused(value, misuse.traced_bool, (), frame)
        key = (frame.f_code, frame.f_lasti) if frame else (None, 0)
        self._decided[key] = not self._decided.get(key, False)
        return self._decided[key]

    def iterate(self, value: StandIn) -> Iterator[Any]:
        """Note a loop over ``value``, which runs once; or that it is taken apart, which gives poison for each part."""
        frame = frame_in(self.scope.file)
        parts = unpacked(frame)
        loop = misuse.traced_spread if spread(frame) else misuse.traced_iteration
        self._misused(value, misuse.traced_unpacking if parts else loop, (), frame)
        return iter([self.poison() for _ in range(parts or 1)])

    def field(self, value: StandIn, name: str) -> Any:
        """What stands for a field of a value; here it is a misuse, a tracer knows better."""
        port = origin_of(value).port
        is_json = port is not None and port.type.kind == "json" and not port.many
        return self.misused(value, misuse.traced_field if is_json else misuse.traced_attribute, name)

    def poison(self) -> StandIn:
        """A stand-in of which nothing is known and nothing more is said."""
        return StandIn(Origin(self))

    def told(self, location: Location) -> bool:
        """Whether a misuse has been noted on that line."""
        return any(seen == location for seen, _ in self._seen)

    def _misused(
        self, value: StandIn, rule: Callable[..., Misfit], details: tuple[str, ...], frame: FrameType | None
    ) -> None:
        if self.finished:
            raise TypeError(f"{value!r} was a value of the dag {self.scope.declared.where} while it was traced")
        origin, location = origin_of(value), self._line(frame)
        if origin.use:
            self.excused.add(origin.use)
        asked_again = rule is misuse.traced_bool and self.told(location)  # by a loop, of another value
        if origin.port and (location, id(origin)) not in self._seen and not asked_again:
            self._seen.add((location, id(origin)))
            misfit = rule(str(origin), *details)
            helper = self._helper(frame)
            self.notes.note(
                misuse.undecorated(misfit, helper) if helper else misfit, self.scope.declared.where, location
            )

    def _helper(self, frame: FrameType | None) -> str:
        """The function that misuses a value, where it is neither a dag nor wires steps: its decorator may be missing."""
        if frame is None or any((own := scope.own()) and own.__code__ is frame.f_code for scope in self.scopes):
            return ""
        named = [frame.f_globals.get(name) for name in frame.f_code.co_names]
        wires = any(isinstance(each, (Step, Dag, Stateful)) for each in named)
        return "" if wires or "<" in frame.f_code.co_qualname else frame.f_code.co_qualname

    def _line(self, frame: FrameType | None) -> Location:
        """The line of ``frame``; of the dag's ``def`` where its body is not on the stack."""
        if frame is None:
            return self.scope.declared.declaration.location
        return Location(frame.f_code.co_filename, frame.f_lineno)
