"""What the errors of the server mean for a task: whose fault, and which node."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from headrace_dags.errors import EnvironmentLack
from headrace_dags.plan.model import Member, Segment
from headrace_serving.failure import TaskFailure
from headrace_serving.failure_text import from_text
from headrace_serving.mapper.program import MapperProgram
from headrace_serving.program import Program
from headrace_serving.runtimes.parts import Tensors
from headrace_serving.triton.errors import ModelCrashed, ModelLoadFailed, ServerFailed, ServerStopped, StartTimedOut
from headrace_serving.triton.shm import shared_memory_lack, size

_EXCERPT_CHARACTERS = 3_000


def of_start(error: BaseException, programs: Iterable[Program | MapperProgram]) -> TaskFailure | None:
    """The failure of a step, where that is why the server did not start; ``None`` where it is not."""
    match error:
        case ModelLoadFailed():
            return _of_load(error, programs)
        case ModelCrashed(model=model):
            return TaskFailure(kind="load", node=_node(model, programs), message=str(error))
        case StartTimedOut(loading=loading, log_excerpt=excerpt):
            # Not the error's own text: it names a log that is moved to where the run is kept.
            told = "; ".join(f"{each.expected}, got {each.got}" for each in error.problems)
            node = _node(next(iter(loading), ""), programs)
            return TaskFailure(kind="load", node=node, message=told, traceback=excerpt[-_EXCERPT_CHARACTERS:])
        case _:
            return None


def _of_load(error: ModelLoadFailed, programs: Iterable[Program | MapperProgram]) -> TaskFailure:
    """The first failure that a step's own model tells, else what the server says."""
    own = next(filter(None, (from_text(each.message) for each in error.failures)), None)
    if own:
        return own
    excerpt = error.log_excerpt[-_EXCERPT_CHARACTERS:]
    return TaskFailure(kind="load", node=_node(error.model, programs), message=error.message, traceback=excerpt)


def of_answer(
    failure: TaskFailure,
    segment: Segment,
    inputs: Tensors,
    told_lack: Callable[[str], EnvironmentLack | None] = shared_memory_lack,
) -> TaskFailure:
    """What a call was answered: a lack of shared memory where that is what the server says, else ``failure`` itself.

    Args:
        failure: what was answered.
        segment: which was called.
        inputs: with what.
        told_lack: the error for a message that says that shared memory ran out.
    """
    lack = told_lack(failure.message) if failure.kind == "internal" else None
    if lack is None:
        return failure
    given = size(sum(tensor.nbytes for tensor in inputs.values()))
    node = segment.nodes[0] if len(segment.nodes) == 1 else ""
    return TaskFailure(kind="environment", node=node, message=f"{segment.name} was given {given}. {lack}")


def of_call(error: ModelCrashed | ServerFailed, segment: Segment) -> TaskFailure:
    """A task that kills its model's process, or that nobody is there to execute.

    A process that dies whenever this task alone is on it is the step's fault, like an exception; the server's own death
    for good is not, and trying again would not help.
    """
    if isinstance(error, ModelCrashed):
        return TaskFailure(kind="step", node=_crashed(error, segment), message=f"{error.how}, {error.times} times")
    kind = "cancelled" if isinstance(error, ServerStopped) else "internal"
    return TaskFailure(kind=kind, message=str(error), traceback=error.log_excerpt[-_EXCERPT_CHARACTERS:])


def _node(model: str, programs: Iterable[Program | MapperProgram]) -> str:
    """The node of a model that runs only one; of several nobody knows which."""
    nodes = next((program.nodes for program in programs if program.name == model), ())
    return nodes[0].name if len(nodes) == 1 else ""


def _crashed(error: ModelCrashed, segment: Segment) -> str:
    members: tuple[Member, ...] = segment.members
    if len(members) > 1:
        died = tuple(member for member in segment.models if f"model {segment.model_of(member)} " in error.how)
        members = died or tuple(member for member in members if member not in segment.models)
    nodes = [node for member in members for node in member.nodes]
    return nodes[0] if len(nodes) == 1 else ""
