"""Black values of secrets out of texts, in every form a text may show them in, also cut short. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from types import MappingProxyType
from urllib.parse import quote

from headrace_dags.secrets.secret import HIDDEN

_HEAD = 12
"""So many characters of a value give it away: messages and tracebacks cut long texts short, perhaps in its middle."""
_LEAST_LINE = 8
"""Lines of a value of many lines (a key in PEM) that are shorter say nothing, and may stand in any text."""


@dataclass(frozen=True, slots=True)
class Redactor:
    """Puts three stars in the place of values; without values it changes nothing.

    Attributes:
        forms: by how they begin, all forms of all values; the head of the longest first.
    """

    forms: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}), repr=False)

    def __bool__(self) -> bool:
        return bool(self.forms)

    @classmethod
    def of(cls, values: Iterable[str]) -> Redactor:
        """A redactor of ``values``; empty ones do not count."""
        forms: dict[str, tuple[str, ...]] = {}
        for form in sorted({form for value in values if value for form in _forms(value)}, key=len, reverse=True):
            forms[form[:_HEAD]] = (*forms.get(form[:_HEAD], ()), form)
        return cls(MappingProxyType(forms))

    def __call__(self, text: str) -> str:
        """``text`` without the values."""
        for head, forms in self.forms.items():
            text = _without(text, head, forms)
        return text


def _without(text: str, head: str, forms: Sequence[str]) -> str:
    """``text`` with stars for each place where ``head`` stands, as far as one of ``forms`` goes there."""
    start = 0
    kept: list[str] = []
    while (found := text.find(head, start)) >= 0:
        kept += (text[start:found], HIDDEN)
        start = found + max(_alike(form, text[found : found + len(form)]) for form in forms)
    return "".join((*kept, text[start:])) if kept else text


def _alike(one: str, other: str) -> int:
    """How many characters the two have in common from their beginning."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def _forms(value: str) -> Iterator[str]:
    """A value as it stands, in JSON, in Python's quotes and in a URL; of one with many lines also each line."""
    yield value
    yield json.dumps(value)[1:-1]
    yield json.dumps(value, ensure_ascii=False)[1:-1]
    yield repr(value)[1:-1]
    yield quote(value, safe="")
    if len(lines := value.split("\n")) > 1:
        yield from (line.strip() for line in lines if len(line.strip()) >= _LEAST_LINE)
