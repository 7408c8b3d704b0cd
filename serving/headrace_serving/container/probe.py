"""Whether a server can run in a container here, and in whose: one finding per thing, for doctor and before each start. Pure but for :func:`find`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from headrace_dags.errors import EnvironmentLack, Problem
from headrace_serving.container.engine import PROGRAMS, Answer, Engine, Program, Surroundings, engine_of
from headrace_serving.triton.probe import INSTALL, OTHERWISE

_MACHINES = ("x86_64", "aarch64")
_GET = {
    "Linux": f"Install Podman (apt-get install podman, or dnf install podman) or Docker Engine, {OTHERWISE}",
    "Darwin": f"Install Docker Desktop, Podman (brew install podman) or Colima (brew install colima docker), {OTHERWISE}",
}
_START: dict[tuple[Program, str], str] = {
    ("docker", "Linux"): "Start it (sudo systemctl start docker)",
    ("docker", "Darwin"): "Start Docker Desktop, or run colima start",
    ("podman", "Darwin"): "Run podman machine init, then podman machine start",
}


@dataclass(frozen=True, slots=True)
class ContainerFinding:
    """One thing that the runtime container needs.

    Attributes:
        name: what it is, e.g. ``docker``.
        ok: whether it is there.
        detail: what was found.
        needed: what is needed, as a clause.
        fix: what to do where it is not ok, as an imperative sentence without its full stop; else empty.
        engine: the engine that was found.
    """

    name: str
    ok: bool
    detail: str
    needed: str
    fix: str
    engine: Engine | None = None


def find(wanted: str = "auto", around: Surroundings | None = None) -> Engine:
    """The engine to use.

    Args:
        wanted: ``docker``, ``podman``, or ``auto`` for the first of these that works.
        around: what there is; this machine where not given.

    Raises:
        EnvironmentLack: with one problem (code ``container-<name>``) for each finding that is not ok.
    """
    found = findings(around or Surroundings.current(wanted))
    engine = engine_among(found)
    if engine is None:
        raise EnvironmentLack(_problem(finding) for finding in found if not finding.ok)
    return engine


def engine_among(found: tuple[ContainerFinding, ...]) -> Engine | None:
    """The first engine that works, where nothing else is missing."""
    if not all(each.ok for each in found if each.name not in PROGRAMS):
        return None
    return next((each.engine for each in found if each.ok and each.engine), None)


def findings(around: Surroundings) -> tuple[ContainerFinding, ...]:
    """Everything that the runtime container needs, in the order in which a person would mend it."""
    if around.system == "Windows":
        return (_windows(),)
    engines = (_engine(program, answer, around.system) for program, answer in around.answers.items())
    return (*engines, *_client(around))


def _problem(finding: ContainerFinding) -> Problem:
    code = "container-engine" if finding.name in PROGRAMS else f"container-{finding.name}"
    return Problem(code, "runtime container", f"needs {finding.needed}", finding.detail, finding.fix)


def _windows() -> ContainerFinding:
    fix = "Work inside WSL2 (wsl --install), where the runtime triton itself runs"
    return ContainerFinding("platform", False, "Windows", "Linux or macOS", fix)


def _client(around: Surroundings) -> Iterator[ContainerFinding]:
    detail = "installed" if around.client else "not installed"
    fix = "" if around.client else f"Run {INSTALL}"
    yield ContainerFinding("client", around.client, detail, "the package tritonclient[grpc]", fix)


def _engine(program: Program, answer: Answer, system: str) -> ContainerFinding:
    engine = engine_of(answer)
    misfit = _unusable(program, answer, engine, system)
    if engine and not misfit:
        return ContainerFinding(program, True, str(engine), _needed(program), "", engine)
    detail, fix = misfit or ("", "")
    return ContainerFinding(program, False, detail, _needed(program), fix)


def _needed(program: Program) -> str:
    return f"{program.capitalize()} to answer, with Linux containers on this machine"


def _unusable(program: Program, answer: Answer, engine: Engine | None, system: str) -> tuple[str, str] | None:
    """What is in the way, and what to do about it."""
    if not answer.path:
        return f"no program {program}", _GET.get(system, _GET["Linux"])
    if answer.elsewhere:
        leave = f"Unset {answer.variable}" if answer.variable else "Run docker context use default"
        return f"an engine on another machine ({answer.elsewhere})", f"{leave}: containers need this one's files"
    if engine is None:
        return answer.complaint, _mend(program, answer, system)
    if engine.system != "linux":
        return f"containers of {engine.system}", "Switch it to Linux containers"
    if engine.machine not in _MACHINES:
        return f"containers on {engine.machine}", f"Use a machine with {' or '.join(_MACHINES)}, {OTHERWISE}"
    return None


def _mend(program: Program, answer: Answer, system: str) -> str:
    """What to do about an engine that does not answer."""
    if "permission denied" in answer.complaint.lower():
        join = "Join the group docker (sudo usermod -aG docker $USER, then log in again), or use Podman"
        return join if program == "docker" else "Run podman system migrate, and see that /etc/subuid names you"
    if answer.variable:
        return f"Start what {answer.variable} names, or unset it for the engine at its usual place"
    return _START.get((program, system), f"See what {program} info says")
