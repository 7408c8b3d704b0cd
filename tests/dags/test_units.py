"""Durations and sizes as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace_dags.declare.units import UnitError, microseconds, seconds, size_bytes


@pytest.mark.parametrize(
    ("text", "expected"),
    [("5ms", 0.005), ("250us", 0.00025), ("30s", 30), ("10m", 600), ("1.5h", 5400), ("2d", 172_800), (" 1 s ", 1)],
)
def test_durations(text: str, expected: float) -> None:
    assert seconds(text) == pytest.approx(expected)


@pytest.mark.parametrize("text", ["", "10", "s", "-1s", "1 year", "ten s", "0s", "1.s", "1s1s", 10, None, 0.5, b"1s"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(UnitError, match="expects a duration"):
        seconds(text)


def test_a_wait_may_be_zero() -> None:
    assert microseconds("0ms") == 0
    assert microseconds("5ms") == 5000
    with pytest.raises(UnitError):
        microseconds("5")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("6Gi", 6 * 2**30),
        ("512Mi", 2**29),
        ("2G", 2 * 10**9),
        ("1.5Ki", 1536),
        ("100", 100),
        ("1Ti", 2**40),
        ("3k", 3000),
    ],
)
def test_sizes(text: str, expected: int) -> None:
    assert size_bytes(text) == expected


@pytest.mark.parametrize("text", ["6GB", "6gi", "Gi", "-6Gi", "0", "0Gi", "six", "", 6, None, "6 Gi Gi"])
def test_what_is_no_size(text: str) -> None:
    with pytest.raises(UnitError, match="expects a size"):
        size_bytes(text)


@given(st.integers(1, 10_000), st.sampled_from(["Ki", "Mi", "Gi", "k", "M", "G"]))
def test_a_size_grows_with_its_number(number: int, unit: str) -> None:
    assert size_bytes(f"{number + 1}{unit}") - size_bytes(f"{number}{unit}") == size_bytes(f"1{unit}")
