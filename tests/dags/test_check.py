"""All mistakes of a file at once, quickly, each with the line to look at."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from headrace_dags.project.check import check_module, dags_in
from headrace_dags.project.discover import load_module
from headrace_dags.rules.registry import TITLES

BAD = Path(__file__).parent / "bad" / "ten_mistakes.py"

EXPECTED = [
    (12, "measure.video", "port-bytes"),
    (46, "caption", "unknown-argument"),
    (47, "caption.style", "port-type"),
    (48, "captioned", "traced-bool"),
    (50, "caption.image", "many-needs-map"),
    (55, "summed", "option-value"),
    (57, "summed.video", "unused-input"),
    (59, "Translate", "config-value"),
    (60, "shorten.most", "constant-type"),
    (61, "summed", "dag-return-type"),
]


def test_ten_mistakes_are_told_at_once_with_their_lines() -> None:
    problems = check_module(load_module(str(BAD)).module)
    assert [(each.location and each.location.line, each.where, each.code) for each in problems] == EXPECTED
    assert {each.location.file for each in problems if each.location} == {str(BAD)}
    assert len({each.code for each in problems}) == 10
    assert {each.code for each in problems} <= set(TITLES)


def test_a_dag_alone_tells_all_of_its_own() -> None:
    module = load_module(str(BAD)).module
    dags = dags_in(module)
    assert list(dags) == ["captioned", "summed"]
    assert {line for line, *_ in EXPECTED if line > 50} == {
        each.location.line for each in _problems(dags["summed"]) if each.location
    }


def _problems(dag: object) -> tuple:
    from headrace_dags.trace.tracing import attempt

    found = attempt(dag)
    assert isinstance(found, tuple)
    return found


def test_checking_loads_nothing_heavy_and_is_quick() -> None:
    program = (
        "import json, sys, time; start = time.perf_counter()\n"
        "from headrace_dags.project.check import check_module\n"
        "from headrace_dags.project.discover import load_module\n"
        "count = len(check_module(load_module(sys.argv[1]).module))\n"
        "print(json.dumps([count, time.perf_counter() - start, sorted(sys.modules)]))\n"
    )
    done = subprocess.run([sys.executable, "-c", program, str(BAD)], check=True, capture_output=True, text=True)
    count, took_s, modules = json.loads(done.stdout)
    assert count == 10
    assert took_s < 1
    assert not {"numpy", "PIL", "rich", "tritonclient", "kserve", "ray", "kfp", "onnxruntime"} & set(modules)
