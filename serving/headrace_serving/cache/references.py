"""The objects that a tensor refers to: found, and replaced by the same objects at another place."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from headrace_dags.plan.model import Flow
from headrace_serving.objects.contract import Reference
from headrace_serving.tensors import Tensor
from headrace_serving.wire.optional import PRESENT


def reference_in(flow: Flow, item: bytes) -> Reference | None:
    """The reference that an item holds, the byte of an optional flow taken away; ``None`` where it holds the value itself."""
    if flow.wire not in ("handle", "png") or not item.startswith(b"{"):
        return None
    return Reference.model_validate_json(item)


def references(flow: Flow, tensor: Tensor) -> Iterator[Reference]:
    """The objects that a tensor refers to, in order."""
    if flow.wire in ("handle", "png"):
        found = (reference_in(flow, _split(flow, item)[1]) for item in tensor.array.flat)
        yield from (reference for reference in found if reference)


def moved(flow: Flow, tensor: Tensor, move: Callable[[Reference], Reference]) -> Tensor:
    """The tensor with other references, item by item; one that refers to nothing as it is."""
    if flow.wire not in ("handle", "png"):
        return tensor
    return Tensor.of_bytes([_moved(flow, item, move) for item in tensor.array.flat])


def _moved(flow: Flow, item: bytes, move: Callable[[Reference], Reference]) -> bytes:
    mark, rest = _split(flow, item)
    reference = reference_in(flow, rest)
    return mark + move(reference).model_dump_json().encode() if reference else item


def _split(flow: Flow, item: bytes) -> tuple[bytes, bytes]:
    """The byte that says whether an item of an optional flow is there, and the item; none of one that is not."""
    if not flow.optional:
        return b"", item
    return item[:1], item[1:] if item.startswith(PRESENT) else b""
