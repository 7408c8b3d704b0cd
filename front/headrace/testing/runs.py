"""Run a dag on real values through plan, codec and engine, as ``headrace run`` does, for a test that asks."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, ParamSpec, Self, TypeVar

import pytest

from headrace.cli.opening import plan_of
from headrace.cli.telling import failure_lines
from headrace.launch.drive import encoded
from headrace.report.story import given, tell
from headrace.runs import TENANT, State, new_run
from headrace.terminal import Ink
from headrace.testing.background import Background
from headrace.testing.served import Served
from headrace_dags.declare.dag import Dag
from headrace_dags.declare.declaration import Signature
from headrace_dags.declare.modelfile import root_of
from headrace_dags.declare.understand import declaration_of
from headrace_dags.errors import BadInput, HeadraceError, Problem
from headrace_dags.graph import Graph
from headrace_dags.plan.model import Plan
from headrace_dags.ports.values import ValueMisfit, check_value
from headrace_events.engine.readback import RunRecord
from headrace_events.engine.record import RunFolder
from headrace_events.engine.shell import execute_run
from headrace_serving.codec import Sink, decode
from headrace_serving.failure import TaskFailed, TaskFailure
from headrace_serving.objects.file import FileStore
from headrace_serving.runtimes.contract import Workplace

P = ParamSpec("P")
R = TypeVar("R")
Trace = Callable[[Dag[..., Any]], Graph]


def trace(dag: Dag[..., Any]) -> Graph:
    """The graph of ``dag``; the test fails with every mistake of the dag and of the steps it calls."""
    __tracebackhide__ = True
    try:
        return dag.graph
    except HeadraceError as error:
        text = str(error)
    pytest.fail(text)


@dataclass(frozen=True, slots=True)
class _Order:
    """What is to be run: a dag with its plan, and the arguments by name."""

    plan: Plan
    signature: Signature
    import_root: Path
    inputs: Mapping[str, Any]


class Runs:
    """Runs dags and gives what they return. A context manager: leaving stops what was kept running.

    Args:
        served: lends the executors.
        folder: where runs are recorded; media that come out lie there too.
    """

    def __init__(self, served: Served, folder: Path) -> None:
        self._served = served
        self._state = State(folder)
        self._background = Background()

    def __enter__(self) -> Self:
        self._background.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._background.run(self._served.close())
        finally:
            self._background.__exit__(kind, error, trace)

    def __call__(self, dag: Dag[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run ``dag`` and give what it returns, as a plain call would.

        Whatever goes wrong fails the test (``pytest.fail.Exception``) with the problem as text: mistakes of the dag, inputs
        that are not what their ports declare, a plan that is refused, a step that fails, a machine that lacks something.

        Args:
            dag: which dag.
            *args: its inputs.
            **kwargs: its inputs, by name.
        """
        __tracebackhide__ = True
        try:
            result: R = self._result(dag, inspect.signature(dag.fn).bind(*args, **kwargs))
        except TaskFailed as failed:  # before the first task
            text = _told(failed.failure, "")
        except _Ended as ended:
            text = ended.text
        except HeadraceError as error:
            text = str(error)
        else:
            return result
        pytest.fail(text)

    def _result(self, dag: Dag[..., Any], bound: inspect.BoundArguments) -> Any:
        bound.apply_defaults()
        root = root_of(dag.fn)
        plan = plan_of(dag.graph, root)
        signature = declaration_of(dag).signature
        order = _Order(plan, signature, root, _checked(dag, signature, bound.arguments))
        record = self._background.run(self._recorded(order, new_run(self._state)))
        return self._value(record, signature)

    async def _recorded(self, order: _Order, run: str) -> RunRecord:
        """The record of a run to its end."""
        store, folder = FileStore(self._state.objects), RunFolder(self._state.runs / run)
        tensors = encoded(order.plan, order.signature, order.inputs, Sink(store, f"{TENANT}/{run}"))
        workplace = Workplace(
            import_root=order.import_root, objects=self._state.objects, scratch=self._state.scratch / run
        )
        async with self._served.lent(order.plan, workplace) as executor:
            await execute_run(order.plan, run, tensors, executor, folder, lambda *_: None, store=store)
        return RunRecord.read(folder.path)

    def _value(self, record: RunRecord, signature: Signature) -> Any:
        story, store = tell(record), FileStore(self._state.objects)
        if story.failure:
            raise _Ended(_told(story.failure, given(story)))
        values = {
            name: decode(flow, signature.annotations[f"out:{name}"], tensor, store)
            for name, flow, tensor in record.outputs(store)
        }
        return signature.result_class(**values) if signature.result_class else next(iter(values.values()))


class _Ended(Exception):
    """A run failed; carries what is to be said of it."""

    def __init__(self, text: str) -> None:
        self.text = text
        super().__init__(text)


def _told(failure: TaskFailure, inputs: str) -> str:
    return "\n".join(failure_lines(failure, inputs, Ink(on=False)))


def _checked(dag: Dag[..., Any], signature: Signature, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
    """The inputs as their ports declare them.

    Raises:
        BadInput: with every input that is not.
    """
    problems: list[Problem] = []
    values: dict[str, Any] = {}
    for port in signature.inputs:
        try:
            values[port.name] = check_value(port, signature.annotations[f"in:{port.name}"], inputs[port.name])
        except ValueMisfit as misfit:
            item = f" (item {misfit.item})" if misfit.item >= 0 else ""
            where, write = f"{dag.__name__}.{port.name}", f"Write {misfit.write}" if misfit.write else ""
            problems.append(Problem("input-value", where, f"expects {misfit.expected}", f"{misfit.got}{item}", write))
    if problems:
        raise BadInput(problems)
    return values
