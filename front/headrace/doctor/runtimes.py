"""Where the server can run: on this machine, or in a container. One of the two is enough. Pure but for :func:`runtimes`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from headrace.doctor.finding import Finding, Standing

if TYPE_CHECKING:
    from headrace_serving.container.engine import Surroundings
    from headrace_serving.triton.host import Host

_SHOWN_TAGS = 3


def runtimes() -> tuple[Finding, ...]:
    """What the runtimes triton and container need of this machine."""
    from packaging.tags import platform_tags

    from headrace_serving.container.engine import Surroundings
    from headrace_serving.triton.host import Host

    return findings(Host.current(), tuple(platform_tags()), Surroundings.current())


def findings(host: Host, tags: Sequence[str], around: Surroundings) -> tuple[Finding, ...]:
    """What a machine has of what the runtimes need.

    Args:
        host: what it offers to Triton.
        tags: of the wheels that it takes, the most special first, e.g. ``manylinux_2_36_x86_64``.
        around: what it offers to the container.
    """
    from headrace_serving.container import probe as of_container
    from headrace_serving.triton import probe as of_triton

    on_machine, in_container = of_triton.findings(host), of_container.findings(around)
    works = all(each.ok for each in on_machine) or of_container.engine_among(in_container) is not None
    lack: Standing = "optional" if works else "missing"
    triton = [
        Finding("triton", each.name, "ok" if each.ok else lack, each.detail, each.needed, each.fix)
        for each in on_machine
    ]
    container = [
        Finding("container", each.name, "ok" if each.ok else lack, each.detail, each.needed, each.fix)
        for each in in_container
    ]
    return (*_wheel_tags(tags, lack), *triton, *container)


def _wheel_tags(tags: Sequence[str], lack: Standing) -> Iterator[Finding]:
    """Whether pip finds a wheel of the server for this machine: the same that the server asks of it, in pip's words."""
    from headrace_serving.triton.probe import LEAST_GLIBC, MACHINES, OTHERWISE

    built = [f"manylinux_{LEAST_GLIBC[0]}_{LEAST_GLIBC[1]}_{machine}" for machine in MACHINES]
    taken = [tag for tag in built if tag in tags]
    fix = "" if taken else f"Use a Linux that takes it, or the runtime container, {OTHERWISE}"
    shown = ", ".join(tags[:_SHOWN_TAGS]) or "none"
    detail = f"takes {taken[0]}" if taken else f"takes {shown} and older"
    yield Finding("triton", "wheel tags", "ok" if taken else lack, detail, f"a wheel for {' or '.join(built)}", fix)
