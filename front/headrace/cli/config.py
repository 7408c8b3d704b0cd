"""``headrace config``: every setting, what holds, and who said so; of a dag also its secrets, without their values."""

from __future__ import annotations

import json

import click

from headrace.cli.options import AS_JSON, OPTIONAL_DAG, examples, settings_here
from headrace.doctor.secrets import Secrets, secrets_of
from headrace.settings import Settings, resolve
from headrace.terminal import ink, table


@click.command(
    epilog=examples(
        "headrace config",
        "HEADRACE_RUNTIME=inprocess headrace config",
        "headrace config postcard.py",
        "headrace config --json",
    )
)
@OPTIONAL_DAG
@AS_JSON
def command(spec: str | None, as_json: bool) -> None:
    """Show every setting and where it comes from.

    A flag wins over HEADRACE_* in the environment, which wins over [tool.headrace] in pyproject.toml. With FILE[:DAG] also the
    secrets of that dag: their names, who gives them and who uses them. Values are not shown.
    """
    secrets = secrets_of(spec) if spec else None
    settings = settings_here() if secrets is None else resolve(secrets.root)
    if as_json:
        click.echo(json.dumps(_fields(settings, secrets), ensure_ascii=False, indent=2))
        return
    click.echo(f"{ink()('strong', 'Import root')}  {settings.root}\n")
    rows = [(each.setting.name, each.text, each.origin, each.setting.means) for each in settings.values.values()]
    click.echo(table([("SETTING", "VALUE", "FROM", "MEANS"), *rows], indent=0))
    if secrets is not None:
        click.echo(f"\n{_told(secrets)}")


def _fields(settings: Settings, secrets: Secrets | None) -> dict[str, object]:
    values = settings.values.values()
    found = {each.setting.name: {"value": each.text, "origin": each.origin} for each in values}
    fields: dict[str, object] = {"root": str(settings.root), "settings": found}
    if secrets is not None:
        fields["secrets"] = {each.name: {"origin": each.origin, "used_by": each.used_by} for each in secrets.listed}
    return fields


def _told(secrets: Secrets) -> str:
    if not secrets.listed:
        return f"{secrets.dag} names no secret."
    rows = [(each.name, each.origin or "nobody", ", ".join(each.used_by)) for each in secrets.listed]
    return table([("SECRET", "FROM", "USED BY"), *rows], indent=0)
