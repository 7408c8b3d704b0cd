"""A dag whose step is mapped over as many items as are given, a few at a time."""

from __future__ import annotations

from collections.abc import Iterator

import headrace as hr


@hr.step
def words(text: hr.Text) -> Iterator[hr.Text]:
    yield from text.split()


class Spell(hr.StatefulBatch[hr.Text, hr.Text], size=8):
    """Spells words."""

    def batch(self, items: hr.Batch[hr.Text]) -> hr.Batch[hr.Text]:
        return [word.upper() for word in items]


@hr.step
def count(words: hr.Many[hr.Text]) -> int:
    return len(words)


@hr.dag
def spelled(text: hr.Text) -> int:
    return count(Spell().map(words(text)))
