"""What must hold of the tree itself: nothing of a machine or an index in it, rooms that explain themselves, short modules."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("front", "dags", "modelmesh", "serving", "events", "pipelines")
PACKAGES = ("headrace_dags", "headrace_modelmesh", "headrace_serving", "headrace_events", "headrace_pipelines")

# Split so that this file does not match itself. Module paths in go.sum name their proxies by design.
REGISTRY_HOSTS = re.compile(
    "|".join(
        re.escape(left + "." + right)
        for left, right in (
            ("pypi", "org"),
            ("files.pythonhosted", "org"),
            ("crates", "io/"),
            ("proxy.golang", "org"),
            ("sum.golang", "org"),
            ("registry.npmjs", "org"),
            ("repo.maven", "apache.org"),
            ("repo1.maven", "org"),
            ("deb.debian", "org"),
        )
    )
)
MACHINE_PATHS = re.compile(r"(?<![\w./])/(?:work|root|farm)/[\w.-]+|(?<![\w./])/home/[a-z]\w*/")


def tracked() -> list[Path]:
    """Files of the repository that exist and are text."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    files = [ROOT / name for name in listed.split("\0") if name]
    assert files, "no files are tracked: run the tests in a clone"
    return [file for file in files if file.is_file() and b"\0" not in file.read_bytes()[:8192]]


def python_files() -> list[Path]:
    return [file for file in tracked() if file.suffix == ".py"]


def found(pattern: re.Pattern[str], files: list[Path]) -> list[str]:
    return [
        f"{file.relative_to(ROOT)}:{number}: {match[0]}"
        for file in files
        for number, line in enumerate(file.read_text(errors="replace").splitlines(), 1)
        for match in pattern.finditer(line)
    ]


def test_no_registry_host_is_named() -> None:
    assert found(REGISTRY_HOSTS, [file for file in tracked() if file.name != "go.sum"]) == []


def test_no_machine_path_is_named() -> None:
    assert found(MACHINE_PATHS, [file for file in tracked() if file.suffix not in {".svg", ".txt"}]) == []


@pytest.mark.parametrize("room", [*ROOMS, "helm", "tests", "samples", "benchmarks", "docs"])
def test_every_room_explains_itself(room: str) -> None:
    text = (ROOT / room / "README.md").read_text()
    assert len(text.split()) >= 20, f"{room}/README.md says too little"


@pytest.mark.parametrize("package", PACKAGES)
def test_room_packages_export_nothing(package: str) -> None:
    room = package.removeprefix("headrace_")
    tree = ast.parse((ROOT / room / package / "__init__.py").read_text())
    assert ast.get_docstring(tree)
    assert len(tree.body) == 1, "a room's __init__ holds its docstring only: users import headrace"


@pytest.mark.parametrize("package", ["headrace", *PACKAGES])
def test_packages_are_typed(package: str) -> None:
    room = "front" if package == "headrace" else package.removeprefix("headrace_")
    assert (ROOT / room / package / "py.typed").exists()


def test_modules_are_short() -> None:
    long = [
        f"{file.relative_to(ROOT)}: {lines} lines"
        for file in python_files()
        if (lines := len(file.read_text().splitlines())) > 500
    ]
    assert long == []


def test_tests_do_not_skip() -> None:
    pattern = re.compile(r"pytest\.skip|skipif|importorskip|\bxfail\b")
    here = Path(__file__)
    assert found(pattern, [file for file in python_files() if "tests" in file.parts and file != here]) == []


def test_product_modules_say_what_lives_in_them() -> None:
    silent = [
        str(file.relative_to(ROOT))
        for file in python_files()
        if file.relative_to(ROOT).parts[0] in ROOMS and not ast.get_docstring(ast.parse(file.read_text()))
    ]
    assert silent == []
