"""Under which key a result is kept: the digest of its segment and what it was given. Pure, the same on any machine."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from headrace_dags.plan.model import Flow, Segment
from headrace_dags.record import digest
from headrace_serving.cache.references import reference_in
from headrace_serving.tensors import Tensor
from headrace_serving.wire.optional import PRESENT

FORMAT = "cache-key/1"
"""Version of the form of keys: another one finds nothing of what was kept before."""

_ABSENT = "absent"


def keys_of(segment: Segment, inputs: Mapping[str, Tensor], address: str = "") -> list[str]:
    """The keys of a task: one for each item of its mapped axis, in order; one alone where nothing is mapped.

    Two keys are equal only if the segment's digest is, and all that the item is given: elements, dtype and shape of
    arrays, the bytes of texts and values, content and media type of media.

    Args:
        segment: what is called.
        inputs: a tensor for each of its input flows, by the flow's name.
        address: where a remote segment is called, which the environment may say; empty for one that is served here.
    """
    mapped = {flow.name for flow in segment.inputs if flow.use in segment.mapped}
    prints = {flow.name: fingerprints(flow, inputs[flow.name]) for flow in segment.inputs}
    whole = {name: _of_whole(inputs[name], found) for name, found in prints.items() if name not in mapped}
    if not mapped:
        return [_key(segment, whole, address)]
    items = inputs[min(mapped)].items
    return [_key(segment, whole | {name: prints[name][item] for name in mapped}, address) for item in range(items)]


def _key(segment: Segment, given: Mapping[str, str], address: str) -> str:
    where = {"address": address} if address else {}
    return digest({"format": FORMAT, "segment": segment.digest, "inputs": dict(given), **where})


def _of_whole(tensor: Tensor, prints: list[str]) -> str:
    """Of all items at once: of none the shape still counts."""
    return digest([tensor.datatype, list(tensor.array.shape), prints])


def fingerprints(flow: Flow, tensor: Tensor) -> list[str]:
    """What stands for each item of a tensor in a key."""
    if tensor.datatype == "BYTES":
        return [_of_bytes(flow, item) for item in tensor.array.flat]
    return [_of_array(item) for item in tensor.array]


def _of_array(item: np.ndarray[Any, np.dtype[Any]] | np.generic) -> str:
    array = np.asarray(item)
    content = hashlib.sha256(array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes()).hexdigest()
    return digest([array.dtype.name, list(array.shape), content])


def _of_bytes(flow: Flow, item: bytes) -> str:
    """Of a medium its content and not its place; an item that was lost is as absent as one that never was."""
    if flow.optional:
        if not item.startswith(PRESENT):
            return _ABSENT
        item = item[len(PRESENT) :]
    if reference := reference_in(flow, item):
        return digest([reference.sha256, reference.size, reference.media_type])
    return hashlib.sha256(item).hexdigest()
