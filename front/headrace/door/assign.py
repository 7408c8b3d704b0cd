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


def meant(name: str, known: Sequence[str]) -> str:
    """The input that a name was meant for; empty where none is near."""
    return next(iter(get_close_matches(name, known, 1)), "")


def unknown(name: str, texts: Sequence[str], known: Sequence[str]) -> Problem:
    """An input that the dag does not have; ``texts`` are what was given for it."""
    if near := meant(name, known):
        write = f"Write --input {near}={texts[0]}"
        return Problem("input-unknown", f"--input {name}", "is no input of this dag", write=write)
    inputs = f"Its inputs are {', '.join(known)}" if known else "It has no inputs"
    return Problem("input-unknown", f"--input {name}", "is no input of this dag", write=inputs)


def _shapeless(pair: str) -> Problem:
    write = f"Write --input NAME={pair.removeprefix('=') or 'VALUE'}"
    return Problem("input-shape", f"--input {pair}", "expects name=value or name=@file", write=write)
