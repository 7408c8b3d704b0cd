"""What a mapper does when what it stands on breaks: every request is answered, and no thread dies of it."""

import threading
from collections.abc import Callable
from concurrent.futures import Future

import pytest
from tests.conformance.mappers import mapped
from tests.conformance.runtimes import Served

from headrace_serving.codec import Sink, encode
from headrace_serving.failure import TaskFailure
from headrace_serving.mapper.drive import Drive
from headrace_serving.mapper.job import Outcome
from headrace_serving.mapper.program import MapperProgram, mapper_program
from headrace_serving.objects.file import FileStore
from headrace_serving.runner import Request

__all__ = ("mapped",)


def program_of(mapped: Served, dag: str) -> MapperProgram:
    plan = mapped.plans[dag]
    return mapper_program(plan, plan.segments[0], mapped.workplace)


def raises(_model: str, _request: Request) -> "Future[Outcome]":
    raise RuntimeError("cannot start a thread")


def fails(_model: str, _request: Request) -> "Future[Outcome]":
    future: Future[Outcome] = Future()
    future.set_exception(RuntimeError("cannot start a thread"))
    return future


@pytest.mark.parametrize("call", [raises, fails])
def test_a_call_that_cannot_be_made_ends_its_request(
    mapped: Served, call: "Callable[[str, Request], Future[Outcome]]"
) -> None:
    program = program_of(mapped, "class_inside")
    drive = Drive(program, call)
    drive.start().result(timeout=10)
    (flow,) = program.inputs
    number = encode(flow, int, 3, Sink(FileStore(mapped.workplace.objects), "tenant/run"))
    for _ in range(2):
        outcome: Future[Outcome] = Future()
        drive.run(Request("tenant/run/x/0/1", {flow.name: number}), outcome.set_result, lambda: False)
        failure = outcome.result(timeout=10)
        assert isinstance(failure, TaskFailure)
        assert failure.kind == "internal"
        assert "failed: RuntimeError: cannot start a thread" in failure.message
    drive.stop(10)


def test_who_is_interrupted_before_it_loads_leaves_no_broken_thread(
    mapped: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken: list[str] = []
    monkeypatch.setattr(threading, "excepthook", lambda args: broken.append(str(args.exc_value)))
    drive = Drive(program_of(mapped, "class_inside"), raises)
    assert drive._loaded.cancel()
    drive.start()
    drive._thread.join(10)
    assert not drive._thread.is_alive()
    assert broken == []
