"""Search a lecture: `python search.py OUT_DIR "how does water reach the wheel"`, after `headrace run ... --out OUT_DIR`."""

import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np

from embedding import SentenceEncoder
from story import Entry, Timeline, clock


class Hit(NamedTuple):
    """The passage that is nearest in meaning to a query, its slide, and how near it is (1 is the same)."""

    at_s: float
    text: str
    entry: Entry
    score: float

    def readable(self, query: str) -> str:
        """The hit as text."""
        text, slide = " / ".join(self.text.splitlines()), " / ".join(self.entry.slide)
        return f"  {query}? At {clock(self.at_s)}: {text}\n  (slide: {slide}; score {self.score:.2f})"


def search(query: str, folder: Path) -> Hit:
    """Find the best passage for ``query`` in the results that a run saved in ``folder``.

    Raises:
        FileNotFoundError: ``folder`` holds no results.
    """
    story = Timeline.model_validate_json((folder / "timeline.json").read_text(encoding="utf-8"))
    found = [(passage, entry) for entry in story.entries for passage in entry.passages()]
    scores = np.load(folder / "vectors.npy") @ SentenceEncoder().encode([query])[0]
    best = int(np.argmax(scores))
    (at_s, text), entry = found[best]
    return Hit(at_s, text, entry, float(scores[best]))


def main(arguments: list[str]) -> int:
    """Print the hit for people; the exit code is 2 for a wrong call."""
    if len(arguments) != 2:
        print('usage: python search.py OUT_DIR "what you look for"', file=sys.stderr)
        return 2
    try:
        hit = search(arguments[1], Path(arguments[0]))
    except FileNotFoundError as error:
        print(f"search: no results of a run: {error}", file=sys.stderr)
        return 2
    print(hit.readable(arguments[1]))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
