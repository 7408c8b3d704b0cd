"""How far what was recognised is from what was said or shown."""

from __future__ import annotations

import re
from collections.abc import Sequence


def edits(wanted: Sequence[str], got: Sequence[str]) -> int:
    """The fewest insertions, deletions and substitutions that turn ``got`` into ``wanted`` (Levenshtein)."""
    row = list(range(len(got) + 1))
    for i, want in enumerate(wanted, 1):
        diagonal, row[0] = row[0], i
        for j, have in enumerate(got, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (want != have))
    return row[-1]


def spoken_words(text: str) -> list[str]:
    """The words as a recogniser writes them: lower case, no punctuation."""
    return re.findall(r"[a-z']+", text.lower())


def word_error(wanted: str, got: str) -> float:
    """Edits per word of what was said."""
    return edits(spoken_words(wanted), spoken_words(got)) / len(spoken_words(wanted))


def letters(line: str) -> str:
    """A line without what recognition may lose and people do not miss: case, gaps and punctuation."""
    return "".join(re.findall(r"[a-z0-9]", line.lower()))


def letter_error(wanted: str, got: str) -> float:
    """Edits per letter of a line."""
    return edits(letters(wanted), letters(got)) / len(letters(wanted))
