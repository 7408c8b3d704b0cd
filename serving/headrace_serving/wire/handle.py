"""Encoded media as references to objects: the bytes stay where they are."""

from __future__ import annotations

from typing import Any

from headrace_dags.describe import described
from headrace_dags.media import Blob, class_for
from headrace_dags.values import ValueMisfit
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
    reference = _stored(item, sink)
    if reference is None:
        with item.open() as stream:
            reference = sink.put(stream, item.source.media_type)
    return reference.model_dump_json().encode()


def _stored(item: Blob, sink: Sink) -> Reference | None:
    """The claim check of a handle that already is an object of this store under this prefix."""
    reference = getattr(item.source, "reference", None)
    if not isinstance(reference, Reference) or reference.key.rpartition("/")[0] != sink.prefix:
        return None
    return reference if sink.store.source(reference) == item.source else None
