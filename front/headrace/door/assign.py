"""``name=value`` and ``name=@file`` taken apart."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from headrace_dags.errors import Problem


def taken_apart(pairs: Iterable[str]) -> tuple[dict[str, tuple[str, ...]], list[Problem]]:
    """What was given for each name, in order, and a problem for each pair without a name or a value."""
    given: dict[str, tuple[str, ...]] = {}
    problems: list[Problem] = []
    for pair in pairs:
        name, sign, text = pair.partition("=")
        name = name.strip()
        if not sign or not name:
            problems.append(_shapeless(pair))
            continue
        given[name] = (*given.get(name, ()), text)
    return given, problems


def unknown(name: str, known: Sequence[str]) -> Problem:
    """An input that the dag does not have."""
    close = get_close_matches(name, known, 1)
    if close:
        return Problem(
            "input-unknown", f"--input {name}", "is no input of this dag", write=f"Write --input {close[0]}=..."
        )
    inputs = f"Its inputs are {', '.join(known)}" if known else "It has no inputs"
    return Problem("input-unknown", f"--input {name}", "is no input of this dag", write=inputs)


def _shapeless(pair: str) -> Problem:
    write = f"Write --input name={pair}" if not pair.startswith("=") else f"Write --input name{pair}"
    return Problem("input-shape", f"--input {pair}", "expects name=value or name=@file", write=write)
