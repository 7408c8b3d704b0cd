"""How long do trace, check and plan of a 1,000-node dag take? Generated modules, a fresh interpreter each."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.rounds import show

BAR_S = 1.5
NODES = 1000
ROUNDS = 7

STEPS = """import headrace as hr

@hr.step
def touch(text: hr.Text) -> hr.Text:
    return text

@hr.step
def join(a: hr.Text, b: hr.Text) -> hr.Text:
    return a + b

class Hold(hr.Stateful):
    def __call__(self, text: hr.Text) -> hr.Text:
        return text

@hr.step(max_items=64)
def split(text: hr.Text) -> "Iterator[hr.Text]":
    yield from text

@hr.step
def unite(parts: hr.Many[hr.Text]) -> hr.Text:
    return "".join(parts)
"""

SHAPES = {
    "chain of functions": ["    x = touch(x)" for _ in range(NODES)],
    "fan-out and joins": ["    x = join(touch(x), touch(x))" for _ in range(NODES // 3)],
    "models between functions": ["    x = Hold()(touch(x))" for _ in range(NODES // 2)],
    "maps": ["    x = unite(touch.map(touch.map(split(x))))" for _ in range(NODES // 4)],
}

TIMED = """
import json, sys, time
start = time.perf_counter()
from headrace_dags.project.discover import load
from headrace_dags.plan.gather import gather
from headrace_dags.plan.planner import plan
from headrace_dags.plan.targets import local
loaded = time.perf_counter()
found = load(sys.argv[1])
graph = found.dag.graph
traced = time.perf_counter()
made = plan(graph, local(), gather(graph, found.import_root))
planned = time.perf_counter()
print(json.dumps({"nodes": len(graph.nodes), "segments": len(made.segments), "import": loaded - start,
                  "trace and check": traced - loaded, "plan": planned - traced}))
"""


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        rows = [row(name, body, Path(folder)) for name, body in SHAPES.items()]
    head = ["dag", "nodes", "segments", "trace and check", "plan", "together"]
    show(f"compiler (bar: trace, check and plan of {NODES:,} nodes in {BAR_S} s)", rows, head)


def row(name: str, body: list[str], folder: Path) -> list[str]:
    """One dag's figures: medians over fresh interpreters."""
    file = folder / f"{name.replace(' ', '_')}.py"
    lines = [
        "from collections.abc import Iterator",
        STEPS,
        "@hr.dag",
        "def big(x: hr.Text) -> hr.Text:",
        *body,
        "    return x",
    ]
    file.write_text("\n".join(lines) + "\n")
    seen = [timed(file) for _ in range(ROUNDS)]
    parts = [statistics.median(each[part] for each in seen) for part in ("trace and check", "plan")]
    first = seen[0]
    return [
        name,
        f"{first['nodes']:.0f}",
        f"{first['segments']:.0f}",
        *(f"{part:.2f} s" for part in parts),
        f"{sum(parts):.2f} s",
    ]


def timed(file: Path) -> dict[str, float]:
    """One fresh interpreter."""
    done = subprocess.run([sys.executable, "-c", TIMED, f"{file}:big"], check=True, capture_output=True, text=True)
    result: dict[str, float] = json.loads(done.stdout)
    return result


if __name__ == "__main__":
    main()
