"""What happens to requests inside a served model: decode, run the nodes, encode. The same for Triton and in process."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from headrace_dags.running.failing import LostItem, NodeFailed
from headrace_serving import blame
from headrace_serving.codec import Sink, blank
from headrace_serving.failure import TaskFailed, TaskFailure
from headrace_serving.loading import load
from headrace_serving.objects.file import FileStore
from headrace_serving.program import Program
from headrace_serving.redaction import redacted, redactor_of
from headrace_serving.tensors import Tensor

PROBE = "/probe/"
"""Begins the id of a request that only asks whether the model answers: its outputs are blank, no body runs. No tenant's
requests begin so, whatever its name."""

UNNAMED = "unnamed/unnamed"
"""Prefix of the objects of a request without an id, such as Triton's own warm-up."""

Answer = Mapping[str, Tensor] | TaskFailure
"""The model's outputs by name, or why there are none."""

Values = Sequence[Any]
"""A value for each flow of the program, in its order."""


def request_id(prefix: str, task: str) -> str:
    """The id of a task's requests.

    Args:
        prefix: ``<tenant>/<run>``.
        task: ``<run>/<segment>/<chunk>/<attempt>``.
    """
    return f"{prefix.partition('/')[0]}/{task}"


@dataclass(frozen=True, slots=True)
class Request:
    """One request.

    Attributes:
        id: ``<tenant>/<run>/<segment>/<chunk>/<attempt>``; its first two parts are where the request's objects go.
        tensors: the model's inputs by name.
    """

    id: str
    tensors: Mapping[str, Tensor]

    @property
    def prefix(self) -> str:
        """Where its objects go: ``<tenant>/<run>``."""
        return "/".join(self.id.split("/", 2)[:2]) if self.id else UNNAMED


class Runner:
    """One instance of a model; making it imports, constructs and sets up its steps.

    Args:
        program: what the model runs.

    Raises:
        TaskFailed: a step failed to import or to set up (``load``), or lacks something (``environment``).
    """

    def __init__(self, program: Program) -> None:
        self._program = program
        self._redact = redactor_of(program.nodes, program.import_root)
        try:
            self._loaded = load(program)
        except TaskFailed as failed:
            raise TaskFailed(redacted(failed.failure, self._redact)) from failed
        self._store = FileStore(program.objects)
        self._slots = {flow.use: slot for slot, flow in enumerate(program.inputs)}
        inputs, outputs = [flow.use for flow in program.inputs], [flow.use for flow in program.outputs]
        if program.stream:
            self._items = self._loaded.chain.stream(inputs, outputs[0].node)
        else:
            self._chain = self._loaded.chain.between(inputs, outputs)

    def run(self, requests: Sequence[Request]) -> list[Answer]:
        """Run requests; a batched body gets the items of all of them together, in slices of its size.

        Returns:
            An answer for each request, in their order. One that fails does not disturb the others.
        """
        answers = self._together(requests) if self._program.batching else [self._alone(request) for request in requests]
        return [self._told(answer) for answer in answers] if self._redact else answers

    def stream(self, request: Request) -> Generator[Answer]:
        """Run the request of a program that streams.

        Returns:
            A tensor of one item for each that is made, as it is made; at the end, perhaps, why there are no more. Closing
            it closes the body.
        """
        try:
            with closing(self._items(self._values(request))) as items:
                for item in items:
                    yield self._encoded(request, [[item]])
        except GeneratorExit:
            raise
        except BaseException as error:  # noqa: BLE001  # one request's failure is not the next one's, nor the process's
            yield self._told(self._failure(error))

    def _told(self, answer: Answer) -> Answer:
        return redacted(answer, self._redact) if isinstance(answer, TaskFailure) else answer

    def _alone(self, request: Request) -> Answer:
        if request.id.startswith(PROBE):
            return self._blanks(request)
        try:
            return self._encoded(request, self._chain(self._values(request)))
        except BaseException as error:  # noqa: BLE001  # one request's failure is not the next one's, nor the process's
            return self._failure(error)

    def _together(self, requests: Sequence[Request]) -> list[Answer]:
        answers: dict[int, Answer] = {}
        values: dict[int, Values] = {}
        for index, request in enumerate(requests):
            if request.id.startswith(PROBE):
                answers[index] = self._blanks(request)
                continue
            try:
                values[index] = self._values(request)
            except TaskFailed as failed:
                answers[index] = failed.failure
        for index, result in zip(values, self._batch(list(values.values())), strict=True):
            answers[index] = self._outcome(requests[index], result)
        return [answers[index] for index in range(len(requests))]

    def _batch(self, requests: Sequence[Values]) -> Sequence[Values | BaseException]:
        """What the only node gives for each of the requests."""
        (node,) = self._loaded.chain.nodes
        inputs = [{name: values[self._slots[use]] for name, use in node.uses.items()} for values in requests]
        try:
            found = node.run_batch(inputs)
        except BaseException as error:  # noqa: BLE001  # ours, or KeyboardInterrupt; each request is told
            return [error] * len(requests)
        ports = [flow.use.port for flow in self._program.outputs]
        return [outputs if isinstance(outputs, NodeFailed) else [outputs[port] for port in ports] for outputs in found]

    def _outcome(self, request: Request, result: Values | BaseException) -> Answer:
        if isinstance(result, BaseException):
            return self._failure(result)
        try:
            return self._encoded(request, result)
        except TaskFailed as failed:
            return failed.failure

    def _blanks(self, request: Request) -> Answer:
        items = next((tensor.items for tensor in request.tensors.values()), 0)
        return {each.flow.name: blank(each.flow, items) for each in self._loaded.outputs}

    def _values(self, request: Request) -> Values:
        values: list[Any] = []
        for each in self._loaded.inputs:
            try:
                values.append(each.decode(request.tensors[each.flow.name], self._store))
            except Exception as error:
                raise TaskFailed(blame.of_input(error, each.flow, self._program.nodes)) from error
        return values

    def _encoded(self, request: Request, values: Values) -> Answer:
        sink, answer = Sink(self._store, request.prefix), dict[str, Tensor]()
        for each, value in zip(self._loaded.outputs, values, strict=True):
            try:
                answer[each.flow.name] = each.encode(self._with_losses(value), sink)
            except Exception as error:
                declaration = self._loaded.declared(each.flow.use.node)
                raise TaskFailed(blame.of_output(error, each.flow, declaration)) from error
        return answer

    def _with_losses(self, value: Any) -> Any:
        """A value whose lost items say how they were lost."""
        if not isinstance(value, list) or not any(isinstance(item, LostItem) for item in value):
            return value
        return [
            redacted(self._of_node(item.failure), self._redact) if isinstance(item, LostItem) else item
            for item in value
        ]

    def _of_node(self, failure: NodeFailed) -> TaskFailure:
        return blame.of_node(failure, self._loaded.declarations[failure.node], (self._program.import_root,))

    def _failure(self, error: BaseException) -> TaskFailure:
        if isinstance(error, TaskFailed):
            return error.failure
        if isinstance(error, NodeFailed):
            return self._of_node(error)
        nodes = self._program.nodes
        return blame.internal(error, f"model {self._program.name} failed", nodes[0].name if len(nodes) == 1 else "")
