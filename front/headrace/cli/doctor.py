"""``headrace doctor``: look at the machine and say what to do."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from itertools import groupby
from typing import TYPE_CHECKING

import click

from headrace.cli.options import AS_JSON, OPTIONAL_DAG, examples, settings_here
from headrace.terminal import ink
from headrace_dags.errors import Exit

if TYPE_CHECKING:
    from headrace.doctor.finding import Finding

_SIGNS = {"ok": ("good", "ok"), "missing": ("bad", "missing"), "optional": ("warn", "note")}
_TITLES = {
    "python": "Python",
    "machine": "Machine",
    "triton": "Triton on this machine (runtime triton)",
    "container": "Triton in a container (runtime container): Docker or Podman, one of them",
    "extras": "Extras",
    "secrets": "Secrets",
}

_SERVERS = {"triton", "container"}
"""Groups of which one is enough."""


@click.command(epilog=examples("headrace doctor", "headrace doctor postcard.py", "headrace doctor --json"))
@OPTIONAL_DAG
@AS_JSON
def command(spec: str | None, as_json: bool) -> int:
    """Look at this machine: what is there, what is missing, how to get it.

    With FILE[:DAG] also at the secrets of that dag; their values are not shown. The exit code is 3 when something is missing
    that a run on Triton needs, be it on this machine or in a container.
    """
    from headrace.doctor.examine import examine, examine_secrets

    found = (*examine(settings_here().state), *(examine_secrets(spec) if spec else ()))
    lacks = [finding for finding in found if finding.standing == "missing"]
    if as_json:
        click.echo(
            json.dumps({"ok": not lacks, "findings": [asdict(each) for each in found]}, ensure_ascii=False, indent=2)
        )
    else:
        click.echo("\n\n".join(_told(found)))
        click.echo(f"\n{_verdict(found, lacks)}")
    return int(Exit.ENVIRONMENT if lacks else Exit.OK)


def _told(found: Sequence[Finding]) -> list[str]:
    paint = ink()
    width = max(len(finding.name) for finding in found)
    blocks: list[str] = []
    for group, findings in groupby(found, key=lambda finding: finding.group):
        lines = [paint("strong", _TITLES[group])]
        for each in findings:
            style, sign = _SIGNS[each.standing]
            lines.append(f"  {paint(style, sign.ljust(7))}  {each.name.ljust(width)}  {each.detail}")
            if each.standing != "ok":
                verb = "for" if each.group == "extras" else "needs"
                lines.append(f"  {' ' * 7}  {' ' * width}  {verb} {each.needed}; {paint('strong', each.fix)}")
        blocks.append("\n".join(lines))
    return blocks


def _verdict(found: Sequence[Finding], lacks: Sequence[Finding]) -> str:
    paint = ink()
    if lacks and all(each.group in _SERVERS for each in lacks):
        return paint("warn", "Triton cannot run here; dags run with --runtime inprocess.")
    if lacks:
        return paint("bad", f"Missing: {', '.join(each.name for each in lacks)}.")
    if all(each.standing == "ok" for each in found if each.group == "triton"):
        return paint("good", "Everything is there: dags run on Triton here.")
    engine = next(each.detail for each in found if each.group == "container" and each.standing == "ok")
    return paint("good", f"Everything is there: dags run on Triton in a container here ({engine}).")
