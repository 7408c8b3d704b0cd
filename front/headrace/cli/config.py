"""``headrace config``: every setting, what holds, and who said so."""

from __future__ import annotations

import json

import click

from headrace.cli.options import AS_JSON, examples, settings_here
from headrace.terminal import ink, table


@click.command(
    epilog=examples("headrace config", "HEADRACE_RUNTIME=inprocess headrace config", "headrace config --json")
)
@AS_JSON
def command(as_json: bool) -> None:
    """Show every setting and where it comes from.

    A flag wins over HEADRACE_* in the environment, which wins over [tool.headrace] in pyproject.toml.
    """
    settings = settings_here()
    values = settings.values.values()
    if as_json:
        found = {value.setting.name: {"value": value.text, "origin": value.origin} for value in values}
        click.echo(json.dumps({"root": str(settings.root), "settings": found}, ensure_ascii=False, indent=2))
        return
    click.echo(f"{ink()('strong', 'Import root')}  {settings.root}\n")
    rows = [(value.setting.name, value.text, value.origin, value.setting.means) for value in values]
    click.echo(table([("SETTING", "VALUE", "FROM", "MEANS"), *rows], indent=0))
