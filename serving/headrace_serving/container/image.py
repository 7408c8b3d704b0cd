"""The image of the runtime container: what it is made from, the tag that says so, and its making where it is not there."""

from __future__ import annotations

import asyncio
import re
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from headrace_dags.errors import EnvironmentLack, Problem
from headrace_dags.record import digest
from headrace_serving.container.asking import ask
from headrace_serving.container.engine import Engine
from headrace_serving.container.packages import packages
from headrace_serving.container.settings import ContainerSettings
from headrace_serving.triton.log import ServerLog

REPOSITORY = "headrace-runtime"
_DOCKERFILE = Path(__file__).with_name("Dockerfile")
_TOLD_LINES = 12
_LONGEST_LINE = 16 << 20
_ADVICE = (
    "See that the base image and the packages can be had from here, or set container_base, or use the runtime inprocess"
)
_STEP = re.compile(r"(?:STEP|#\d+ \[)\s*(\d+)/(\d+)\s*[:\]]\s*(.*)", re.IGNORECASE)
"""As Docker, its BuildKit and Podman begin a step: ``Step 3/9 : RUN``, ``#7 [3/9] RUN``, ``STEP 3/9: RUN``."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """What an image is made from.

    Attributes:
        base: the image that it is built on.
        machine: processor architecture.
        origin: where the project's packages are named; empty where nowhere.
        files: text by path in the build's folder.
    """

    base: str
    machine: str
    origin: str
    files: Mapping[str, str]

    @property
    def tag(self) -> str:
        """The image's name: equal content has an equal name, so that it is built once."""
        content = {"base": self.base, "machine": self.machine, "files": dict(self.files)}
        return f"{REPOSITORY}:{digest(content)[:16]}"


@dataclass(frozen=True, slots=True)
class Building:
    """How far the making of an image is.

    Attributes:
        recipe: of the image.
        step: the step that has begun, from 1; 0 before the first.
        steps: how many there are.
        doing: what the step does.
    """

    recipe: Recipe
    step: int = 0
    steps: int = 0
    doing: str = ""


def told_steps(made: Recipe, told: Callable[[Building], None]) -> Callable[[str], None]:
    """What hears the lines of a build and tells of each step that begins."""

    def hear(line: str) -> None:
        if match := _STEP.match(line):
            told(Building(made, int(match[1]), int(match[2]), match[3].strip()))

    return hear


def recipe(engine: Engine, settings: ContainerSettings, root: Path) -> Recipe:
    """The recipe for the project at the import root ``root``.

    Raises:
        EnvironmentLack: its packages cannot be known, or not be installed.
    """
    found = packages(root, settings.requirements)
    files = {f"packages/{name}": text for name, text in found.files.items()}
    dockerfile = {"Dockerfile": _DOCKERFILE.read_text(encoding="utf-8")}
    return Recipe(settings.base_image, engine.machine, found.origin, dockerfile | files)


async def is_built(engine: Engine, made: Recipe) -> bool:
    """Whether the engine holds the image."""
    return not (await ask(engine, "image", "inspect", "--format", "{{.Id}}", made.tag)).code


async def build(engine: Engine, made: Recipe, log: Path, told: Callable[[Building], None]) -> None:
    """Build the image; ends the build when cancelled.

    Args:
        engine: builds and holds it.
        made: what it is made from.
        log: file that receives what the build prints, appended.
        told: how far it is; called first before anything is done, then at each step.

    Raises:
        EnvironmentLack: code ``container-image``: the build failed; with its last lines.
    """
    told(Building(made))
    output = ServerLog.from_now(log)
    with tempfile.TemporaryDirectory(prefix="headrace-image-") as folder:
        write(made, Path(folder))
        code = await _run(build_command(engine, made, folder), log, told_steps(made, told))
    if code:
        said = output.excerpt(_TOLD_LINES)
        expected = f"expects {engine.kind} to build the image {made.tag} on {made.base}"
        got = f"code {code}:\n{said}\n"
        raise EnvironmentLack(Problem("container-image", "runtime container", expected, got, _ADVICE))


def write(made: Recipe, folder: Path) -> None:
    """Write the build's folder."""
    for name, text in made.files.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")


def build_command(engine: Engine, made: Recipe, folder: str) -> list[str]:
    """The command that builds an image from the folder; a build that fails leaves nothing behind."""
    return [engine.path, "build", "--force-rm", "--tag", made.tag, "--build-arg", f"BASE={made.base}", folder]


async def _run(command: list[str], log: Path, heard: Callable[[str], None]) -> int:
    """Run a build; every line that it prints goes into the log and is ``heard``."""
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        limit=_LONGEST_LINE,
        start_new_session=True,
    )
    assert process.stdout
    try:
        with log.open("ab", buffering=0) as output:
            async for line in process.stdout:
                output.write(line)
                heard(line.decode(errors="replace"))
        return await process.wait()
    except asyncio.CancelledError:
        process.terminate()
        await process.wait()
        raise
