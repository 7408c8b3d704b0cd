"""The published JSON Schemas say what the models say."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from headrace_dags.plan.schemas import PUBLISHED, texts, write

REFERENCE = Path(__file__).parents[3] / "docs" / "reference"


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_published_schema_is_what_the_model_says(name):
    stale = f"docs/reference/{name} is stale: run python -m headrace_dags.plan.schemas docs/reference"
    assert (REFERENCE / name).read_text(encoding="utf-8") == texts()[name], stale


@pytest.mark.parametrize(
    ("name", "format"),
    [("graph.schema.json", "graph/2"), ("plan.schema.json", "plan/2"), ("diff.schema.json", "diff/1")],
)
def test_a_schema_says_which_format_it_describes(name, format):  # noqa: A002
    schema = json.loads(texts()[name])
    assert schema["properties"]["format"]["const"] == format
    assert schema["additionalProperties"] is False


def test_schemas_are_written(tmp_path):
    write(tmp_path)
    assert {path.name: path.read_text(encoding="utf-8") for path in tmp_path.iterdir()} == texts()
