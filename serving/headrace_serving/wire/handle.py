"""Encoded media as references to objects: the bytes stay where they are."""

from __future__ import annotations

from typing import Any

from headrace_dags.media.handles import Blob, class_for
from headrace_dags.ports.describe import described
from headrace_dags.ports.values import ValueMisfit
from headrace_serving.objects.contract import ObjectStore, Reference
from headrace_serving.wire.contract import BytesWire, Sink


def handle_wire(annotation: Any) -> BytesWire:
    """Handles of the class ``annotation`` as JSON references; they come back as its most specific class that fits."""
    expected: type[Blob] = annotation if isinstance(annotation, type) and issubclass(annotation, Blob) else Blob

    def load(data: bytes, store: ObjectStore) -> Blob:
        reference = Reference.model_validate_json(data)
        return class_for(reference.media_type, expected)(store.source(reference))

    return BytesWire(_dump, load)


def _dump(item: Any, sink: Sink) -> bytes:
    if not isinstance(item, Blob):
        raise ValueMisfit("a media handle", described(item))
    reference = _stored(item, sink) or _put(item, sink)
    if not reference.size:
        raise ValueMisfit("a medium with content", f"{described(item)} of 0 bytes")
    return reference.model_dump_json().encode()


def _put(item: Blob, sink: Sink) -> Reference:
    """Copy a medium into the store.

    Raises:
        ValueMisfit: it cannot be opened; most often a file of a temporary folder that is gone when the step has returned.
    """
    try:
        media_type, stream = item.source.media_type, item.open()
    except OSError as error:
        expected = "a medium that can still be read when the step has returned"
        advice = "Give its bytes, or a file in a folder that stays (tempfile.mkdtemp)"
        raise ValueMisfit(expected, f"{described(item)}: {error}. {advice}") from error
    with stream:
        return sink.put(stream, media_type)


def _stored(item: Blob, sink: Sink) -> Reference | None:
    """The claim check of a handle that already is an object of this store under this prefix."""
    reference = getattr(item.source, "reference", None)
    if not isinstance(reference, Reference) or reference.key.rpartition("/")[0] != sink.prefix:
        return None
    return reference if sink.store.source(reference) == item.source else None
