"""What GPUs there are, how they are cut into partitions, and which platform offers what. Facts are in ``catalogue.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files

from headrace_dags.errors import BadInput, Problem
from headrace_dags.plan.model import Slice
from headrace_dags.record import Record

ASSUMPTION = "assumption"
"""The source of a figure that nobody has published."""
WHOLE = 8
"""Rank of a whole GPU among slices of equal memory: behind any partition, which has at most 7 compute slices."""


class Profile(Record):
    """A MIG partition of a GPU.

    Attributes:
        name: as in a device request: ``1g.10gb``.
        compute: compute slices, of the GPU's seven.
        memory_gib: memory a program can use.
        source: where the figure comes from.
    """

    name: str
    compute: int
    memory_gib: float
    source: str


class Gpu(Record):
    """A GPU: memory a program can use, where the figure comes from, and the partitions it can be cut into."""

    memory_gib: float
    source: str
    profiles: tuple[Profile, ...] = ()


class Platform(Record):
    """What a platform offers by default: GPUs by name, and which of them it cuts into partitions."""

    gpus: tuple[str, ...]
    partitioned: tuple[str, ...]
    sources: tuple[str, ...]


class Catalogue(Record):
    """Everything that is known, by name."""

    sources: Mapping[str, str]
    gpus: Mapping[str, Gpu]
    platforms: Mapping[str, Platform]


@cache
def catalogue() -> Catalogue:
    """The catalogue that ships with Headrace."""
    text = files("headrace_modelmesh").joinpath("catalogue.toml").read_text(encoding="utf-8")
    return Catalogue.model_validate(tomllib.loads(text))


def platforms() -> tuple[str, ...]:
    """Names of the platforms that are known."""
    return tuple(sorted(catalogue().platforms))


def slices_of(platform: str) -> tuple[Slice, ...]:
    """The slices that ``platform`` offers, smallest first; of equal ones the one that takes less of a GPU first.

    A profile that several GPUs share is one slice, with the memory of the least of them: a request that names the profile
    may be given any of them.

    Raises:
        BadInput: no such platform (code ``unknown-platform``).
    """
    offered = catalogue().platforms.get(platform)
    if offered is None:
        known = ", ".join(platforms())
        raise BadInput(
            Problem("unknown-platform", "--platform", f"expects one of {known}", repr(platform), "Name one of these")
        )
    least: dict[str, tuple[int, int]] = {}
    for name, memory_gib, compute in _offers(offered):
        entry = (int(memory_gib * 2**30), compute)
        least[name] = min(entry, least.get(name, entry))
    return tuple(
        Slice(name=name, gpu_memory_bytes=least[name][0]) for name in sorted(least, key=lambda each: least[each])
    )


def _offers(platform: Platform) -> Iterator[tuple[str, float, int]]:
    """Name, memory and rank of each slice, of every GPU by itself."""
    for name in platform.gpus:
        gpu = catalogue().gpus[name]
        yield name, gpu.memory_gib, WHOLE
        if name in platform.partitioned:
            yield from ((profile.name, profile.memory_gib, profile.compute) for profile in gpu.profiles)
