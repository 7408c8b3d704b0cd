"""``headrace explain``: what the code of an error means."""

from __future__ import annotations

import json
from collections.abc import Mapping
from difflib import get_close_matches
from textwrap import indent
from typing import TYPE_CHECKING

import click

from headrace.cli.options import AS_JSON, examples
from headrace.terminal import ink, table
from headrace_dags.errors import BadInput, Problem

if TYPE_CHECKING:
    from headrace_dags.rules.explanation import Explanation


@click.command(epilog=examples("headrace explain port-type", "headrace explain", "headrace explain --json | jq keys"))
@click.argument("code", required=False)
@AS_JSON
def command(code: str | None, as_json: bool) -> None:
    """Explain a code that an error carries; without CODE, list all of them."""
    titles = _titles()
    if code is not None and code not in titles:
        raise BadInput(_unknown(code, titles))
    if as_json:
        click.echo(json.dumps(titles if code is None else _told(code, titles[code]), ensure_ascii=False, indent=2))
    elif code is None:
        click.echo(table([(each, f"{title}.") for each, title in titles.items()], indent=0))
    else:
        click.echo(f"{ink()('strong', code)}  {titles[code]}.")
        if found := _explained(code):
            click.echo(f"\n{found.why}\n")
            for title, example in (("Bad", found.bad), ("Good", found.good)):
                click.echo(f"{ink()('strong', title)}\n\n{indent(example, '    ')}")


def _told(code: str, title: str) -> dict[str, str]:
    """What there is to say of one code."""
    found = _explained(code)
    more = {"why": found.why, "bad": found.bad, "good": found.good} if found else {}
    return {code: title, **more}


def _explained(code: str) -> Explanation | None:
    """The explanation of a rule; other codes have their title alone."""
    from headrace_dags.rules.explanation import explanation
    from headrace_dags.rules.registry import TITLES

    return explanation(code) if code in TITLES else None


def _titles() -> Mapping[str, str]:
    from headrace.cli.codes import OTHER_TITLES
    from headrace_dags.rules.registry import TITLES

    return {**TITLES, **OTHER_TITLES}


def _unknown(code: str, titles: Mapping[str, str]) -> Problem:
    close = get_close_matches(code, titles, 1)
    write = f"Write {close[0]}" if close else "`headrace explain` lists all of them"
    return Problem("no-code", "explain", "expects the code of an error", code, write)
