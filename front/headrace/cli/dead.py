"""``headrace dead``: records that the engine could not handle."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from headrace.cli.options import AS_JSON, STATE, examples, state_here
from headrace.terminal import clipped, legible, table

if TYPE_CHECKING:
    from headrace.durable.place import Place
    from headrace_events.log.contract import Entry


@click.command(epilog=examples("headrace dead", "headrace dead --json"))
@STATE
@AS_JSON
def command(state: str | None, as_json: bool) -> None:
    """List the records that the engine could not handle: where each lies, the run it is for, and why.

    With --json an object a line, the record itself among them in base64.
    """
    import asyncio

    from headrace.durable.place import Place

    found = asyncio.run(_dead(Place(state_here(state))))
    if as_json:
        for each in found:
            click.echo(json.dumps(_plain(each)))
    elif found:
        click.echo(table([_row(each) for each in found]))
    else:
        click.echo("None: whatever came could be handled.")


async def _dead(place: Place) -> list[Entry]:
    from headrace.durable.place import TOPICS

    found: list[Entry] = []
    async with place.log() as log:
        while entries := await log.fetch(TOPICS.name("dead"), 0, found[-1].offset + 1 if found else 0):
            found += entries
    return found


def _row(entry: Entry) -> tuple[str, ...]:
    headers = dict(entry.draft.headers)
    reason = clipped(legible(headers.get("headrace_reason", "")), 120)
    return (str(entry.offset), headers.get("headrace_from", ""), legible(entry.draft.key) or "-", reason)


def _plain(entry: Entry) -> dict[str, object]:
    from base64 import b64encode

    headers = dict(entry.draft.headers)
    return {
        "offset": entry.offset,
        "at_s": entry.at_s,
        "from": headers.get("headrace_from", ""),
        "run": entry.draft.key,
        "reason": headers.get("headrace_reason", ""),
        "value": b64encode(entry.draft.value or b"").decode(),
    }
