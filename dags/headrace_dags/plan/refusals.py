"""What a target cannot run: found before anything starts, all of it at once. One small function for each reason. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath, PureWindowsPath

from headrace_dags.axes import mapped_uses, whole_uses
from headrace_dags.declare.modelfile import no_backend
from headrace_dags.demand import ALWAYS, Demand, joins_of
from headrace_dags.errors import PlanError, Problem
from headrace_dags.graph import Graph, Node
from headrace_dags.plan.cuts import gibibytes
from headrace_dags.plan.digests import DigestInputs, module_of
from headrace_dags.plan.model import Slice, Target
from headrace_dags.plan.slices import slice_for


@dataclass(frozen=True, slots=True)
class Case:
    """A node on a target."""

    graph: Graph
    node: Node
    target: Target
    digests: DigestInputs
    demand: Demand = ALWAYS

    def problem(self, code: str, expected: str, got: str, write: str) -> Problem:
        """A problem of the node, at the line of its call."""
        return Problem(code, self.node.name, expected, got, write, self.graph.sources.get(self.node.name))


Refusal = Callable[[Case], Problem | None]


def refuse(graph: Graph, target: Target, digests: DigestInputs, needed: Mapping[str, Demand]) -> None:
    """Raise if ``target`` cannot run ``graph``.

    Raises:
        PlanError: with every problem of every node.
    """
    if problems := tuple(_problems(graph, target, digests, needed)):
        raise PlanError(problems)


def _problems(graph: Graph, target: Target, digests: DigestInputs, needed: Mapping[str, Demand]) -> Iterator[Problem]:
    for node in graph.nodes:
        case = Case(graph, node, target, digests, needed[node.name])
        yield from (problem for refusal in REFUSALS if (problem := refusal(case)))


def unknown_slice(case: Case) -> Problem | None:
    """``slice=`` names what the platform does not have."""
    wanted = case.node.step.resources.slice
    if not wanted or not _needs_slice(case) or slice_for(case.node.step.resources, case.target):
        return None
    return case.problem(
        "slice-unknown", f"expects a slice of {_platform(case)}", f"slice={wanted!r}", _offer(case.target)
    )


def slice_too_small(case: Case) -> Problem | None:
    """``gpu_memory=`` is more than the slice that is asked for by name holds."""
    wanted = case.node.step.resources
    found = slice_for(wanted, case.target)
    if not found or found.gpu_memory_bytes >= wanted.gpu_memory_bytes:
        return None
    expected = f"expects at most the {gibibytes(found.gpu_memory_bytes)} of the slice it asks for, {found.name}"
    return case.problem("slice-too-small", expected, _wanted(wanted.gpu_memory_bytes), _offer(case.target))


def no_slice(case: Case) -> Problem | None:
    """No slice of the platform holds ``gpu_memory=``."""
    wanted = case.node.step.resources
    if wanted.slice or not _needs_slice(case) or slice_for(wanted, case.target):
        return None
    got = _wanted(wanted.gpu_memory_bytes)
    return case.problem("no-slice", f"expects to fit on one slice of {_platform(case)}", got, _offer(case.target))


def not_importable(case: Case) -> Problem | None:
    """A server cannot import what has no module or no name."""
    target = case.node.step.target
    if case.node.join:
        return None
    if module_of(case.node) != "__main__" and "<" not in target:
        return None
    expected = "expects a step that its server can import"
    write = "Define the step at the top of a module with a name; in a notebook, begin its cell with %%headrace FILE.py"
    return case.problem("not-importable", expected, target, write)


def model_outside(case: Case) -> Problem | None:
    """A model file outside the import root does not travel with the code."""
    file = case.node.step.model_file
    if not file or not _outside(file):
        return None
    expected = "expects a model file below the import root"
    return case.problem(
        "model-outside", expected, file, "Move the file beside the code and name it relative to the root"
    )


def model_missing(case: Case) -> Problem | None:
    """The model file is not there."""
    file = case.node.step.model_file
    if file not in case.digests.missing or _outside(file):
        return None
    return case.problem(
        "model-missing", "expects its model file to be there", file, "Put the file there or correct its path"
    )


def no_local_backend(case: Case) -> Problem | None:
    """The server of target ``local`` has no backend for the format of the model file."""
    form = case.node.step.form
    if case.target.kind != "local" or form not in ("tensorrt", "torchscript"):
        return None
    return no_backend(form, case.node.name, case.graph.sources.get(case.node.name))


def no_output(case: Case) -> Problem | None:
    """A model without outputs cannot be served."""
    if case.node.outputs:
        return None
    return case.problem("no-output", "expects a value to give", "nothing", "Return something, if only a bool")


def whole_branch(case: Case) -> Problem | None:
    """A branch is taken item by item, but a step in it also takes all items at once."""
    uses = mapped_uses(case.node)
    both = next((use for use in whole_uses(case.node) if use in uses), None)
    if both is None or not any(case.graph.by_name[join].mapped for join in joins_of(case.demand)):
        return None
    expected = "expects the items of one branch, one by one"
    return case.problem(
        "whole-branch",
        expected,
        f"{both} item by item and as a whole",
        "Give it what it needs of the others by a step before the branch",
    )


def cache_here(case: Case) -> Problem | None:
    """Results are kept in the state folder of this machine."""
    if case.target.kind == "local" or not case.node.options.cache:
        return None
    expected = "expects a target that keeps results between runs"
    return case.problem(
        "no-cache", expected, f"cache=True on {case.target.kind}", "Leave out cache=True for that target"
    )


REFUSALS: tuple[Refusal, ...] = (
    unknown_slice,
    slice_too_small,
    no_slice,
    not_importable,
    model_outside,
    model_missing,
    no_local_backend,
    no_output,
    whole_branch,
    cache_here,
)


def _needs_slice(case: Case) -> bool:
    return case.target.kind == "kubernetes" and case.node.step.resources.device == "gpu"


def _outside(file: str) -> bool:
    path = PurePosixPath(file)
    return path.is_absolute() or PureWindowsPath(file).is_absolute() or ".." in path.parts


def _platform(case: Case) -> str:
    return f"platform {case.target.platform}"


def _wanted(gpu_memory_bytes: int) -> str:
    return f"gpu_memory={gibibytes(gpu_memory_bytes)}"


def _offer(target: Target) -> str:
    if not target.slices:
        return "It offers none: choose another platform, or device='cpu'"
    return "Choose one of " + ", ".join(_shown(each) for each in target.slices)


def _shown(each: Slice) -> str:
    return f"{each.name} ({gibibytes(each.gpu_memory_bytes)})"
