"""``headrace explain``: what the code of an error means."""

from __future__ import annotations

import json
from collections.abc import Mapping
from difflib import get_close_matches

import click

from headrace.cli.options import AS_JSON, examples
from headrace.terminal import ink, table
from headrace_dags.errors import BadInput, Problem


@click.command(epilog=examples("headrace explain port-type", "headrace explain", "headrace explain --json | jq keys"))
@click.argument("code", required=False)
@AS_JSON
def command(code: str | None, as_json: bool) -> None:
    """Explain a code that an error carries; without CODE, list all of them."""
    titles = _titles()
    if code is not None and code not in titles:
        raise BadInput(_unknown(code, titles))
    found = titles if code is None else {code: titles[code]}
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False, indent=2))
    elif code is None:
        click.echo(table([(each, f"{title}.") for each, title in titles.items()], indent=0))
    else:
        click.echo(f"{ink()('strong', code)}  {titles[code]}.")


def _titles() -> Mapping[str, str]:
    from headrace.cli.codes import OTHER_TITLES
    from headrace_dags.rules.registry import TITLES

    return {**TITLES, **OTHER_TITLES}


def _unknown(code: str, titles: Mapping[str, str]) -> Problem:
    close = get_close_matches(code, titles, 1)
    write = f"Write {close[0]}" if close else "`headrace explain` lists all of them"
    return Problem("no-code", "explain", "expects the code of an error", code, write)
