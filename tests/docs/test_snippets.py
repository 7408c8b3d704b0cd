"""Every page of the documentation works as written.

A page is played from top to bottom in an empty folder, as a reader would:

- a fenced block whose first line is ``# file: NAME`` (or ``<!-- file: NAME -->``) is written to that file;
- a ``console`` block is typed: each ``$ command`` must end with 0 (or with N where the line ends in ``# exit N``), and each
  line below it must appear in the output, in order; a line ``...`` stands for anything;
- a ``python`` block whose first line is ``# from: PATH`` must stand in that file of the repository, word for word;
- a ``python`` block whose first line is ``# peer: NAME VERSION`` is another project's: it must compile, and is not run;
- a ``yaml`` block must load as an object of Kubernetes;
- any other ``python`` block is run as a script.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    page
    for page in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), *(ROOT / "samples").rglob("*.md")]
    if "```" in page.read_text()
)
FENCE = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"^(?:#|//|<!--) file: (\S+)")
PEER = re.compile(r"^# peer: \S+ \S+\n")
EXCERPT = re.compile(r"^# from: (\S+)\n")
PICTURES = {"mermaid", "text", ""}
MAKE = re.compile(r"\$ (make|git|cd) ")
"""Commands of a fresh clone are played by continuous integration, not by a page."""


@dataclass(frozen=True)
class Block:
    kind: str
    body: str
    line: int


def blocks(page: Path) -> Iterator[Block]:
    text = page.read_text()
    for match in FENCE.finditer(text):
        yield Block(match[1], match[2], text.count("\n", 0, match.start()) + 1)


@dataclass(frozen=True)
class Command:
    typed: str
    code: int
    expected: tuple[str, ...]


def commands(block: Block) -> Iterator[Command]:
    for part in re.split(r"^\$ ", block.body, flags=re.MULTILINE)[1:]:
        typed, *shown = part.rstrip("\n").split("\n")
        asked = re.search(r"# exit (\d+)$", typed)
        yield Command(typed, int(asked[1]) if asked else 0, tuple(line for line in shown if line.strip()))


def holds(output: str, expected: tuple[str, ...]) -> str:
    """The first expected line that the output lacks, or nothing."""
    lines = iter([re.sub(r"\s+", " ", line).strip() for line in output.splitlines()])
    for want in expected:
        if want.strip() == "...":
            continue
        pattern = re.escape(re.sub(r"\s+", " ", want).strip()).replace(re.escape("..."), ".*")
        if not any(re.fullmatch(pattern, line) for line in lines):
            return want
    return ""


def environment(folder: Path) -> dict[str, str]:
    bin_ = str(Path(sys.executable).parent)
    plain = {key: value for key, value in os.environ.items() if not key.startswith("HEADRACE_")}
    return plain | {"PATH": f"{bin_}:{plain['PATH']}", "NO_COLOR": "1", "HOME": str(folder), "COLUMNS": "200"}


def play(block: Block, folder: Path) -> None:
    first = FILE.match(block.body)
    if first:
        file = folder / first[1]
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(block.body.partition("\n")[2] if first[0].startswith("<!--") else block.body)
    elif excerpt := EXCERPT.match(block.body):
        assert block.body[excerpt.end() :].strip() in (ROOT / excerpt[1]).read_text(), (
            f"line {block.line}: not in there"
        )
    elif PEER.match(block.body):
        compile(block.body, f"line {block.line}", "exec")
    elif block.kind == "yaml":
        assert {"apiVersion", "kind", "metadata", "spec"} == set(yaml.safe_load(block.body)), f"line {block.line}"
    elif block.kind == "console":
        for command in commands(block):
            if not MAKE.match(f"$ {command.typed}"):
                run(command, folder, block.line)
    elif block.kind == "python":
        run(Command(f"{sys.executable} -c {quoted(block.body)}", 0, ()), folder, block.line)
    else:
        assert block.kind in PICTURES | {"toml", "json", "html"}, (
            f"line {block.line}: nobody plays a {block.kind} block"
        )


def quoted(text: str) -> str:
    return "'" + text.replace("'", "'\"'\"'") + "'"


def run(command: Command, folder: Path, line: int) -> None:
    done = subprocess.run(
        ["bash", "-c", command.typed],
        cwd=folder,
        env=environment(folder),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    output = done.stdout + done.stderr
    assert done.returncode == command.code, f"line {line}: $ {command.typed}\nexit {done.returncode}\n{output}"
    missing = holds(output, command.expected)
    assert not missing, f"line {line}: $ {command.typed}\nshould print: {missing}\nprinted:\n{output}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_page_works_as_written(page: Path, tmp_path: Path) -> None:
    if page.is_relative_to(ROOT / "samples"):
        shutil.copytree(page.parent, tmp_path, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".headrace", "out"))
    for block in blocks(page):
        play(block, tmp_path)


def test_holds_finds_what_is_missing() -> None:
    assert holds("a b\nc", ("a  b", "...", "c")) == ""
    assert holds("took 12 ms", ("took ... ms",)) == ""
    assert holds("a\nb", ("b", "a")) == "a"
