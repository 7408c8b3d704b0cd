"""Compare records attribute by attribute. Knows neither plans nor segments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import JsonValue

from headrace_dags.diff.difference import Change, Kind
from headrace_dags.graph import Const, Input, Port, PortType, Use
from headrace_dags.record import Record, canonical

Said = dict[str, JsonValue]
"""A record as one mapping: attributes of attributes by their path, ``step.resources.device``."""

_SHOWN = 8


def changes(kind: Kind, old: Mapping[str, Any], new: Mapping[str, Any], *, prefix: str = "") -> Iterator[Change]:
    """What differs between two mappings of JSON: first what ``old`` has, in its order, then what is new.

    Values are the same where their JSON is: 1 and 1.0 and true are three.
    """
    for what in dict.fromkeys((*old, *new)):
        if what not in old:
            yield Change(kind=kind, what=prefix + what, change="added", new=new[what])
        elif what not in new:
            yield Change(kind=kind, what=prefix + what, change="removed", old=old[what])
        elif canonical(old[what]) != canonical(new[what]):
            yield Change(kind=kind, what=prefix + what, old=old[what], new=new[what])


def said(value: Any, path: str = "") -> Said:
    """All that a record says, by path; what holds ``None`` says nothing. Items that have names are found by them."""
    match value:
        case Input():
            return said(value.port, path) | _bound(value, path)
        case PortType() | Use():
            return {path: f"{value}{schema_text(value)}"}
        case Record():
            return _attributes(value, path)
        case dict() if value:
            return _merged(said(each, _below(path, str(key))) for key, each in value.items())
        case tuple() if value and all(map(_name, value)):
            return _merged(said(each, _below(path, _name(each))) for each in value)
        case _:
            return {path: _plain(value)}


def schema_text(item: PortType | Use) -> str:
    """The beginning of the digest of a JSON type's schema: two types may have one name. Empty for all else."""
    schema = item.schema_digest if isinstance(item, PortType) else ""
    return f" (schema {schema[:_SHOWN]})" if schema else ""


def _attributes(record: Record, path: str) -> Said:
    """What a record says but for its name; of a port only what is not as usual, or each would fill a page."""
    fields = type(record).model_fields.items()
    known = ((name, getattr(record, name), field.default) for name, field in fields if name != "name")
    told = ((name, value) for name, value, usual in known if value is not None and not _silent(record, value, usual))
    return _merged(said(value, _below(path, name)) for name, value in told)


def _silent(record: Record, value: Any, usual: Any) -> bool:
    return isinstance(record, Port) and value == usual


def _bound(given: Input, path: str) -> Said:
    """A constant under the input's own name, so that it reads as configuration does; else where the value comes from."""
    binding = given.binding
    return {path: binding.value} if isinstance(binding, Const) else {_below(path, "from"): str(binding)}


def _name(item: Any) -> str:
    item = item.port if isinstance(item, Input) else item
    return str(getattr(item, "name", "")) if isinstance(item, Record) else ""


def _plain(value: Any) -> JsonValue:
    if isinstance(value, Record):
        return value.model_dump(mode="json")
    return [_plain(each) for each in value] if isinstance(value, Sequence) and not isinstance(value, str) else value


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _merged(parts: Iterator[Said]) -> Said:
    return {what: value for part in parts for what, value in part.items()}
