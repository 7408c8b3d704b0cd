"""Servers in containers: the image is made where it is missing, and each start runs a container of its own."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

from headrace_dags.errors import EnvironmentLack, Problem
from headrace_serving.container.command import Container
from headrace_serving.container.engine import Engine
from headrace_serving.container.image import Building, Recipe, recipe
from headrace_serving.container.leftovers import Lock, labels, remove_leftovers
from headrace_serving.container.network import closed
from headrace_serving.container.orders import Server
from headrace_serving.container.providing import provide
from headrace_serving.container.running import RunningContainer
from headrace_serving.container.settings import (
    OBJECTS,
    PACKAGES,
    PROJECT,
    RUN,
    TEMPORARY,
    ContainerSettings,
    Mount,
)
from headrace_serving.disk import writing
from headrace_serving.runtimes.contract import Workplace
from headrace_serving.triton.log import ServerLog
from headrace_serving.triton.plainplace import PlainPlace
from headrace_serving.triton.settings import Endpoint, ServerSettings
from headrace_serving.triton.shm import STUB_BYTES, require_disk, shared_memory_lack, size

_SHIPPED = ("headrace", "headrace_dags", "headrace_modelmesh", "headrace_serving")
_REFUSED = 125
_TOLD_LINES = 4


class InContainer:
    """A :class:`~headrace_serving.triton.housing.Housing` in a container engine; see the contract.

    Args:
        engine: runs the containers.
        settings: how they are to be.
        workplace: what they see: the project read-only, objects and the run's folder for writing.
        on_building: told how far the image is where it has to be made.
    """

    name = "container"

    def __init__(
        self,
        engine: Engine,
        settings: ContainerSettings,
        workplace: Workplace,
        on_building: Callable[[Building], None] = lambda _building: None,
    ) -> None:
        self._engine, self._settings, self._on_building = engine, settings, on_building
        self._workplace = workplace
        self._recipe: Recipe | None = None
        self._network = ""

    def place(self, workplace: Workplace, log: str) -> PlainPlace:  # noqa: ARG002  # the contract's
        """See the contract. Paths in the container are plain whatever they are here."""
        scratch = workplace.scratch.absolute()
        with writing(scratch, "the server's folder"):
            (scratch / TEMPORARY).mkdir(parents=True, exist_ok=True)
            workplace.objects.mkdir(parents=True, exist_ok=True)
        folders = (PACKAGES, *_importable(workplace.import_root))
        seen = Workplace(import_root=Path(PROJECT), objects=Path(OBJECTS), scratch=scratch, path=folders)
        real = {PROJECT: workplace.import_root, OBJECTS: workplace.objects, RUN: scratch}
        return PlainPlace(seen, real={inside: str(path.absolute()) for inside, path in real.items()})

    async def require(self, settings: ServerSettings) -> None:
        """See the contract. Builds the image where the engine does not hold it."""
        require_disk(settings.folder, settings.reserve_disk_bytes)
        self._require_shared_memory(len(settings.models) * STUB_BYTES + settings.reserve_shm_bytes)
        await remove_leftovers(self._engine)
        made = self._recipe = recipe(self._engine, self._settings, self._workplace.import_root)
        await provide(self._engine, made, settings.log, self._on_building)
        self._network = await closed(self._engine) if self._settings.network == "closed" else ""

    async def start(self, settings: ServerSettings, endpoint: Endpoint, identity: str) -> RunningContainer:
        """See the contract."""
        log = ServerLog.from_now(settings.log)
        lock = Lock(settings.folder / f"{identity}container.lock")
        try:
            container, order = self._container(endpoint, identity, lock), _ordered(settings, identity)
            running = await RunningContainer.start(self._engine, container, order, settings.log, lock)
        except BaseException:
            lock.release()
            raise
        self._heed_refusal(running, log)
        return running

    def lack(self, message: str) -> EnvironmentLack | None:
        """See the contract. What is free is known only inside."""
        if not shared_memory_lack(message):
            return None
        expected = "a model's process needs shared memory for its tensors"
        return self._too_little(expected)

    def _container(self, endpoint: Endpoint, identity: str, lock: Lock) -> Container:
        assert self._recipe, "require comes first"
        name = identity.strip("-")
        return Container(
            name=name,
            image=self._recipe.tag,
            endpoint=endpoint,
            mounts=tuple(self._mounts()),
            shared_memory_bytes=self._settings.shared_memory_bytes,
            memory_bytes=self._settings.memory_of(self._engine.memory_bytes),
            network=self._network,
            user=(os.getuid(), os.getgid()),
            groups=tuple(sorted(set(os.getgroups()) - {os.getgid()})),
            labels=labels(name, lock.path.absolute()),
        )

    def _require_shared_memory(self, needed: int) -> None:
        if self._settings.shared_memory_bytes < needed:
            raise self._too_little(f"Triton needs {size(needed)} of shared memory")

    def _too_little(self, expected: str) -> EnvironmentLack:
        got = f"{size(self._settings.shared_memory_bytes)} in all"
        write = "Set container_shm to more, or send handles of media instead of arrays"
        return EnvironmentLack(Problem("shared-memory", "shared memory of the container", expected, got, write))

    def _mounts(self) -> Iterator[Mount]:
        workplace = self._workplace
        yield Mount(workplace.import_root.absolute(), PROJECT)
        yield Mount(workplace.objects.absolute(), OBJECTS, writable=True)
        yield Mount(workplace.scratch.absolute(), RUN, writable=True)
        for name in _SHIPPED:
            spec = find_spec(name)
            for location in (spec.submodule_search_locations or ()) if spec else ():
                yield Mount(Path(location).absolute(), f"{PACKAGES}/{name}")

    def _heed_refusal(self, running: RunningContainer, log: ServerLog) -> None:
        """Where the engine did not even start the container, it says why; a port that was taken is found out later.

        Raises:
            EnvironmentLack: code ``container-run``.
        """
        if running.code == _REFUSED and not log.taken_port():
            expected = (
                f"expects {self._engine.kind} to run a container of {self._recipe.tag if self._recipe else 'the image'}"
            )
            write = (
                f"Mend what it names ({self._engine.kind} info tells how it is set up), or use the runtime inprocess"
            )
            got = log.excerpt(_TOLD_LINES)
            raise EnvironmentLack(Problem("container-run", "runtime container", expected, got, write))


def _importable(root: Path) -> Iterator[str]:
    """What the driver imports from folders of the project (``src``), as the container sees it; never an environment."""
    root = root.resolve()
    environments = [Path(prefix).resolve() for prefix in (sys.prefix, sys.base_prefix)]
    for entry in sys.path:
        folder = Path(entry).resolve()
        inside = folder.is_relative_to(root) and folder != root and folder.is_dir()
        if inside and not any(folder.is_relative_to(each) for each in environments if each != root):
            yield f"{PROJECT}/{folder.relative_to(root).as_posix()}"


def _ordered(settings: ServerSettings, identity: str) -> Server:
    repository = settings.repository.absolute().relative_to(settings.folder.absolute())
    return Server(
        identity=identity,
        repository=f"{RUN}/{repository.as_posix()}",
        folder=RUN,
        models=settings.models,
        environment=dict(settings.environment),
        arguments=settings.arguments,
        start_timeout_s=settings.start_timeout_s,
        exit_timeout_s=settings.exit_timeout_s,
    )
