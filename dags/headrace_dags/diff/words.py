"""A difference in words, as ``headrace diff`` prints it. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from pydantic import JsonValue

from headrace_dags.diff.difference import Change, Difference, Fate, SegmentChange
from headrace_dags.plan.cuts import gibibytes

_FATES: tuple[Fate, ...] = ("redeployed", "new", "removed", "unchanged")
_SERVING: Mapping[str, str] = MappingProxyType(
    {"headrace": "Headrace", "python": "Python", "onnx": "ONNX models run by"}
)
_BREAKS: Mapping[str, str] = MappingProxyType({"yes": "breaks", "maybe": "may break", "no": "fine"})
_SPELLED = frozenset(("configuration", "option", "input"))
"""Kinds whose values are the user's own, and are written as JSON."""


def describe(difference: Difference) -> str:
    """The difference as plain text, ending with a newline."""
    return "\n\n".join(filter(None, _parts(difference))) + "\n"


def sentence(change: Change) -> str:
    """What changed, one clause."""
    match change.kind:
        case "file" | "model" | "distribution":
            return _ingredient(change)
        case "step" if "." not in change.what:
            return f"{change.what} ({change.new or change.old}) is {'new' if change.change == 'added' else 'gone'}"
        case "cut" if change.change != "changed":
            return _moved(change)
        case "input" | "output" if "." not in change.what:
            return _port(change)
        case "unrecorded":
            return "for something that one of the plans does not hold"
        case _:
            return _arrow(change, _SERVING.get(change.what, change.what) if change.kind == "version" else change.what)


def _parts(difference: Difference) -> Iterator[str]:
    yield f"{difference.dag} on {difference.where}: {_counts(difference)}"
    yield _block("The target is another:", (("target", sentence(each)) for each in difference.target))
    for segment in difference.segments:
        if segment.fate != "unchanged":
            yield _block(_fate(segment), ((each.kind, sentence(each)) for each in segment.causes))
    yield _kept(difference)
    yield _block("For those who call it:", ((_BREAKS[each.breaks], _told(each)) for each in difference.interface))
    yield _block("For the engine alone:", ((each.kind, sentence(each)) for each in difference.engine))


def _counts(difference: Difference) -> str:
    if difference.old_plan == difference.new_plan:
        return "the plans are the same"
    fates = [each.fate for each in difference.segments]
    first, *others = [(fates.count(fate), fate) for fate in _FATES if fate in fates] or [(0, "unchanged")]
    head = f"{first[0]} segment{'s' if first[0] != 1 else ''} {first[1]}"
    return ", ".join([head, *(f"{count} {fate}" for count, fate in others)])


def _fate(segment: SegmentChange) -> str:
    was = f", which was {segment.old}," if segment.new and segment.old not in ("", segment.new) else ""
    return f"{segment.new or segment.old}{was} is {segment.fate}{':' if segment.causes else ''}"


def _kept(difference: Difference) -> str:
    names = [each.new for each in difference.segments if each.fate == "unchanged"]
    return f"Unchanged, with server, topic and name: {', '.join(names)}" if names else ""


def _told(change: Change) -> str:
    return f"{change.kind} {sentence(change)}"


def _ingredient(change: Change) -> str:
    verb = "run" if change.kind == "model" else "imported"
    match change.change:
        case "added":
            return f"{_versioned(change)} is {verb} now"
        case "removed":
            return f"{_versioned(change)} is no longer {verb}"
        case _:
            return _arrow(change, change.what) if change.kind == "distribution" else f"{change.what} changed"


def _versioned(change: Change) -> str:
    version = change.old or change.new if change.kind == "distribution" else ""
    return f"{change.what} {version}".rstrip()


def _moved(change: Change) -> str:
    """A node that came or left, with the cut that was made, or is no longer made."""
    verb = "came" if change.change == "added" else "left"
    cut = f": cut by {change.new}" if change.new else f": no longer cut by {change.old}" if change.old else ""
    return f"{change.what} {verb}{cut}{f' ({change.why})' if change.why else ''}"


def _port(change: Change) -> str:
    match change.change:
        case "added":
            needed = ", and has no default" if change.kind == "input" and change.breaks == "yes" else ""
            return f"{change.what}, {change.new}, is new{needed}"
        case "removed":
            return f"{change.what} is gone"
        case _:
            return f"{change.what} is {change.new}, was {change.old}"


def _arrow(change: Change, what: str) -> str:
    match change.change:
        case "added":
            return f"{what} is {_spelled(change, change.new)} now"
        case "removed":
            return f"{what} was {_spelled(change, change.old)}, is no more"
        case _:
            return f"{what} {_spelled(change, change.old)} -> {_spelled(change, change.new)}"


def _spelled(change: Change, value: JsonValue) -> str:
    if change.what.endswith("_bytes") and isinstance(value, int):
        return gibibytes(value)
    if change.kind in _SPELLED or isinstance(value, bool | None):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, list):
        return f"[{' '.join(_spelled(change, each) for each in value)}]"
    return str(value) or "nothing"


def _block(head: str, rows: Iterable[tuple[str, str]]) -> str:
    """A head and what stands below it; empty without rows, but for a head that says it all."""
    listed = list(rows)
    width = max((len(label) for label, _ in listed), default=0)
    lines = (f"  {label.ljust(width)}  {text}" if width else f"  {text}" for label, text in listed)
    return "\n".join([head, *lines]) if listed or not head.endswith(":") else ""
