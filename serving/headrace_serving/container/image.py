"""The image of the runtime container: what it is made from, the tag that says so, and its making where it is not there."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from headrace_dags.errors import EnvironmentLack, Problem
from headrace_dags.record import digest
from headrace_serving.container.engine import Engine
from headrace_serving.container.packages import packages
from headrace_serving.container.settings import ContainerSettings
from headrace_serving.triton.log import ServerLog

REPOSITORY = "headrace-runtime"
LABEL = "dev.headrace.image=runtime"
_DOCKERFILE = Path(__file__).with_name("Dockerfile")
_TOLD_LINES = 12


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
    asking = await asyncio.create_subprocess_exec(
        engine.path,
        *("image", "inspect", "--format", "{{.Id}}", made.tag),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    return not await asking.wait()


async def build(engine: Engine, made: Recipe, log: Path) -> None:
    """Build the image; ends the build when cancelled.

    Args:
        engine: builds and holds it.
        made: what it is made from.
        log: file that receives what the build prints, appended.

    Raises:
        EnvironmentLack: code ``container-image``: the build failed; with its last lines.
    """
    output = ServerLog.from_now(log)
    with tempfile.TemporaryDirectory(prefix="headrace-image-") as folder:
        write(made, Path(folder))
        code = await _run(build_command(engine, made, folder), log)
    if code:
        said = output.excerpt(_TOLD_LINES)
        expected = f"{engine.kind} builds the image {made.tag} on {made.base}"
        advice = "See that the base image and the packages can be had from here, or set container_base, or use the runtime inprocess"
        raise EnvironmentLack(
            Problem("container-image", "runtime container", expected, f"code {code}:\n{said}\n", advice)
        )


def write(made: Recipe, folder: Path) -> None:
    """Write the build's folder."""
    for name, text in made.files.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")


def build_command(engine: Engine, made: Recipe, folder: str) -> list[str]:
    """The command that builds an image from the folder."""
    return [engine.path, "build", "--tag", made.tag, "--build-arg", f"BASE={made.base}", folder]


async def _run(command: list[str], log: Path) -> int:
    with log.open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            *command, stdin=asyncio.subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
        )
    try:
        return await process.wait()
    except asyncio.CancelledError:
        process.terminate()
        await process.wait()
        raise
