"""What the server's own errors are told as."""

from __future__ import annotations

from pathlib import Path

from headrace_serving.runtimes.verdicts import of_start
from headrace_serving.triton.errors import StartTimedOut


def test_a_setup_that_hangs_names_what_still_loads_and_no_file_that_is_gone() -> None:
    error = StartTimedOut(1.5, ("slow",), Path("scratch/triton.log"), "loading slow\n")
    failure = of_start(error, ())
    assert failure
    assert (failure.kind, failure.message) == ("load", "the server is ready in 1.5 s, got still loading: slow")
    assert failure.traceback == "loading slow\n"
