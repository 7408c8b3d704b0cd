"""``headrace compile``: what a server is started with, as files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from headrace.cli.opening import make_plan, open_dag
from headrace.cli.options import DAG, examples
from headrace.disk import writing
from headrace.settings import resolve
from headrace.terminal import ink, near, size
from headrace_dags.errors import BadInput, EnvironmentLack, Problem

if TYPE_CHECKING:
    from headrace_dags.plan.model import Plan, Segment
    from headrace_serving.runtimes.contract import Workplace
    from headrace_serving.triton.repository import Repository

_README = """# {dag}, compiled

`models/` is a model repository for Triton, `plan.json` the plan it was made from (digest {digest}).

{segments}

It serves on the machine it was compiled on: code, models' files and media are not copied, so each `program.json` names the
folders they are read from. Steps are imported from {root}; media passed by reference lie below {objects}.

To serve it by hand, {by_hand}
"""

_BY_HAND = """run this in the folder of this file (`backends/` are links to the installed server):

    {command}

It answers the Open Inference Protocol on this machine, HTTP on port 8000 and gRPC on 8001. In every tensor the first axis is the items."""


@click.command(
    epilog=examples("headrace compile postcard.py -o build", "headrace compile postcard.py --target local -o build")
)
@DAG
@click.option("--target", type=click.Choice(["local"]), default="local", show_default=True, help="What to compile for.")
@click.option(
    "-o",
    "--output",
    metavar="DIR",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Where to write.",
)
def command(spec: str, target: str, output: Path) -> None:
    """Write the Triton model repository of a dag.

    That is models/ with a model for each part, plan.json, and a README that says how to serve it.
    """
    from headrace.runs import State
    from headrace_serving.runtimes.contract import Workplace

    write = _writer()
    found = open_dag(spec)
    plan = make_plan(found, target, "")
    _empty(output)
    objects = State(resolve(found.import_root).state).objects
    workplace = Workplace(import_root=found.import_root, objects=objects, scratch=output.absolute())
    with writing(output, "repositories", "name another folder"):
        repository = write(plan, workplace)
        (output / "plan.json").write_text(plan.model_dump_json(indent=2) + "\n", encoding="utf-8")
        readme = _readme(plan, workplace, repository, _by_hand(output, repository))
        (output / "README.md").write_text(readme, encoding="utf-8")
    _tell(output)


def _writer() -> Callable[[Plan, Workplace], Repository]:
    """What writes a repository.

    Raises:
        EnvironmentLack: the packages that know Triton's formats are not installed.
    """
    from headrace_serving.triton.probe import INSTALL

    try:
        from headrace_serving.triton.repository import write
    except ModuleNotFoundError as error:
        needs = "needs the package tritonclient[grpc], which knows the format of model configurations"
        got = f"no module named {error.name}"
        raise EnvironmentLack(Problem("triton-client", "compile", needs, got, f"Run {INSTALL}")) from error
    return write


def _empty(output: Path) -> None:
    """Only a folder of ours is written over.

    Raises:
        BadInput: the folder holds something else.
    """
    if output.is_dir() and any(output.iterdir()) and not (output / "plan.json").is_file():
        expected = "expects a new folder, or one that was compiled before"
        raise BadInput(Problem("compile-there", f"-o {output}", expected, "other files in it", "Name another folder"))


def _by_hand(output: Path, repository: Repository) -> str:
    """How to start a server on what was written; where one is installed, it is made to find its backend."""
    from headrace_serving.triton.byhand import command_by_hand
    from headrace_serving.triton.command import link_backends
    from headrace_serving.triton.probe import INSTALL, locate

    try:
        parts = locate()
    except EnvironmentLack as lack:
        return f"mend what the server needs here ({lack}), then compile again. The server itself: {INSTALL}."
    link_backends(parts, output)
    return _BY_HAND.format(command=command_by_hand(repository.models, parts))


def _readme(plan: Plan, place: Workplace, repository: Repository, by_hand: str) -> str:
    segments = "\n".join(_told(plan, segment) for segment in plan.segments)
    return _README.format(
        dag=plan.graph.name,
        digest=plan.digest[:12],
        root=place.import_root,
        objects=place.objects,
        segments=segments,
        by_hand=by_hand if repository.models else "there is nothing: the dag has no steps that are served.",
    )


def _told(plan: Plan, segment: Segment) -> str:
    remote = plan.graph.by_name[segment.nodes[0]].step.remote
    if remote:
        return f"- {segment.name}: a remote step, which calls {remote.url} and is not served here"
    return f"- `{segment.model}`: {', '.join(segment.nodes)} ({segment.lowering})"


def _tell(output: Path) -> None:
    files = sorted(path for path in output.rglob("*") if path.is_file() and not path.is_symlink())
    for path in files:
        click.echo(f"  {ink()('good', 'wrote')} {near(path)}  {size(path.stat().st_size)}")
