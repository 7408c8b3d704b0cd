"""The image of the runtime container: what it is made from, the tag that says so, and its making. When to make it is said elsewhere."""

from __future__ import annotations

import asyncio
import contextlib
import io
import re
import tarfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from headrace_dags.errors import EnvironmentLack, Problem
from headrace_dags.record import digest
from headrace_serving.container.engine import Engine
from headrace_serving.container.packages import packages
from headrace_serving.container.settings import ContainerSettings
from headrace_serving.triton.log import ServerLog

REPOSITORY = "headrace-runtime"
_DOCKERFILE = Path(__file__).with_name("Dockerfile")
_TOLD_LINES = 12
_LONGEST_LINE = 16 << 20
_END_LIMIT_S = 10.0
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
        waits: whether another run makes the image, and this one waits for it.
    """

    recipe: Recipe
    step: int = 0
    steps: int = 0
    doing: str = ""
    waits: bool = False


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
    code = await _run(build_command(engine, made), archive(made), log, told_steps(made, told))
    if code:
        said = output.excerpt(_TOLD_LINES)
        expected = f"expects {engine.kind} to build the image {made.tag} on {made.base}"
        got = f"code {code}:\n{said}\n"
        raise EnvironmentLack(Problem("container-image", "runtime container", expected, got, _ADVICE))


def archive(made: Recipe) -> bytes:
    """The files of a build as an archive; equal files give an equal one."""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as tar:
        for name, text in sorted(made.files.items()):
            content = text.encode()
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), 0o644
            tar.addfile(entry, io.BytesIO(content))
    return data.getvalue()


def build_command(engine: Engine, made: Recipe) -> list[str]:
    """The command that builds an image from the archive on its standard input.

    A build that fails leaves nothing behind; nor does a driver that is killed meanwhile, as it would a folder.
    """
    return [engine.path, "build", "--force-rm", "--tag", made.tag, "--build-arg", f"BASE={made.base}", "-"]


async def _run(command: list[str], given: bytes, log: Path, heard: Callable[[str], None]) -> int:
    """Run a build, ``given`` its files; every line that it prints goes into the log and is ``heard``."""
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        limit=_LONGEST_LINE,
        start_new_session=True,
    )
    assert process.stdin
    assert process.stdout
    process.stdin.write(given)
    process.stdin.write_eof()
    try:
        with log.open("ab", buffering=0) as output:
            async for line in process.stdout:
                output.write(line)
                heard(line.decode(errors="replace"))
        return await process.wait()
    finally:
        await _end(process)


async def _end(process: asyncio.subprocess.Process) -> None:
    """See that a build has ended; one whose engine hangs is not waited for."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), _END_LIMIT_S)
    if process.returncode is None:
        process.kill()
        await process.wait()
