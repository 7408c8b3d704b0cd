"""Every code that an error may carry, whoever says it: its title, its group, and what there is to explain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from headrace.cli.advice import ADVICE
from headrace.cli.codes import OTHER_GROUPS
from headrace_dags.rules.explanation import explanation
from headrace_dags.rules.registry import GROUPS


@dataclass(frozen=True, slots=True)
class Entry:
    """What is known of a code.

    Attributes:
        code: the code.
        group: what it is about.
        title: what holds, as a clause without its full stop.
        text: why the rule is there, or what to do; empty where the title says it all.
        bad: of a rule, a module that breaks it.
        good: of a rule, the same as it should be.
    """

    code: str
    group: str
    title: str
    text: str = ""
    bad: str = ""
    good: str = ""

    def as_json(self) -> dict[str, str]:
        """The fields that are set, without the code."""
        fields = {"group": self.group, "title": self.title, "text": self.text, "bad": self.bad, "good": self.good}
        return {name: value for name, value in fields.items() if value}

    def markdown(self) -> str:
        """The explanation for a page or a viewer."""
        examples = [f"**{head}**\n\n```python\n{code}```" for head, code in self.examples() if code]
        return "\n\n".join([f"{self.title}.", *([self.text] if self.text else []), *examples])

    def examples(self) -> tuple[tuple[str, str], ...]:
        """What breaks it and what keeps it, each under its heading; none for a code that is no rule."""
        return (("Instead of", self.bad), ("Write", self.good)) if self.bad else ()


def groups() -> Mapping[str, Mapping[str, str]]:
    """All codes with their titles, by what they are about: rules first."""
    return {**GROUPS, **OTHER_GROUPS}


def entry(code: str) -> Entry:
    """What is known of ``code``.

    Raises:
        KeyError: no error carries it.
    """
    group, title = next((name, titles[code]) for name, titles in groups().items() if code in titles)
    if group in OTHER_GROUPS:
        return Entry(code, group, title, ADVICE.get(code, ""))
    said = explanation(code)
    return Entry(code, group, title, said.why, said.bad, said.good)
