"""A failure survives as text whatever is wrapped around it, and fits into an error of gRPC."""

from __future__ import annotations

import json
import string
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace_serving.failure import FailureKind, TaskFailure
from headrace_serving.failure_text import LIMIT, from_text, to_text

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)
FAILURES = st.builds(
    TaskFailure,
    kind=st.sampled_from(get_args(FailureKind)),
    message=TEXTS,
    node=st.text(string.ascii_letters, max_size=20),
    traceback=TEXTS,
    item=st.integers(-1, 5),
)


@settings(deadline=None)
@given(FAILURES)
def test_there_and_back(failure: TaskFailure) -> None:
    text = to_text(failure)
    assert text.isascii()
    if len(text) < LIMIT:
        assert from_text(text) == failure
        assert from_text(f"in ensemble 'x', [request id: 1] {text} and so on") == failure


@settings(deadline=None)
@given(FAILURES)
def test_found_in_an_escaped_log_line(failure: TaskFailure) -> None:
    text = to_text(failure)
    once = json.dumps(
        f"failed to load 'm' version 1: Internal: RuntimeError: {text}\n\nAt:\n  model.py(5): initialize\n"
    )
    assert from_text(f'E1121 09:05:58.529051 14578 model_lifecycle.cc:642] {once}\nI1121 "more"') == from_text(text)


@pytest.mark.parametrize("character", ["x", "ä", '"', "\n", "😀", "\0"])
@pytest.mark.parametrize("sizes", [(100, 9_000), (9_000, 100), (9_000, 9_000)])
def test_what_is_too_long_is_cut(character: str, sizes: tuple[int, int]) -> None:
    message, traceback = (character * size for size in sizes)
    failure = TaskFailure(kind="step", node="read", message=message, traceback=f"old {traceback} new")
    text = to_text(failure)
    assert len(text) <= LIMIT
    got = from_text(text)
    assert got is not None
    assert (got.kind, got.node) == ("step", "read")
    assert got.message[:20] == message[:20]
    assert got.traceback.endswith("new") or sizes[0] > LIMIT // 12
    assert len(got.message) + len(got.traceback) > 200, "no more was cut than had to be"


def test_texts_without_a_failure() -> None:
    for text in (
        "",
        "Stub process 'm_0_0' is not healthy",
        "#headrace-failure nonsense",
        '#headrace-failure {"kind":1}',
    ):
        assert from_text(text) is None
