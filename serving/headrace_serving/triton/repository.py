"""A plan as a Triton model repository: a folder for each member model and each ensemble. Starts nothing."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from headrace_dags.plan.model import Plan, Segment
from headrace_serving.disk import writing
from headrace_serving.program import FILE, Program, program
from headrace_serving.runtimes.contract import Workplace
from headrace_serving.triton.config import config_text, ensemble_config, member_config

FOLDER = "models"
VERSION = "1"
_GENERIC = Path(__file__).with_name("model.py")
_PLACEHOLDER = (
    "An ensemble has no file of its own. Object stores drop empty folders and files, so this one is neither.\n"
)


@dataclass(frozen=True, slots=True)
class Repository:
    """A model repository on disk.

    Attributes:
        folder: one folder for each model.
        programs: what the member models run.
        ensembles: names of the ensembles.
    """

    folder: Path
    programs: tuple[Program, ...]
    ensembles: tuple[str, ...]

    @property
    def models(self) -> tuple[str, ...]:
        """The names of all models, members before the ensembles that need them."""
        return (*(each.name for each in self.programs), *self.ensembles)


def write(plan: Plan, workplace: Workplace, instances: int = 1) -> Repository:
    """Write the repository of a plan into ``<scratch>/models``; what was there before is removed.

    Args:
        plan: which models.
        workplace: where user code and objects are, and where to write.
        instances: how many processes serve each member.

    Raises:
        EnvironmentLack: the disk is full, or the folder cannot be written.
    """
    folder = workplace.scratch / FOLDER
    programs = tuple(_programs(plan, workplace))
    ensembles = tuple(segment for segment in plan.segments if segment.lowering == "ensemble")
    with writing(folder, "the model repository"):
        shutil.rmtree(folder, ignore_errors=True)
        for each in programs:
            _write_member(folder / each.name, each, instances)
        for segment in ensembles:
            _write_ensemble(folder / segment.model, segment)
    return Repository(folder, programs, tuple(segment.model for segment in ensembles))


def _programs(plan: Plan, workplace: Workplace) -> Iterator[Program]:
    for segment in plan.segments:
        for member in segment.members:
            yield program(plan, segment.model_of(member), member, workplace)


def _write_member(folder: Path, each: Program, instances: int) -> None:
    version = folder / VERSION
    version.mkdir(parents=True)
    (folder / "config.pbtxt").write_text(config_text(member_config(each, instances)))
    (version / FILE).write_text(each.model_dump_json(indent=1) + "\n")
    shutil.copyfile(_GENERIC, version / _GENERIC.name)


def _write_ensemble(folder: Path, segment: Segment) -> None:
    version = folder / VERSION
    version.mkdir(parents=True)
    (folder / "config.pbtxt").write_text(config_text(ensemble_config(segment)))
    (version / "README").write_text(_PLACEHOLDER)
