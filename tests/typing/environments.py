"""What a user has: an environment with one numpy and the wheel of this tree, kept beside the interpreter's own packages.

The packages come from a lock of their own and are installed once for each content of it; the wheel is installed anew each time.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
UV = Path(sys.executable).with_name("uv")
KEPT = Path(sys.prefix) / "typing"
LOCKS = {"numpy 1": "numpy1.txt", "numpy 2": "numpy2.txt"}


def build_wheel(folder: Path) -> Path:
    """The wheel of this tree, as users install it."""
    _do("build", "--wheel", "--no-build-isolation", "--python", sys.executable, "-o", folder, ROOT)
    (built,) = folder.glob("*.whl")
    return built


def environment(numpy: str, wheel: Path) -> Path:
    """The folder of the environment with ``numpy``, which holds ``wheel``."""
    lock = ROOT / "requirements" / LOCKS[numpy]
    folder = KEPT / f"{lock.stem}-{_key(lock)}"
    python = folder / "bin" / "python"
    if not (folder / "whole").exists():
        for old in KEPT.glob(f"{lock.stem}-*"):
            shutil.rmtree(old)
        _do("venv", "--python", sys.executable, folder)
        _do("pip", "install", "--python", python, "--no-deps", "--require-hashes", "-r", lock)
        (folder / "whole").touch()
    _do("pip", "install", "--python", python, "--no-deps", "--reinstall", wheel)
    return folder


def _key(lock: Path) -> str:
    """Another lock or another interpreter is another environment."""
    return hashlib.sha256(lock.read_bytes() + sys.version.encode()).hexdigest()[:12]


def _do(*command: str | Path) -> None:
    done = subprocess.run([UV, *command, "--quiet"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
