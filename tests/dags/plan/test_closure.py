"""Import closures: which files a module runs, and which packages it leans on."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from building import VECTOR, Builder

from headrace_dags.graph import Graph
from headrace_dags.plan.closure import Closures
from headrace_dags.plan.gather import distributions_of, gather
from headrace_dags.plan.imports import imported
from headrace_dags.plan.model import Plan
from headrace_dags.plan.planner import plan
from headrace_dags.plan.targets import local


@pytest.fixture
def root(tmp_path: Path) -> Path:
    files = {
        "dag.py": "import json\nimport numpy as np\nimport headrace as hr\nfrom steps.read import text\n",
        "steps/__init__.py": "",
        "steps/read.py": "from . import words\nfrom .deep.base import Base\n",
        "steps/words.py": "def split():\n    import PIL.Image\n",
        "steps/deep/__init__.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import only_types\n",
        "steps/deep/base.py": "from ..words import *\nimport steps.words\n",
        "only_types.py": "",
        "other.py": "import dag\n",
        "loop_a.py": "import loop_b\n",
        "loop_b.py": "import loop_a\n",
        "broken.py": "def (:\n",
        "space/part.py": "x = 1\n",
        "uses_space.py": "import space.part\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.mark.parametrize(
    ("source", "package", "names"),
    [
        ("import a.b, c", "", {"a.b", "c"}),
        ("from a import b as x", "", {"a", "a.b"}),
        ("from . import b", "p.q", {"p.q", "p.q.b"}),
        ("from .. import b", "p.q", {"p", "p.b"}),
        ("from ..r.s import b", "p.q", {"p.r.s", "p.r.s.b"}),
        ("from . import b", "", {"b"}),
        ("from a import *", "", {"a"}),
        ("def f():\n    import late", "", {"late"}),
        ("not python (", "", set()),
        ("nul\0l", "", set()),
    ],
)
def test_imports_are_read_from_the_text(source, package, names):
    assert imported(source, package) == names


def test_the_closure_follows_imports_below_the_root(root):
    found = Closures(root).of("dag")
    assert set(found.files) == {
        "dag.py",
        "steps/__init__.py",
        "steps/read.py",
        "steps/words.py",
        "steps/deep/__init__.py",
        "steps/deep/base.py",
        "only_types.py",
    }
    assert found.outside == {"numpy", "PIL"}


@pytest.mark.parametrize(
    ("module", "files"),
    [
        ("loop_a", {"loop_a.py", "loop_b.py"}),
        ("broken", {"broken.py"}),
        ("uses_space", {"uses_space.py", "space/part.py"}),
        ("steps.words", {"steps/__init__.py", "steps/words.py"}),
        ("nowhere.at.all", set()),
    ],
)
def test_closures_of_odd_modules(root, module, files):
    assert set(Closures(root).of(module).files) == files


def test_a_module_that_is_installed_stands_for_its_distribution(root):
    assert Closures(root).of("nowhere.at.all").outside == {"nowhere"}


def test_what_is_imported_from_beside_the_root_counts(root, tmp_path_factory, monkeypatch):
    """``src`` on the path, as ``pip install -e`` puts it there, and a folder of ``PYTHONPATH``."""
    beside = tmp_path_factory.mktemp("beside")
    monkeypatch.syspath_prepend(root / "src")
    monkeypatch.syspath_prepend(beside)
    (root / "src" / "shop").mkdir(parents=True)
    (root / "src" / "shop" / "__init__.py").touch()
    (root / "src" / "shop" / "sell.py").write_text("from . import price\nimport common_prices\n")
    (root / "src" / "shop" / "price.py").touch()
    (beside / "common_prices.py").write_text("import dag\n")
    found = Closures(root).of("shop.sell")
    assert {"shop/__init__.py", "shop/sell.py", "shop/price.py", "common_prices.py", "dag.py"} < set(found.files)
    assert {root / "src" / "shop" / "price.py", beside / "common_prices.py"} < found.paths
    (root / "m.onnx").touch()
    before = digests(root, "shop.sell")
    (beside / "common_prices.py").write_text("import dag\n\n")
    assert [new != old for new, old in zip(digests(root, "shop.sell"), before, strict=True)] == [True, False]


def test_what_is_installed_into_a_folder_counts_by_its_version(root, tmp_path, monkeypatch):
    site = tmp_path / "site"
    (site / "inklib-1.0.dist-info").mkdir(parents=True)
    (site / "inklib-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: inklib\nVersion: 1.0\n")
    (site / "inklib.py").touch()
    monkeypatch.syspath_prepend(site)
    (root / "uses_ink.py").write_text("import inklib\n")
    found = Closures(root).of("uses_ink")
    assert (set(found.files), found.outside) == ({"uses_ink.py"}, {"inklib"})


def test_a_module_with_an_onnx_step_leans_on_what_runs_it(root):
    assert "onnxruntime" in gather(two_segments(), root).modules["loop_a"].distributions
    assert "onnxruntime" not in gather(two_segments(), root).modules["dag"].distributions


def test_distributions_are_found_by_the_modules_they_bring():
    found = distributions_of({"PIL", "numpy", "no_such_module_anywhere"})
    assert {name.lower() for name in found} == {"pillow", "numpy"}
    assert all(version[0].isdigit() for version in found.values())


def planned(root: Path, graph: Graph) -> Plan:
    return plan(graph, local(), gather(graph, root))


def two_segments(module: str = "dag") -> Graph:
    build = Builder()
    a = build.node("a", build.input(), module=module)
    return build.graph(
        build.node("b", a, module="loop_a", form="onnx", model_file="m.onnx", gives=VECTOR, isolate=True)
    )


def digests(root: Path, module: str = "dag") -> list[str]:
    return [segment.digest for segment in planned(root, two_segments(module)).segments]


@pytest.mark.parametrize(
    ("file", "changed"),
    [
        ("steps/deep/base.py", [True, False]),
        ("only_types.py", [True, False]),
        ("loop_b.py", [False, True]),
        ("m.onnx", [False, True]),
        ("other.py", [False, False]),
    ],
)
def test_a_changed_file_changes_the_segments_that_run_it(root, file, changed):
    (root / "m.onnx").write_bytes(b"weights")
    before = digests(root)
    with (root / file).open("a") as stream:
        stream.write("# a comment counts: who can say what reads it\n")
    assert [new != old for new, old in zip(digests(root), before, strict=True)] == changed


def test_what_is_gathered_names_versions_and_missing_models(root):
    inputs = gather(two_segments(), root)
    assert inputs.missing == ("m.onnx",)
    assert inputs.models == {}
    assert inputs.python == f"{sys.version_info.major}.{sys.version_info.minor}"
    assert inputs.headrace
    assert inputs.modules["dag"].distributions["numpy"]
