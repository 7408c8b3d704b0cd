"""Items of a value as a person wants to see them: pictures, players, texts, numbers."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as ET

from headrace.held import Held
from headrace.output.encode import is_picture, is_sound, png, wav
from headrace.report.element import el
from headrace.report.embed import Budget
from headrace.report.jsontext import json_text
from headrace.terminal import size
from headrace_dags.graph import PortType
from headrace_dags.media.handles import Blob
from headrace_serving.failure import TaskFailure

_LONGEST_TEXT = 20_000
_PICTURE_PX = 960
"""Longest side of an array that is shown as a picture; larger ones are shown smaller."""
_GRIDS = {"image": "grid", "video": "grid", "audio": "grid wide"}


def shown(held: Held, budget: Budget) -> ET.Element:
    """A value: its name, its type, its items."""
    count = f" · {held.count} items" if held.flow.many and held.count != 1 else " · 1 item" if held.flow.many else ""
    head = el("div", "value-head", el("b", "", held.name), el("span", "soft", held.type + count))
    return el("div", "value", head, *_body(held, budget))


def _body(held: Held, budget: Budget) -> list[ET.Element]:
    if held.gone:
        return [el("p", "soft", "Its objects have been removed.")]
    if not held.items:
        return [el("p", "soft", "Empty: no items.")]
    numbered = held.flow.many
    items = [
        _lost(held.lost[index], index if numbered else None)
        if index in held.lost
        else item(held.flow.type, each, budget, index if numbered else None)
        for index, each in enumerate(held.items)
    ]
    wide = _GRIDS.get(held.flow.type.kind, "stack") if numbered else "stack"
    more = held.count - len(held.items)
    rest = [el("p", "soft", f"and {more} more")] if more > 0 else []
    return [el("div", wide, *items), *rest]


def item(kind: PortType, value: Any, budget: Budget, index: int | None) -> ET.Element:
    """One item, with its number where it is one of many."""
    number = "" if index is None else f"{index}"
    if value is None:
        return _figure(el("p", "soft", "Nothing"), number, "")
    if isinstance(value, Blob):
        return _figure(_medium(value, budget), number, f"{value.source.media_type} · {size(value.size)}")
    if kind.is_array:
        return _array(kind, value, budget, number)
    text = value if kind.kind == "text" else json_text(value)
    return _figure(_text(text, "text" if kind.kind == "text" else "code"), number, "")


def _lost(failure: TaskFailure, index: int | None) -> ET.Element:
    """An item that a tolerant map lost, and how."""
    return _figure(el("p", "soft", f"Lost: {failure.message}"), "" if index is None else f"{index}", "")


def _figure(content: ET.Element, number: str, caption: str) -> ET.Element:
    under = (
        el("figcaption", "soft", el("span", "number", number) if number else None, caption)
        if number or caption
        else None
    )
    return el("figure", "", content, under)


def _text(text: str, name: str) -> ET.Element:
    if not text:
        return el("pre", f"{name} soft", "(empty)")
    if len(text) <= _LONGEST_TEXT:
        return el("pre", name, text)
    return el(
        "pre", name, text[:_LONGEST_TEXT], el("span", "soft", f"\n… and {len(text) - _LONGEST_TEXT:,} characters more")
    )


def _medium(blob: Blob, budget: Budget) -> ET.Element:
    source, family = budget.handle(blob), blob.source.media_type.partition("/")[0]
    if not source:
        return el("p", "soft", "Not shown: it lies in no file.")
    if family == "image":
        return el("img", "", src=source, alt="", loading="lazy")
    if family in {"audio", "video"}:
        return el(family, "", src=source, controls="", preload="metadata")
    return el("a", "", "Open", href=source)


def _array(kind: PortType, array: Any, budget: Budget, number: str) -> ET.Element:
    shape = " x ".join(map(str, array.shape))
    if is_picture(kind, array):
        source = budget.data(_thumbnail(array), "image/png") or budget.data(_thumbnail(array[::2, ::2]), "image/png")
        picture = el("img", "", src=source, alt="", loading="lazy") if source else el("p", "soft", "Too large to show.")
        return _figure(picture, number, f"{array.shape[1]} x {array.shape[0]}")
    if is_sound(kind, array):
        return _sound(kind, array, budget, number)
    return _figure(el("pre", "code", _numbers(array)), number, f"{array.dtype} [{shape}]")


def _thumbnail(array: Any) -> bytes:
    step = -(-max(array.shape[:2]) // _PICTURE_PX)
    return png(array[::step, ::step])


def _sound(kind: PortType, array: Any, budget: Budget, number: str) -> ET.Element:
    seconds = f"{len(array) / kind.rate:.2f} s at {kind.rate} Hz"
    source = budget.data(wav(array, kind.rate), "audio/wav") if len(array) else ""
    player = (
        el("audio", "", src=source, controls="", preload="metadata")
        if source
        else el("p", "soft", "Nothing to hear here.")
    )
    return _figure(player, number, seconds)


def _numbers(array: Any) -> str:
    """What is in an array, in a few lines."""
    import numpy as np

    if not array.size:
        return "no elements"
    text = np.array2string(array, threshold=24, edgeitems=3, precision=4, max_line_width=96)
    if array.dtype.kind not in "iuf":
        return text
    return f"{text}\nmin {array.min():.5g}   max {array.max():.5g}   mean {array.mean():.5g}"
