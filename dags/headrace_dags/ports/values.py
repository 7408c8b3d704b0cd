"""Values against their ports: checked, coerced where that loses nothing, and JSON values to bytes and back."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from pydantic import ConfigDict, JsonValue, TypeAdapter, ValidationError
from pydantic.errors import PydanticUserError

from headrace_dags.graph import Port, PortType
from headrace_dags.media.handles import Blob
from headrace_dags.ports.describe import described
from headrace_dags.ports.spelling import written
from headrace_dags.record import canonical

Check = Callable[[Any], Any]
"""Gives the value as its port declares it, or raises ValueMisfit."""

_NUMBERS = (int, float, bool)


class ValueMisfit(Exception):
    """Raised for a value that is not what its port declares.

    Attributes:
        expected: what the port declares.
        got: what came, as a noun phrase.
        write: what to write instead; empty where nothing is better than the type itself.
        item: which item of many, counted from 0; -1 where the value itself is at fault.
    """

    def __init__(self, expected: str, got: str, write: str = "", item: int = -1) -> None:
        self.expected, self.got, self.write, self.item = expected, got, write, item
        place = f" (item {item})" if item >= 0 else ""
        advice = f". Write {write}" if write else ""
        super().__init__(f"expects {expected}, got {got}{place}{advice}")


def check_value(port: Port, annotation: Any, value: Any) -> Any:
    """The value as ``port`` declares it.

    Harmless differences are mended: an ``int`` for a ``float``, a tuple for Many, numpy's scalars for Python's.

    Args:
        port: the port.
        annotation: the Python annotation of one item.
        value: what came; a list where the port is Many.

    Raises:
        ValueMisfit: wrong class, element type, rank or size.
    """
    return checker(port.type, annotation, many=port.many, optional=port.optional)(value)


def checker(kind: PortType, annotation: Any, *, many: bool = False, optional: bool = False) -> Check:
    """The check of a port, made ready once for many values."""
    single = _single(kind, annotation)
    if optional:
        single = _unless_none(single)
    if not many:
        return single

    def check(values: Any) -> list[Any]:
        return [_item(single, index, value) for index, value in enumerate(as_list(kind, values))]

    return check


def as_list(kind: PortType, values: Any) -> list[Any]:
    """Many items as a list; an array stands for its rows where the items are arrays.

    Raises:
        ValueMisfit: ``values`` is no list.
    """
    if isinstance(values, list):
        return values
    if isinstance(values, tuple) or (kind.is_array and getattr(values, "ndim", 0) == len(kind.axes) + 1):
        return list(values)
    raise ValueMisfit(f"a list of {kind}", described(values), "a list, e.g. [one, two]")


def _item(check: Check, index: int, value: Any) -> Any:
    try:
        return check(value)
    except ValueMisfit as misfit:
        raise ValueMisfit(misfit.expected, misfit.got, misfit.write, index) from None


def _unless_none(check: Check) -> Check:
    return lambda value: None if value is None else check(value)


def _single(kind: PortType, annotation: Any) -> Check:
    if kind.is_array:
        return _array_check(kind)
    if kind.is_handle:
        return _handle_check(kind, annotation)
    return _text if kind.kind == "text" else _json_check(kind, annotation)


def _text(value: Any) -> str:
    if type(value) is str:
        return value
    if isinstance(value, str):
        return str.__str__(value)
    raise ValueMisfit("Text", described(value), "str(x)" if isinstance(value, int | float) else "")


def _handle_check(kind: PortType, annotation: type[Blob]) -> Check:
    def check(value: Any) -> Any:
        if isinstance(value, annotation):
            return value
        name = written(annotation)
        write = f"{name}(data)" if isinstance(value, bytes) else f"{name}(Path(path))"
        raise ValueMisfit(str(kind), described(value), write if not isinstance(value, Blob) else "")

    return check


def _array_check(kind: PortType) -> Check:
    import numpy as np

    dtype, rank = np.dtype(kind.dtype), len(kind.axes)
    sizes = tuple((axis, size) for axis, size in enumerate(kind.sizes) if size >= 0)

    def check(value: Any) -> Any:
        if not isinstance(value, np.ndarray):
            raise ValueMisfit(str(kind), described(value), _array_advice(kind, value))
        if value.dtype != dtype and value.dtype.newbyteorder() != dtype:
            raise ValueMisfit(str(kind), described(value), f"np.asarray(x, np.{_scalar(kind.dtype)})")
        if value.ndim != rank or any(value.shape[axis] != size for axis, size in sizes):
            raise ValueMisfit(str(kind), described(value), f"an array with the axes {' '.join(kind.axes)}")
        return value if value.dtype == dtype else value.astype(dtype)

    return check


def _array_advice(kind: PortType, value: Any) -> str:
    if type(value).__module__.startswith("PIL.") and kind.kind == "image":
        return 'np.asarray(picture.convert("RGB"))'
    return f"np.asarray(x, np.{_scalar(kind.dtype)})"


def _scalar(dtype: str) -> str:
    return "bool_" if dtype == "bool" else dtype


def _json_check(kind: PortType, annotation: Any) -> Check:
    """The check of a JSON value. Strict: "1" is no ``int``; numbers of the very type need no pydantic."""
    adapter = _adapter(annotation)
    exact = annotation if annotation in _NUMBERS else None

    def check(value: Any) -> Any:
        if type(value) is exact:
            return value
        try:
            return adapter.validate_python(_unboxed(value), strict=True)
        except ValidationError as error:
            raise ValueMisfit(str(kind), _fault(value, error)) from None

    return check


def _unboxed(value: Any) -> Any:
    """A scalar of numpy as Python's own."""
    is_scalar = type(value).__module__ == "numpy" and getattr(value, "ndim", -1) == 0
    return value.item() if is_scalar else value


def _fault(value: Any, error: ValidationError) -> str:
    """What came, and the first thing pydantic has against it."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    place = ".".join(map(str, first["loc"]))
    return f"{described(value)} ({f'{place}: ' if place else ''}{first['msg']})"


def to_json_bytes(annotation: Any, value: Any) -> bytes:
    """A JSON value as UTF-8; :func:`from_json_bytes` gives it back. NaN and infinities are kept.

    Raises:
        ValueMisfit: the value is not what ``annotation`` says and cannot be written.
    """
    adapter = _adapter(annotation)
    try:
        data = adapter.dump_json(value, round_trip=True, by_alias=False, warnings="error")
        if b"null" not in data:
            return data
        plain = adapter.dump_python(
            value, mode="json", round_trip=True, by_alias=False
        )  # NaN is null in the bytes above
    except (ValueError, TypeError) as error:
        raise ValueMisfit(written(annotation), f"{described(value)} ({str(error).partition(chr(10))[0]})") from error
    return json.dumps(plain, ensure_ascii=False, separators=(",", ":")).encode()


def to_json(annotation: Any, value: Any) -> JsonValue:
    """A JSON value as data for the graph. Sets are sorted, so that equal values are equal data in every process.

    Raises:
        ValueMisfit: as :func:`to_json_bytes`.
    """
    found: JsonValue = json.loads(to_json_bytes(annotation, value))
    return _sorted(found, _adapter(annotation).dump_python(value, round_trip=True, by_alias=False))


def _sorted(found: JsonValue, value: Any) -> JsonValue:
    """The JSON ``found`` of ``value``, each list that stands for a set in the order of its items' text."""
    if isinstance(found, list) and isinstance(value, set | frozenset):
        return sorted(found, key=canonical)
    if isinstance(found, list) and isinstance(value, list | tuple) and len(found) == len(value):
        return [_sorted(*both) for both in zip(found, value, strict=True)]
    if isinstance(found, dict) and isinstance(value, dict) and len(found) == len(value):
        return {name: _sorted(each, of) for (name, each), of in zip(found.items(), value.values(), strict=True)}
    return found


def from_json_bytes(annotation: Any, data: bytes) -> Any:
    """The value that JSON stands for. Fields may go by name or by alias.

    Raises:
        ValueMisfit: it is no JSON, or not what ``annotation`` says.
    """
    try:
        return _adapter(annotation).validate_json(data, by_alias=True, by_name=True)
    except ValidationError as error:
        raise ValueMisfit(written(annotation), _fault(data.decode(errors="replace"), error)) from None


def _adapter(annotation: Any) -> TypeAdapter[Any]:
    try:
        return _adapter_once(annotation)
    except TypeError:  # an annotation that cannot be hashed
        return _made(annotation)


@lru_cache(maxsize=4096)
def _adapter_once(annotation: Any) -> TypeAdapter[Any]:
    return _made(annotation)


def _made(annotation: Any) -> TypeAdapter[Any]:
    """An adapter that writes NaN and infinities as they are; models and dataclasses have a configuration of their own."""
    try:
        return TypeAdapter(annotation, config=ConfigDict(ser_json_inf_nan="constants"))
    except PydanticUserError:
        return TypeAdapter(annotation)
