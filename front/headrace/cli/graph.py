"""``headrace graph``: a dag as a picture."""

from __future__ import annotations

from pathlib import Path

import click

from headrace.cli.opening import open_dag
from headrace.cli.options import DAG, examples
from headrace.disk import writing

_FORMATS = ("mermaid", "dot", "svg")


@click.command(
    epilog=examples(
        "headrace graph postcard.py",
        "headrace graph postcard.py -o postcard.svg",
        "headrace graph postcard.py --format dot",
    )
)
@DAG
@click.option(
    "--format", "kind", type=click.Choice(_FORMATS), help="What to write.  [default: by FILE's ending, else mermaid]"
)
@click.option(
    "-o", "--output", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path), help="Where to write it."
)
@click.option("--segments", is_flag=True, help="Frame what the local target serves together.")
def command(spec: str, kind: str | None, output: Path | None, segments: bool) -> None:
    """Draw a dag as Mermaid, DOT or SVG."""
    text = _drawn(spec, kind or _kind(output), segments=segments)
    if output is None:
        click.echo(text, nl=False)
    else:
        with writing(output, "drawings", "name another place with -o FILE"):
            output.parent.mkdir(parents=True, exist_ok=True)
            output.write_text(text, encoding="utf-8")
        click.echo(f"Wrote {output}", err=True)


def _kind(output: Path | None) -> str:
    endings = {".svg": "svg", ".dot": "dot", ".gv": "dot"}
    return endings.get(output.suffix, "mermaid") if output else "mermaid"


def _drawn(spec: str, kind: str, *, segments: bool) -> str:
    from headrace.cli.opening import make_plan
    from headrace.graph.dot import dot
    from headrace.graph.mermaid import mermaid
    from headrace.graph.sketch import sketch
    from headrace.graph.svg import svg

    found = open_dag(spec)
    plan = make_plan(found, "local", "") if segments else None
    return {"mermaid": mermaid, "dot": dot, "svg": svg}[kind](sketch(found.dag.graph, plan))
