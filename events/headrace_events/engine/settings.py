"""What can be set of the local driver, with its defaults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from headrace_dags.plan.model import Segment

LOCAL_TENANT = "default"
_UNBATCHED_WINDOW = 2
_BATCHED_WINDOW = 4


@dataclass(frozen=True, slots=True)
class ShellSettings:
    """How a run is driven.

    Attributes:
        tenant: whose prefix of the object store the run uses.
        inline_bytes: payload bytes that one event holds itself; what is above goes to the object store.
        log_bytes: payload bytes that all events of a run hold themselves: the local log lies in memory.
        cache_bytes: payload bytes kept in memory for their readers.
        windows: tasks in flight at once, by segment; else :func:`window` says.
        grace_s: how long cancelled tasks may take to leave, in seconds.
    """

    tenant: str = LOCAL_TENANT
    inline_bytes: int = 256 * 1024
    log_bytes: int = 32 * 1024 * 1024
    cache_bytes: int = 64 * 1024 * 1024
    windows: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    grace_s: float = 5.0

    def prefix(self, run: str) -> str:
        """Where the objects of a run lie."""
        return f"{self.tenant}/{run}"

    def window(self, segment: Segment) -> int:
        """Tasks of ``segment`` in flight at once."""
        return max(1, self.windows.get(segment.name, window(segment)))


def window(segment: Segment) -> int:
    """The default window: one task executes while the next one waits at the server.

    A mapped segment with a batched member gets tasks for two whole batches, so that the server finds one to put together
    while the other executes; at least four, because short tasks take longer to bring than to execute. An endpoint elsewhere
    gets as many as its step allows.
    """
    if segment.is_remote:
        return segment.concurrency
    sizes = [member.batching.size for member in segment.members if member.batching]
    if not segment.mapped or not sizes:
        return _UNBATCHED_WINDOW
    return max(_BATCHED_WINDOW, -(-2 * max(sizes) // max(segment.chunk, 1)))
