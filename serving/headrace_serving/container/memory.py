"""What the kernel says of a container's memory, read inside it."""

from __future__ import annotations

import re
from pathlib import Path

_COUNTS = (Path("/sys/fs/cgroup/memory.events"), Path("/sys/fs/cgroup/memory/memory.oom_control"))
"""Of version 2 and of version 1 of control groups."""
_KILLED = re.compile(r"^oom_kill (\d+)$", re.MULTILINE)


def killed_for_memory() -> int:
    """How many processes of this container the kernel has killed because the limit of memory was reached; 0 where it does not say."""
    for path in _COUNTS:
        try:
            found = _KILLED.search(path.read_text(encoding="ascii"))
        except OSError:
            continue
        if found:
            return int(found[1])
    return 0
