"""The two plans that ``headrace diff`` compares: read where they were written down, made where a dag is named."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from headrace.cli.opening import make_plan, open_dag
from headrace.settings import resolve
from headrace_dags.errors import BadInput, Problem

if TYPE_CHECKING:
    from headrace_dags.plan.model import Plan

_PLAN = "plan.json"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Where dags are to run, as far as somebody says; ``None`` where nobody does."""

    target: str | None
    platform: str | None

    def like(self, plan: Plan | None) -> Wanted:
        """The same; what it does not say is as in ``plan``."""
        if plan is None or self.target not in (None, plan.target.kind):
            return self
        return Wanted(plan.target.kind, self.platform or plan.target.platform or None)


def both(old: str, new: str, wanted: Wanted) -> tuple[Plan, Plan]:
    """The plans of both sides. A dag is planned for the target of the other side's plan, unless ``wanted`` says another.

    Raises:
        BadInput: a side is neither a plan nor a dag.
        DefinitionError: a dag is declared wrongly.
        PlanError: the target cannot run a dag.
    """
    written = [_written(spec) for spec in (old, new)]
    before, after = written
    return before or _planned(old, wanted.like(after)), after or _planned(new, wanted.like(before))


def _planned(spec: str, wanted: Wanted) -> Plan:
    found = open_dag(spec)
    settings = resolve(found.import_root, {"target": wanted.target, "platform": wanted.platform})
    return make_plan(found, settings.target, settings.platform)


def _written(spec: str) -> Plan | None:
    """The plan that ``spec`` names; ``None`` where it names a dag.

    Raises:
        BadInput: there is no such file, no plan in it, or one that this release cannot read.
    """
    path = Path(spec)
    if path.is_dir():
        return _read(path / _PLAN)
    if path.suffix == ".json" or (path.exists() and path.suffix != ".py"):
        return _read(path)
    return None


def _read(path: Path) -> Plan:
    from pydantic import ValidationError

    from headrace_dags.plan.model import Plan

    try:
        return Plan.model_validate_json(path.read_bytes())
    except OSError:
        raise BadInput(_none(path)) from None
    except ValidationError as error:
        first = error.errors()[0]
        got = f"{'.'.join(map(str, first['loc'])) or path.name}: {first['msg']}"
        expected = "is a plan as this release writes it"
        problem = Problem("plan-format", str(path), expected, got, "Plan it again, or use the release that wrote it")
        raise BadInput(problem) from None


def _none(path: Path) -> Problem:
    write = "Give the file of a plan, a compiled folder, the folder of a run's record, or FILE:DAG"
    return Problem("no-plan", str(path), "holds a plan", "none that can be read", write)
