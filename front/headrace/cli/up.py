"""``headrace up``: the durable engine of a state folder as one process tree."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from headrace.cli.options import STATE, examples
from headrace.terminal import ink, remark

if TYPE_CHECKING:
    from headrace.durable.tree import Child


@click.command(
    epilog=examples(
        "headrace up lecture.py:lecture",
        "headrace up postcard.py shop.py --runtime inprocess",
        "headrace submit postcard.py --input picture=@sunset.png --follow",
    )
)
@click.argument("specs", metavar="FILE[:DAG]...", nargs=-1, required=True)
@click.option(
    "--runtime",
    type=click.Choice(["auto", "triton", "container", "inprocess"]),
    help="What executes the segments.  [default: the first of triton, container, inprocess that can run]",
)
@click.option("--workers", type=click.IntRange(1, 64), default=1, show_default=True, help="Workers for each dag.")
@click.option(
    "--orchestrators", type=click.IntRange(1, 4), default=1, show_default=True, help="Replicas that share the runs."
)
@STATE
def command(specs: tuple[str, ...], runtime: str | None, workers: int, orchestrators: int, state: str | None) -> int:
    """Serve dags and execute what is submitted to them, until Ctrl-C.

    What `headrace submit` accepts is answered, whatever dies meanwhile: the log, the results and the state of runs lie in the
    state folder, and the next `headrace up` goes on where this one was. Processes that die are started again.
    """
    import asyncio

    from headrace.durable.tree import ChildFailed, Tree
    from headrace.launch.interrupts import one_interrupt
    from headrace.launch.prepare import Request, served

    folders = {served(Request(spec, (), runtime, state)).settings.state for spec in specs}
    if len(folders) > 1:
        listed = ", ".join(map(str, sorted(folders)))
        raise click.UsageError(f"The dags have state folders of their own: {listed}. Name one with --state.")
    (folder,) = folders
    children = _children(specs, runtime, workers, orchestrators, str(folder))
    paint = ink(sys.stderr)

    def say(name: str, text: str) -> None:
        remark(f"{paint('soft', f'[{name}]')} {text}")

    def ready() -> None:
        remark(
            f"{paint('good', 'Up')}: {', '.join(specs)}. Submit with `headrace submit {specs[0]} --input NAME=VALUE`; Ctrl-C ends it."
        )

    with one_interrupt():
        try:
            asyncio.run(Tree(children, say, ready).keep())
        except ChildFailed as error:
            return error.code
    return 0


def _children(specs: Sequence[str], runtime: str | None, workers: int, orchestrators: int, state: str) -> list[Child]:
    """The processes; numbered where there are several of a kind."""
    from headrace.durable.tree import Child

    common = ("--state", state, "--parent", str(os.getpid()))
    chosen = ("--runtime", runtime) if runtime else ()
    found = [
        Child(_numbered("orchestrator", place, orchestrators), ("orchestrator", *common))
        for place in range(orchestrators)
    ]
    return found + [
        Child(_numbered(f"worker {spec}", place, workers), ("worker", spec, *chosen, *common))
        for spec in specs
        for place in range(workers)
    ]


def _numbered(name: str, place: int, of: int) -> str:
    return f"{name} {place + 1}" if of > 1 else name
