"""What is installed in the image: the server and what Headrace needs, from a lock with hashes, and the project's packages."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from headrace_dags.errors import EnvironmentLack, Problem
from headrace_serving.triton.host import DISTRIBUTION

SERVER, OWN, PROJECT = "server.txt", "headrace.txt", "project.txt"
_LOCKED = Path(__file__).with_name("locked")
_NOT_AGAIN = frozenset({"headrace", DISTRIBUTION})
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_INCLUDE = re.compile(r"(-r|--requirement|-c|--constraint)[ =]?\s*(\S+)")
_LOCAL = re.compile(r"(?:(?:-e|--editable)[ =]?\s*)?((?:\.{1,2}(?:/|$)|/|file:)\S*)")
_EXPORT_LIMIT_S = 120.0


@dataclass(frozen=True, slots=True)
class Packages:
    """Files for pip.

    Attributes:
        origin: where the project's packages come from; empty where it names none.
        files: text by name.
    """

    origin: str
    files: Mapping[str, str]


def packages(root: Path, named: str = "auto") -> Packages:
    """All that the image needs.

    Args:
        root: the import root.
        named: file below it that names the packages; ``auto`` looks for uv.lock, requirements.txt and pyproject.toml.

    Raises:
        EnvironmentLack: the file that was named is not there, or names what pip cannot install in the image.
    """
    origin, lines, more = _of_project(root, named)
    return Packages(origin, {**locked(), PROJECT: _text(lines), **more})


def locked() -> dict[str, str]:
    """The lock of this release: every package with its version and the hashes of its wheels, by file."""
    return {name: (_LOCKED / name).read_text(encoding="utf-8") for name in (SERVER, OWN)}


def _of_project(root: Path, named: str) -> tuple[str, list[str], dict[str, str]]:
    """Where the project's packages are named, the lines, and the files that they refer to."""
    file = _file(root, named)
    if file is None:
        return "", [], {}
    if file.name == "uv.lock":
        reader = _Reader(root)
        return file.name, list(reader.kept(_exported(file), file)), reader.constraints
    if file.name == "pyproject.toml":
        reader = _Reader(root)
        return file.name, list(reader.kept("\n".join(_declared(file)), file)), reader.constraints
    reader = _Reader(root)
    return str(file.relative_to(root)), list(reader.read(file)), reader.constraints


def _file(root: Path, named: str) -> Path | None:
    if named == "auto":
        known = (root / name for name in ("uv.lock", "requirements.txt", "pyproject.toml"))
        return next((file for file in known if file.is_file()), None)
    if (root / named).is_file() and (root / named).resolve().is_relative_to(root.resolve()):
        return root / named
    write = "Name a requirements file, uv.lock or pyproject.toml in the setting container_requirements"
    raise _refused(named, f"expects a file below {root}", "none", write)


def _declared(file: Path) -> list[str]:
    """The dependencies of a project, as its pyproject.toml declares them."""
    try:
        table: Any = tomllib.loads(file.read_text(encoding="utf-8")).get("project", {})
    except (OSError, ValueError) as error:
        raise _refused(str(file), "expects TOML in UTF-8", str(error), "Mend the file") from None
    found = table.get("dependencies", []) if isinstance(table, dict) else []
    return [str(each) for each in found]


def _exported(lock: Path) -> str:
    """A lock of uv as requirements, by uv itself: its format is uv's own."""
    uv = shutil.which("uv")
    write = "Install uv, or write the packages into requirements.txt and name it in the setting container_requirements"
    if uv is None:
        raise _refused(str(lock), "needs the program uv to be read", "none on PATH", write)
    command = [uv, "export", "--frozen", "--no-dev", "--no-emit-project", "--no-header", "--format", "requirements-txt"]
    try:
        done = subprocess.run(  # noqa: S603  # the person's own uv, on the person's own lock
            command, cwd=lock.parent, capture_output=True, text=True, check=False, timeout=_EXPORT_LIMIT_S
        )
    except subprocess.TimeoutExpired:
        raise _refused(str(lock), "expects uv export to end", "no end", write) from None
    if done.returncode:
        raise _refused(str(lock), "expects uv export to succeed", done.stderr.strip()[-500:], write)
    return done.stdout


@dataclass
class _Reader:
    """Requirements files, those that they include put in their place.

    Attributes:
        root: the import root.
        constraints: the files of constraints that were met, by the name that they get.
        included: the files that are being read because one includes the next.
    """

    root: Path
    constraints: dict[str, str] = field(default_factory=dict[str, str])
    included: list[Path] = field(default_factory=list[Path])

    def read(self, file: Path) -> Iterator[str]:
        """The lines of a file that pip gets in the image."""
        try:
            text = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise _refused(str(file), "expects requirements in UTF-8", str(error), "Mend the file") from None
        yield from self.kept(text, file)

    def kept(self, text: str, file: Path) -> Iterator[str]:
        """The lines that stay: Headrace is mounted, and so is all that lies in the project."""
        for line in _lines(text):
            if include := _INCLUDE.fullmatch(line):
                yield from self._included(include[1], file.parent / include[2])
            elif local := _LOCAL.match(line):
                self._refuse_outside(local[1], file)
            elif _name(line) not in _NOT_AGAIN:
                yield line

    def _included(self, option: str, file: Path) -> Iterator[str]:
        if file.resolve() in self.included:
            raise _refused(
                str(file), "expects files that do not include each other", "a circle", "Take out one -r or -c"
            )
        self.included.append(file.resolve())
        yield from self._of_included(option, file)
        self.included.pop()

    def _of_included(self, option: str, file: Path) -> Iterator[str]:
        if option in {"-r", "--requirement"}:
            yield from self.read(file)
            return
        name = f"constraints-{len(self.constraints)}.txt"
        self.constraints[name] = ""  # its number is taken before it is read
        self.constraints[name] = _text(self.read(file))
        yield f"-c {name}"

    def _refuse_outside(self, path: str, file: Path) -> None:
        folder = (file.parent / path.removeprefix("file:").removeprefix("//").partition("#")[0]).resolve()
        if not folder.is_relative_to(self.root.resolve()):
            write = "Put the package below the project, or build its wheel into the base image (container_base)"
            raise _refused(str(file), f"expects packages of an index, or folders below {self.root}", path, write)


def _lines(text: str) -> Iterator[str]:
    """Logical lines, as pip reads them: continued ones joined, comments gone."""
    joined = re.sub(r"\\\r?\n\s*", "", text)
    for line in joined.splitlines():
        if stripped := re.sub(r"(?:^|\s)#.*", "", line).strip():
            yield stripped


def _name(requirement: str) -> str:
    found = _NAME.match(requirement)
    return re.sub(r"[-_.]+", "-", found[0]).lower() if found else ""


def _text(lines: Iterator[str] | list[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _refused(where: str, expected: str, got: str, write: str) -> EnvironmentLack:
    return EnvironmentLack(Problem("container-packages", where, expected, got, write))
