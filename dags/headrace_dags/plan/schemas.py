"""The published JSON Schemas of graph, plan and diff, made from the models: ``python -m headrace_dags.plan.schemas FOLDER``."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from headrace_dags.diff.difference import Difference
from headrace_dags.graph import Graph
from headrace_dags.plan.model import Plan
from headrace_dags.record import Record

PUBLISHED: Mapping[str, type[Record]] = {
    "graph.schema.json": Graph,
    "plan.schema.json": Plan,
    "diff.schema.json": Difference,
}
"""File name -> what it describes."""

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def texts() -> dict[str, str]:
    """The text of each published schema, by file name."""
    return {name: json.dumps(_schema(model), indent=2, sort_keys=True) + "\n" for name, model in PUBLISHED.items()}


def write(folder: Path) -> None:
    """Write the schemas into ``folder``, which exists."""
    for name, text in texts().items():
        (folder / name).write_text(text, encoding="utf-8")


def _schema(model: type[Record]) -> dict[str, Any]:
    return {"$schema": DIALECT, **model.model_json_schema(mode="serialization")}


if __name__ == "__main__":
    write(Path(sys.argv[1]))
