"""When the image is made: where the engine does not hold it, or its base has changed, and by one driver at a time."""

from __future__ import annotations

import asyncio
import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from headrace_serving.container.asking import ask
from headrace_serving.container.engine import Engine
from headrace_serving.container.image import Building, Recipe, build
from headrace_serving.container.leftovers import Lock

_LOOK_S = 0.5


async def provide(engine: Engine, made: Recipe, log: Path, told: Callable[[Building], None]) -> None:
    """See that the engine holds an image.

    Args:
        engine: builds and holds it.
        made: what it is made from.
        log: file that receives what a build prints, appended.
        told: how far a build is.

    Raises:
        EnvironmentLack: it cannot be built, or the engine does not answer.
    """
    if await is_built(engine, made):
        return
    lock = await _turn(_lock_of(engine, made), lambda: told(Building(made, waits=True)))
    try:
        if not await is_built(engine, made):
            before = await _fact(engine, made.tag, ".Id")
            await build(engine, made, log, told)
            if before:
                await ask(engine, "image", "rm", before)  # stays where a run still uses it
    finally:
        if lock:
            lock.release()


async def is_built(engine: Engine, made: Recipe) -> bool:
    """Whether the engine holds the image, on its base as that is now: another image may have got the base's name meanwhile."""
    image = await _layers(engine, made.tag)
    base = await _layers(engine, made.base) if image else []
    return bool(image) and image[: len(base)] == base


async def _layers(engine: Engine, image: str) -> list[str]:
    """What an image consists of, from the base upwards; nothing where the engine does not hold it."""
    return list(json.loads(await _fact(engine, image, "json .RootFS.Layers") or "[]"))


async def _fact(engine: Engine, image: str, wanted: str) -> str:
    """What an engine says of an image; nothing where it does not hold it."""
    told = await ask(engine, "image", "inspect", "--format", f"{{{{{wanted}}}}}", image)
    return "" if told.code else told.text.strip()


async def _turn(path: Path, wait: Callable[[], None]) -> Lock | None:
    """The lock of whoever builds, when nobody else does; ``None`` where none can be had."""
    waits = False
    while True:
        try:
            return Lock(path)
        except BlockingIOError:
            if not waits:
                wait()
            waits = True
            await asyncio.sleep(_LOOK_S)
        except OSError:  # two builds of one image cost time, and nothing else
            return None


def _lock_of(engine: Engine, made: Recipe) -> Path:
    """A file that all runs of a person share, in whatever project they are."""
    return Path(tempfile.gettempdir(), f"headrace-{os.getuid()}-{engine.kind}-{made.tag.partition(':')[2]}.lock")
