"""A tuple cut into pages, so that replacing one of a thousand values copies two short rows and not all of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")

PAGE = 32
"""Values a page holds: the square root of the most chunks a mapped axis has."""


@dataclass(frozen=True, slots=True)
class Pages(Generic[T]):
    """An immutable sequence with cheap replacement."""

    pages: tuple[tuple[T, ...], ...]
    length: int

    @staticmethod
    def filled(value: T, length: int) -> Pages[T]:
        """``length`` times the same value; the pages are shared until one is replaced."""
        full, rest = divmod(length, PAGE)
        return Pages(((value,) * PAGE,) * full + (((value,) * rest,) if rest else ()), length)

    def __getitem__(self, index: int) -> T:
        return self.pages[index // PAGE][index % PAGE]

    def __iter__(self) -> Iterator[T]:
        return (value for page in self.pages for value in page)

    def __len__(self) -> int:
        return self.length

    def replaced(self, index: int, value: T) -> Pages[T]:
        """The same sequence with another value at ``index``."""
        number, place = divmod(index, PAGE)
        page = list(self.pages[number])
        page[place] = value
        pages = list(self.pages)
        pages[number] = tuple(page)
        return Pages(tuple(pages), self.length)
