"""The pytest plugin. Every test session on the machine loads it, so it imports nothing before a fixture is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from headrace.testing.runs import Runs, Trace


@pytest.fixture(scope="session")
def headrace_graph() -> Trace:
    """``headrace_graph(dag)``: the graph of a dag; the test fails with every mistake of the dag and its steps."""
    from headrace.testing.runs import trace

    return trace


@pytest.fixture(scope="session")
def headrace_run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runs]:
    """``headrace_run(dag, **inputs)``: run a dag on the in-process runtime and give what it returns.

    The same plan, codec and engine as with ``headrace run --runtime inprocess``; the test fails with the problem's text.
    """
    from headrace.testing.runs import Runs
    from headrace.testing.served import InProcess

    with Runs(InProcess(), tmp_path_factory.mktemp("headrace")) as runs:
        yield runs


@pytest.fixture(scope="session")
def headrace_triton(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runs]:
    """``headrace_triton(dag, **inputs)``: as ``headrace_run``, on a real Triton server.

    The server is kept for the next test of the same dag; another dag, or another plan of this one, gets a server of its
    own in its place. So tests of one dag belong together.
    """
    from headrace.testing.runs import Runs
    from headrace.testing.served import OnTriton

    with Runs(OnTriton(), tmp_path_factory.mktemp("headrace")) as runs:
        yield runs
