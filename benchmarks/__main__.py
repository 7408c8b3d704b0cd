"""``make bench``: every benchmark, each in a process of its own."""

from __future__ import annotations

import subprocess
import sys

ALL = ("imports", "compiler", "segment", "mapper", "pages", "memory", "decide", "log", "events")


def main() -> int:
    """Run those that were named, or all."""
    codes = [
        subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=False).returncode
        for name in sys.argv[1:] or ALL
    ]
    return max(codes)


if __name__ == "__main__":
    sys.exit(main())
