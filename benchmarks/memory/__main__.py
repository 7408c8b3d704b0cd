"""Run it: ``python -m benchmarks.memory``. Peaks of a run with a large video over peaks of one with a small video, by process.

The large video is the small one with a box of random bytes behind it that players skip, so that both pass the door.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from benchmarks.rounds import show

SIZE = 200 * 10**6
BAR_MB = 100
ROOT = Path(__file__).parents[2]
SMALL = ROOT / "samples" / "lecture" / "media" / "lecture.mp4"
DAG = Path(__file__).with_name("dag.py")


def main() -> int:
    """Measure and print; 1 when a process grew by more than the bar."""
    with tempfile.TemporaryDirectory() as folder:
        large = Path(folder) / "large.mp4"
        enlarge(large)
        before, _ = peaks(SMALL, Path(folder) / "small")
        after, result = peaks(large, Path(folder) / "large")
        assert result.split()[0] == digest_of(large), "the run did not read every byte"
    grown = {role: after[role] - before[role] for role in after}
    rows = [
        [role, f"{before[role]:.0f} MB", f"{after[role]:.0f} MB", f"{grown[role]:+.0f} MB"] for role in sorted(after)
    ]
    show(
        f"memory: a {SIZE // 10**6} MB video through headrace run (bar: {BAR_MB} MB)",
        rows,
        ["process", "peak, small video", "peak, large", "grown"],
    )
    return int(max(grown.values()) > BAR_MB)


def enlarge(target: Path) -> None:
    """Write the small video and a ``free`` box behind it, a mebibyte at a time."""
    with target.open("wb") as file:
        file.write(SMALL.read_bytes())
        rest = SIZE - file.tell()
        file.write(rest.to_bytes(4, "big") + b"free")
        for size in pieces(rest - 8):
            file.write(os.urandom(size))


def pieces(size: int) -> Iterator[int]:
    """Sizes of at most a mebibyte that add up to ``size``."""
    yield from [1 << 20] * (size >> 20)
    yield size & ((1 << 20) - 1)


def digest_of(file: Path) -> str:
    """What the run must have found."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def peaks(video: Path, folder: Path) -> tuple[dict[str, float], str]:
    """Peak memory in MB of each process of a run, by role, and the run's result."""
    command = [sys.executable, "-m", "headrace", "run", str(DAG), "--input", f"video=@{video}", "--json"]
    command += ["--runtime", "triton", "--state", str(folder / "state"), "--out", str(folder / "out")]
    run = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    seen: dict[int, tuple[str, float]] = {}
    while run.poll() is None:
        for pid in tree(run.pid):
            with suppress(OSError, IndexError, ValueError):
                seen[pid] = role(pid, run.pid), peak_mb(pid)
        time.sleep(0.01)
    assert run.stdout
    told = json.loads(run.stdout.read())
    assert run.returncode == 0, told
    found: dict[str, float] = {}
    for name, peak in seen.values():
        found[name] = max(found.get(name, 0.0), peak)
    return found, str(told["outputs"][0]["value"])


def tree(root: int) -> list[int]:
    """A process and all below it."""
    found = [root]
    for pid in found:
        with suppress(OSError):
            for task in Path(f"/proc/{pid}/task").iterdir():
                found += [int(child) for child in (task / "children").read_text().split()]
    return found


def role(pid: int, driver: int) -> str:
    """What a process is: the driver, the server, or the stub of a model."""
    if pid == driver:
        return "driver"
    words = Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
    name = Path(words[0]).name
    if "stub" in name:
        return f"stub of {Path(words[1]).parts[-3].rsplit('-', 1)[0]}"
    return "server" if name == "tritonserver" else f"{name} {Path(words[1]).name}".strip()


def peak_mb(pid: int) -> float:
    """The most memory the process has had so far (VmHWM)."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1000


if __name__ == "__main__":
    sys.exit(main())
