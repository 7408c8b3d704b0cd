"""A plan as a Triton model repository: a folder for each member model and each ensemble. Starts nothing."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from headrace_dags.plan.model import Plan
from headrace_serving.disk import writing
from headrace_serving.mapper.program import MapperProgram, mapper_program
from headrace_serving.program import FILE, Program, program
from headrace_serving.runtimes.contract import Workplace
from headrace_serving.triton.config import config_text, ensemble_config, mapper_config, member_config
from headrace_serving.triton.ensembles import Ensemble, ensembles

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
        programs: what the member models and the mappers run.
        ensembles: names of the ensembles.
    """

    folder: Path
    programs: tuple[Program | MapperProgram, ...]
    ensembles: tuple[str, ...]

    @property
    def models(self) -> tuple[str, ...]:
        """The names of all models, members before the ensembles that need them."""
        return (*(each.name for each in self.programs), *self.ensembles)

    @property
    def needs(self) -> Mapping[str, tuple[str, ...]]:
        """For each mapper the models that it calls."""
        return {each.name: each.models for each in self.programs if isinstance(each, MapperProgram)}


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
    joined = tuple(ensembles(plan))
    with writing(folder, "the model repository"):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for each in programs:
            _write_member(folder / each.name, each, instances)
        for ensemble in joined:
            _write_ensemble(folder / ensemble.name, ensemble)
    return Repository(folder, programs, tuple(ensemble.name for ensemble in joined))


def _programs(plan: Plan, workplace: Workplace) -> Iterator[Program | MapperProgram]:
    for segment in plan.served:
        for member in segment.models:
            yield program(plan, segment.model_of(member), member, workplace)
        if segment.mapper:
            yield mapper_program(plan, segment, workplace)


def _write_member(folder: Path, each: Program | MapperProgram, instances: int) -> None:
    version = folder / VERSION
    version.mkdir(parents=True)
    config = mapper_config(each, instances) if isinstance(each, MapperProgram) else member_config(each, instances)
    (folder / "config.pbtxt").write_text(config_text(config))
    (version / FILE).write_text(each.model_dump_json(indent=1) + "\n")
    shutil.copyfile(_GENERIC, version / _GENERIC.name)


def _write_ensemble(folder: Path, ensemble: Ensemble) -> None:
    version = folder / VERSION
    version.mkdir(parents=True)
    (folder / "config.pbtxt").write_text(config_text(ensemble_config(ensemble)))
    (version / "README").write_text(_PLACEHOLDER)
