"""HTML as a tree, never as text: what a user's data say is escaped by the serialiser."""

from __future__ import annotations

from xml.etree import ElementTree as ET

Child = ET.Element | str | None


def el(tag: str, classes: str = "", /, *children: Child, **attributes: str) -> ET.Element:
    """An element.

    Args:
        tag: the tag's name.
        classes: its classes, separated by spaces.
        *children: elements and texts, in order; ``None`` is left out.
        **attributes: further attributes; a trailing underscore is dropped, others become dashes.
    """
    named = {"class": classes} if classes else {}
    element = ET.Element(tag, named | {key.rstrip("_").replace("_", "-"): text for key, text in attributes.items()})
    for child in children:
        _append(element, child)
    return element


def html(root: ET.Element) -> str:
    """The document's text."""
    return f"<!doctype html>\n{ET.tostring(root, encoding='unicode', method='html')}\n"


def _append(parent: ET.Element, child: Child) -> None:
    if isinstance(child, ET.Element):
        parent.append(child)
    elif child is not None and len(parent):
        parent[-1].tail = (parent[-1].tail or "") + _clean(child)
    elif child is not None:
        parent.text = (parent.text or "") + _clean(child)


def _clean(text: str) -> str:
    """Control signs, which HTML does not have, as the replacement sign."""
    return "".join(sign if sign >= " " or sign in "\n\t" else "\N{REPLACEMENT CHARACTER}" for sign in text)
