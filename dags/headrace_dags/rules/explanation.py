"""Why each rule is there, with a dag that breaks it and one that keeps it: read from ``explained/CODE.md``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.resources import files

_EXAMPLE = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Explanation:
    """What there is to say of a rule.

    Attributes:
        why: why it is there, as a paragraph in one line.
        bad: a module that breaks it, and no other rule.
        good: a module that does the same as it should be.
        markdown: all of it, as it is written.
    """

    why: str
    bad: str
    good: str
    markdown: str


def explanation(code: str) -> Explanation:
    """The explanation of the rule ``code``.

    Raises:
        FileNotFoundError: there is no such rule.
    """
    markdown = (files("headrace_dags.rules") / "explained" / f"{code}.md").read_text(encoding="utf-8")
    bad, good = _EXAMPLE.findall(markdown)
    return Explanation(" ".join(markdown.partition("\n## ")[0].split()), bad, good, markdown)
