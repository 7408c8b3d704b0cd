"""Write the starter project into a folder, and never over anything."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

from headrace.disk import writing
from headrace.starter.picture import sunset
from headrace_dags.errors import BadInput, Problem

_FILES = {
    "pyproject.toml": "pyproject.toml.in",
    "postcard.py": "postcard.py.in",
    "tests/test_postcard.py": "test_postcard.py.in",
    "README.md": "README.md.in",
    ".gitignore": "gitignore.in",
    ".env.example": "env.example.in",
    ".vscode/launch.json": "vscode_launch.json.in",
    ".vscode/tasks.json": "vscode_tasks.json.in",
    ".github/workflows/ci.yml": "ci.yml.in",
}


def write(folder: Path, name: str) -> tuple[Path, ...]:
    """Write the project and give its files.

    Raises:
        BadInput: a file of it is there already; nothing is written.
        EnvironmentLack: the folder cannot be written.
    """
    contents = _contents(name)
    there = [path for path in contents if (folder / path).exists()]
    if there:
        expected = "a new project is not written over files that are there"
        raise BadInput(Problem("init-there", str(folder), expected, ", ".join(there), "Name another folder"))
    with writing(folder, "projects", "name another folder"):
        return tuple(_put(folder / path, content) for path, content in contents.items())


def _contents(name: str) -> Mapping[str, bytes]:
    here = files("headrace.starter")
    texts = {path: (here / source).read_text(encoding="utf-8") for path, source in _FILES.items()}
    written = {path: text.replace("{{name}}", name).encode() for path, text in texts.items()}
    return written | {"sunset.png": sunset()}


def _put(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as file:
        file.write(content)
    return path
