"""``headrace show``: where the time of a run went, as a waterfall."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from headrace.cli.completing import runs
from headrace.cli.options import AS_JSON, STATE, examples, state_here
from headrace.terminal import ink

if TYPE_CHECKING:
    from headrace.report.story import Story


@click.command(epilog=examples("headrace show", "headrace show 3f2a --json"))
@click.argument("run", required=False, shell_complete=runs)
@STATE
@AS_JSON
def command(run: str | None, state: str | None, as_json: bool) -> None:
    """Show how a run went: how it ended, and each task on one clock. RUN is the beginning of its id; by default the newest."""
    from headrace.report.story import tell
    from headrace.runs import find
    from headrace_events.engine.readback import RunRecord

    story = tell(RunRecord.read(find(state_here(state), run).folder))
    if as_json:
        click.echo(json.dumps(_plain(story), ensure_ascii=False))
        return
    _draw(story)


def _draw(story: Story) -> None:
    from headrace.cli.telling import head, why
    from headrace.durable.waterfall import waterfall

    paint = ink()
    click.echo(head(story, paint))
    for line in waterfall(story.attempts, story.begun_at_s, story.took_s, paint):
        click.echo(line)
    for line in why(story, "", paint):
        click.echo(line)


def _plain(story: Story) -> dict[str, object]:
    return {
        "run": story.record.run,
        "dag": story.dag,
        "status": story.status,
        "begun_at_s": story.begun_at_s,
        "took_s": story.took_s,
        "failure": story.failure and story.failure.model_dump(mode="json"),
        "attempts": [
            {
                "task": str(each.task),
                "started_at_s": each.started_s,
                "ended_at_s": each.ended_s,
                "failure": each.failure,
                **each.timing.model_dump(),
            }
            for each in story.attempts
        ],
    }
