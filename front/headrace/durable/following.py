"""A run of the engine, followed to its end: its events as they are recorded, and what becomes of it."""

from __future__ import annotations

import time
from pathlib import Path

from headrace.durable.place import Place
from headrace.launch.conclude import Conclusion, conclude
from headrace.launch.runtime import Chosen
from headrace.progress.view import view_for
from headrace.terminal import aside
from headrace_dags.plan.model import Plan
from headrace_events.engine.readback import Recorded, arrived

ENGINE = Chosen("the engine")
_LOOK_S = 0.1
_LONG_S = 5.0


def follow(place: Place, run: str, plan: Plan, results: Path, *, quiet: bool) -> Conclusion:
    """Show how far a run is until it has ended, then save what came out.

    Args:
        place: whose engine.
        run: its id.
        plan: what it is pinned to.
        results: the folder for what comes out.
        quiet: where only a program reads.

    Raises:
        KeyboardInterrupt: nobody wants to know any more; the run goes on.
    """
    folder, begun_s, is_told = place.record(run), time.monotonic(), False
    last: Recorded | None = None
    with aside(), view_for(plan, quiet=quiet) as view:
        view.stage("waiting for the engine")
        while True:
            has_ended = folder.outcome.exists()  # looked at first: what came before the end is read after it
            for each in arrived(folder, last):
                if last is None:
                    view.stage("running")
                view.observe(each.event, each.at_s)
                last = each
            if has_ended:
                break
            if last is None and not is_told and time.monotonic() - begun_s > _LONG_S:
                view.note("Nothing takes it up: is `headrace up` running? The run is accepted, and waits.")
                is_told = True
            time.sleep(_LOOK_S)
    return conclude(place.state, run, ENGINE, results)
