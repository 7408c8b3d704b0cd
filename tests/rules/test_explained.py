"""Every rule is explained: its bad example breaks it and nothing else, its good example breaks nothing."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from tests.rules.test_rules import problems_of

from headrace_dags.rules import explanation as module
from headrace_dags.rules.explanation import explanation
from headrace_dags.rules.registry import TITLES

EXPLAINED = Path(module.__file__).parent / "explained"


def codes_of(example: str, folder: Path, name: str) -> list[str]:
    """The codes of what is wrong with an example, in a project that holds the model file it names."""
    (folder / "pyproject.toml").touch()
    (folder / "clip.onnx").touch()
    with zipfile.ZipFile(folder / "clip.pt", "w") as archive:
        archive.writestr("clip/constants.pkl", b"")
        archive.writestr("clip/code/__torch__.py", b"")
    file = folder / f"{name}.py"
    file.write_text(example)
    return [problem.code for problem in problems_of(str(file))]


@pytest.mark.parametrize("code", TITLES)
def test_the_bad_example_breaks_the_rule_and_no_other(code: str, tmp_path: Path) -> None:
    found = codes_of(explanation(code).bad, tmp_path, "bad")
    assert found
    assert set(found) == {code}


@pytest.mark.parametrize("code", TITLES)
def test_the_good_example_breaks_none(code: str, tmp_path: Path) -> None:
    assert codes_of(explanation(code).good, tmp_path, "good") == []


@pytest.mark.parametrize("code", TITLES)
def test_why_is_said_in_a_few_sentences(code: str) -> None:
    why = explanation(code).why
    assert why.endswith(".")
    assert 60 < len(why) < 500


def test_every_explanation_belongs_to_a_rule() -> None:
    assert {file.stem for file in EXPLAINED.iterdir()} == set(TITLES)
