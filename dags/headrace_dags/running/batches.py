"""Feed a batched body: the items of one or several requests in slices of its size, and the results back to who asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, TypeVar

from headrace_dags.graph import Node
from headrace_dags.ports.describe import described
from headrace_dags.running.failing import LostItem, NodeFailed, raised
from headrace_dags.running.outputs import Outputs

T = TypeVar("T")


def cut(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Slices of at most ``size`` items, in order."""
    return (items[start : start + size] for start in range(0, len(items), size))


@dataclass(frozen=True, slots=True)
class _Item:
    """One item of a batch: which request it is of, where in its mapped axis (-1: none), and its batch arguments."""

    request: int
    position: int
    arguments: Mapping[str, Any]


class Batcher:
    """Runs the batched body of a node.

    Args:
        node: the node; its step has ``batching``.
        call: the body.
        outputs: takes the result of ONE item apart.
        suspect: the input port to name when the input is at fault.
    """

    def __init__(self, node: Node, call: Callable[[Mapping[str, Any]], Any], outputs: Outputs, suspect: str) -> None:
        self._node = node
        self._call = call
        self._outputs = outputs
        self._suspect = suspect
        self._ports = node.step.batch_ports
        self._size = node.step.batching.size if node.step.batching else 1

    def run(self, requests: Sequence[Mapping[str, Any]]) -> list[dict[str, Any] | NodeFailed]:
        """Run several requests together.

        Args:
            requests: all arguments of each; those that are not per item must be the same in all of them.

        Returns:
            For each request its outputs, or why it failed. A slice of several requests whose body raises is run again,
            each request by itself, so that a bad input fails its own request and no other; of a tolerant map each item.
        """
        done: list[list[dict[str, Any] | LostItem]] = [[] for _ in requests]
        failed: dict[int, NodeFailed] = {}
        items = [item for index, request in enumerate(requests) for item in self._items(index, request)]
        shared = {name: value for name, value in requests[0].items() if name not in self._ports} if requests else {}
        for some in cut(items, self._size):
            live = [item for item in some if item.request not in failed] if failed else some
            if live:
                self._slice(live, shared, done, failed)
        return [failed.get(index) or self._given(results) for index, results in enumerate(done)]

    def _items(self, index: int, request: Mapping[str, Any]) -> list[_Item]:
        arguments = {name: request[name] for name in self._ports if name in request}
        mapped = self._node.mapped
        if not mapped:
            return [_Item(index, -1, arguments)]
        return [
            _Item(index, at, {**arguments, **dict(zip(mapped, values, strict=True))})
            for at, values in enumerate(zip(*(request[name] for name in mapped), strict=True))
        ]

    def _slice(
        self,
        items: Sequence[_Item],
        shared: Mapping[str, Any],
        done: list[list[dict[str, Any] | LostItem]],
        failed: dict[int, NodeFailed],
    ) -> None:
        try:
            results = self._results(items, shared)
        except NodeFailed as failure:
            apart = [list(some) for _, some in groupby(items, key=self._apart)]
            if failure.is_of_endpoint:
                failed.update((item.request, failure) for item in items)
            elif len(apart) == 1:
                self._lose(items[0], failure, done, failed)
            else:
                for some in apart:
                    self._slice(some, shared, done, failed)
            return
        for item, result in zip(items, results, strict=True):
            try:
                done[item.request].append(self._outputs.take(result, item.position))
            except NodeFailed as failure:
                self._lose(item, failure, done, failed)

    def _apart(self, item: _Item) -> tuple[int, int]:
        """What fails together: the items of a request, or each by itself where the node is tolerant."""
        return item.request, item.position if self._node.tolerant is not None else -1

    def _lose(
        self,
        item: _Item,
        failure: NodeFailed,
        done: list[list[dict[str, Any] | LostItem]],
        failed: dict[int, NodeFailed],
    ) -> None:
        if self._node.tolerant is None:
            failed.setdefault(item.request, failure)
        else:
            done[item.request].append(LostItem(failure))

    def _results(self, items: Sequence[_Item], shared: Mapping[str, Any]) -> list[Any]:
        """One result for each item."""
        batches = {name: [item.arguments[name] for item in items] for name in items[0].arguments}
        try:
            result = self._call({**shared, **batches})
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # a body's own SystemExit and CancelledError are its failures too
            at = items[0].position if len(items) == 1 else -1
            raise raised(self._node.name, error, port=self._suspect, item=at) from error
        results = _listed(result)
        if results is None or len(results) != len(items):
            wanted = f"expects a list of {len(items)}, as many as the batch it was given, got {described(result)}"
            raise NodeFailed(self._node.name, "output", wanted)
        return results

    def _given(self, results: list[dict[str, Any] | LostItem]) -> dict[str, Any]:
        if self._node.mapped or isinstance(results[0], LostItem):
            return dict(self._outputs.joined(results))
        return results[0]


def _listed(result: Any) -> list[Any] | None:
    """The results of a batch: a list, or the rows of an array; a single number of numpy's has none."""
    has_rows = hasattr(result, "__array__") and getattr(result, "ndim", 0) > 0
    return list(result) if has_rows or isinstance(result, list | tuple) else None
