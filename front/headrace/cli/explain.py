"""``headrace explain``: what the code of an error means, and a dag that is wrong and right in that."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Mapping
from difflib import get_close_matches

import click

from headrace.catalogue import Entry, entry, groups
from headrace.cli.options import AS_JSON, examples
from headrace.terminal import Ink, ink, table
from headrace_dags.errors import BadInput, Problem

_WIDTH = 100


@click.command(
    epilog=examples("headrace explain port-type", "headrace explain", "headrace explain --json | jq 'keys[]'")
)
@click.argument("code", required=False)
@AS_JSON
def command(code: str | None, as_json: bool) -> None:
    """Explain a code that an error carries; without CODE, list all of them.

    Of a rule: why it is there, a dag that breaks it, and the same as it should be.
    """
    found = [each for titles in groups().values() for each in titles]
    if code is not None and code not in found:
        raise BadInput(_unknown(code, found))
    if as_json:
        told = {each: entry(each).as_json() for each in found if code in {None, each}}
        click.echo(json.dumps(told, ensure_ascii=False, indent=2))
    else:
        paint = ink()
        click.echo("\n".join(_listed(groups(), paint) if code is None else _told(entry(code), paint)))


def _listed(found: Mapping[str, Mapping[str, str]], paint: Ink) -> Iterator[str]:
    """The codes under the names of their groups."""
    for number, (name, titles) in enumerate(found.items()):
        yield f"{chr(10) if number else ''}{paint('strong', name)}"
        yield table([(code, f"{title}.") for code, title in titles.items()])


def _told(found: Entry, paint: Ink) -> Iterator[str]:
    """What there is to say of one code."""
    yield f"{paint('strong', found.code)}  {found.title}."
    if found.text:
        yield f"\n{textwrap.fill(found.text, _WIDTH, break_on_hyphens=False)}"
    for (heading, code), style in zip(found.examples(), ("bad", "good"), strict=False):
        yield f"\n{paint(style, heading)}\n"
        yield textwrap.indent(code.rstrip("\n"), "    ")


def _unknown(code: str, found: list[str]) -> Problem:
    close = get_close_matches(code, found, 1)
    write = f"Write {close[0]}" if close else "`headrace explain` lists all of them"
    return Problem("no-code", "explain", "expects the code of an error", code, write)
