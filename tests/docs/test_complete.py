"""The documentation is complete and holds together: links and anchors, names, options with their defaults, rules of cuts, tasks."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

import headrace as hr
from headrace_dags.plan import cuts

ROOT = Path(__file__).parents[2]
LISTED = subprocess.run(["git", "ls-files", "*.md"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
PAGES = [ROOT / name for name in LISTED.splitlines() if not name.startswith("dags/headrace_dags/")]
REFERENCE = ROOT / "docs" / "reference"
DECLARE = ROOT / "dags" / "headrace_dags" / "declare"
FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def prose(page: Path) -> str:
    return FENCED.sub("", page.read_text())


def anchors(page: Path) -> set[str]:
    """What a forge makes of the headings of a page."""
    headings = re.findall(r"^#+ (.*)$", prose(page), re.MULTILINE)
    bare = [re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading) for heading in headings]
    return {re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-") for heading in bare}


def targets(page: Path) -> Iterator[tuple[Path, str]]:
    """The files of this repository that a page links to, with the anchor in each."""
    for link in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        file, _, anchor = link.partition("#")
        if "://" not in link:
            yield (page.parent / file).resolve() if file else page, anchor


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for target, anchor in targets(page):
        assert target.exists(), f"no {target}"
        assert not anchor or anchor in anchors(target), f"no #{anchor} in {target.name}, which has {anchors(target)}"


def test_every_page_is_found_from_the_index() -> None:
    index = ROOT / "docs" / "README.md"
    linked = {target for target, _ in targets(index)}
    assert {page for page in PAGES if page.is_relative_to(ROOT / "docs")} - linked == {index}


def test_every_picture_is_shown() -> None:
    shown = {target for page in PAGES for target, _ in targets(page)}
    assert set((ROOT / "docs" / "images").iterdir()) <= shown


def test_every_sample_has_a_picture() -> None:
    samples = [page for page in PAGES if page.parent.parent == ROOT / "samples"]
    assert len(samples) == 5
    assert [page for page in samples if not any(target.suffix == ".svg" for target, _ in targets(page))] == []


def test_every_public_name_is_in_the_reference() -> None:
    text = "".join(page.read_text() for page in REFERENCE.glob("*.md") if page.name in {"steps.md", "media-types.md"})
    named = set(re.findall(r"\bhr\.(\w+)", text))
    assert set(hr.__all__) - named == set()
    assert named - set(hr.__all__) == set()


def options(module: str, name: str, within: str = "") -> dict[str, str]:
    """Name and default of each option of a function, as it is written for checkers."""
    found: dict[str, str] = {}
    tree: ast.AST = ast.parse((DECLARE / f"{module}.py").read_text())
    if within:
        tree = next(node for node in ast.walk(tree) if isinstance(node, ast.ClassDef) and node.name == within)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name == name:
            given = zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
            found |= {each.arg: ast.unparse(default).replace("'", '"') if default else "" for each, default in given}
    return found


def rows(*headings: str) -> dict[str, str]:
    """Option and default of the tables under some headings of the page."""
    parts = re.split(r"^## (.*)$", (REFERENCE / "steps.md").read_text(), flags=re.MULTILINE)
    text = "".join(body for heading, body in zip(parts[1::2], parts[2::2], strict=True) if heading in headings)
    heads = next(line for line in text.splitlines() if line.startswith("| option"))
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line[:3] == "| `"]
    assert "default" in heads
    return {row[0].strip("`"): row[-2].strip("`") for row in cells}


@pytest.mark.parametrize(
    ("headings", "functions"),
    [
        (
            ("What a step needs", "Many items"),
            [("steps", "step"), ("steps", "batched"), ("stateful", "__init_subclass__"), ("modelfile", "onnx")],
        ),
        (("A remote step",), [("remote", "remote")]),
        (("One use of a step",), [("steps", "with_", "Step")]),
        (("A dag",), [("dag", "dag")]),
    ],
)
def test_every_option_is_in_the_reference_with_its_default(headings, functions) -> None:
    wanted: dict[str, str] = {}
    for function in functions:
        wanted |= options(*function)
    wanted = {name: "" if name == "size" else default for name, default in wanted.items()}
    if "A remote step" in headings:
        del wanted["size"]  # of all batches, told with them
    assert rows(*headings) == wanted


def test_every_rule_of_cuts_is_explained() -> None:
    page = (ROOT / "docs" / "how-to" / "why-was-this-cut.md").read_text()
    explained = set(re.findall(r"^(?:\| |- \*\*)`([a-z-]+)`", page, re.MULTILINE))
    rules = (*cuts.HOP_RULES, *cuts.SEGMENT_RULES, *cuts.MAPPER_RULES, *cuts.MODEL_RULES)
    source = Path(cuts.__file__).read_text()
    codes = {code for code, _ in rules} | set(re.findall(r'Why\(\s*"([a-z-]+)"', source))
    assert explained == codes


def test_the_tasks_that_pages_name_are_there() -> None:
    there = set(re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE))
    typed = re.compile(r"(?:`|\$ )make ([a-z-]+)|^make ([a-z-]+) +#", re.MULTILINE)
    named = {one or other for page in PAGES for one, other in typed.findall(page.read_text())}
    assert named - there == set()
    assert {"demo", "lock", "test-container"} <= named
