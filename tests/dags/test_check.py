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
    (15, "measure.video", "port-bytes"),
    (21, "fetch", "async-step"),
    (58, "branched", "traced-bool"),
    (60, "optional", "option-value"),
    (62, "shorten", "option-value"),
    (63, "title.second", "switch-open"),
    (68, "title.second", "map-needs-many"),
    (69, "quorum", "join-count"),
    (80, "shorten", "idle-stream"),
    (83, "words", "cache-stream"),
]


def test_ten_mistakes_are_told_at_once_with_their_lines() -> None:
    problems = check_module(load_module(str(BAD)).module)
    assert [(each.location and each.location.line, each.where, each.code) for each in problems] == EXPECTED
    assert {each.location.file for each in problems if each.location} == {str(BAD)}
    assert {each.code for each in problems} <= set(TITLES)


def test_a_dag_alone_tells_all_of_its_own() -> None:
    module = load_module(str(BAD)).module
    dags = dags_in(module)
    assert list(dags) == ["branched", "joined", "streamed"]
    told = {each.location.line for dag in dags.values() for each in _problems(dag) if each.location}
    assert told == {
        line for line, _, code in EXPECTED if code not in {"port-bytes", "async-step"}
    }  # of steps no dag uses
    assert {each.code for each in _problems(dags["streamed"])} == {"idle-stream", "cache-stream"}


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
