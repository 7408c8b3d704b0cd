"""Random dags on Triton against a plain call, for as long as one likes: seeded, and resumed where it was stopped.

``python -m tests.equivalence.fuzz --count 2000``; the seeds that are done are kept in ``.headrace/fuzz.json``.
"""

import argparse
import asyncio
import json
import shutil
import sys
import tempfile
import time
from pathlib import Path

from tests.equivalence.branching import branching
from tests.equivalence.running import Case
from tests.equivalence.together import on_one_server, place

from headrace_dags.errors import PlanError

STATE = Path(".headrace/fuzz.json")
AT_ONCE = 20
"""Dags that one server serves side by side."""


def main() -> int:
    """Run until ``--count`` dags agree, or until one does not: its source is printed, and its seed is next again."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=2_000, help="how many dags (default: %(default)s)")
    parser.add_argument("--first", type=int, default=10_000, help="the first seed (default: %(default)s)")
    parser.add_argument("--anew", action="store_true", help="begin again, whatever is done")
    given = parser.parse_args()
    if given.anew:
        STATE.unlink(missing_ok=True)
    state = json.loads(STATE.read_text()) if STATE.exists() else {"next": given.first, "done": 0, "refused": 0}
    root = Path(tempfile.mkdtemp(prefix="headrace-fuzz-"))
    shutil.copy(Path(__file__).with_name("branchsteps.py"), root)
    sys.path.insert(0, str(root))
    begun_s = time.monotonic()
    try:
        while state["done"] < given.count:
            _round(state, root, min(AT_ONCE, given.count - state["done"]))
            STATE.parent.mkdir(exist_ok=True)
            STATE.write_text(json.dumps(state))
            print(
                f"{state['done']}/{given.count} agree, {state['refused']} refused, {time.monotonic() - begun_s:.0f} s",
                flush=True,
            )
    except KeyboardInterrupt:
        print(f"stopped; seed {state['next']} is next")
        return 130
    except AssertionError as error:
        print(f"a dag of the seeds from {state['next']} on differs:\n{error}")
        return 1
    finally:
        shutil.rmtree(root, ignore_errors=True)
    return 0


def _round(state: dict[str, int], root: Path, count: int) -> None:
    """The next dags, on one server."""
    cases: list[Case] = []
    for seed in range(state["next"], state["next"] + count):
        case = Case(branching(seed), root, f"f{seed}_")
        try:
            case.plan  # noqa: B018  # made here, and kept
            cases.append(case)
        except PlanError as refusal:
            state["refused"] += 1
            print(f"seed {seed} is refused: {refusal}")
    for case, came in zip(cases, asyncio.run(on_one_server(cases, place(root))), strict=True):
        case.branches_alike(*came)
    state["next"] += count
    state["done"] += count


if __name__ == "__main__":
    sys.exit(main())
