"""Outside a dag, where all values are there already, joins and maps give what a run would give."""

from __future__ import annotations

import branched
import pytest
from branched import CALLS, Kind

import headrace as hr


def test_a_switch_takes_the_value_of_its_key() -> None:
    assert hr.switch(Kind.RED).case(Kind.RED, 1).case(Kind.GREEN, 2).otherwise(3) == 1
    assert hr.switch(Kind.BLUE).case(Kind.RED, 1).otherwise(3) == 3
    assert hr.switch(Kind.BLUE).case(Kind.RED, 1).otherwise(None) is None
    assert hr.switch(Kind.RED).case(Kind.RED, None).end() is None
    with pytest.raises(KeyError, match=r"the switch has no case for <Kind.BLUE: 'blue'>"):
        hr.switch(Kind.BLUE).case(Kind.RED, 1).end()


def test_joins_give_what_is_there() -> None:
    assert (hr.when(True, 1), hr.when(False, 1)) == (1, None)  # a value of the dag
    assert hr.optional(1, within="1s") == 1
    assert hr.first(1, 2) == 1
    assert hr.quorum(2, "a", "b", "c", within="1s") == ["a", "b", None]
    assert hr.collect(iter("ab")) == ["a", "b"]
    assert hr.collect(["a"]) == ["a"]


def test_steps_are_zipped_pair_by_pair() -> None:
    assert branched.cat.zip(["a", "b"], ["c", "d"]) == ["a/c", "b/d"]
    assert branched.repeat.zip(["a", "b"], [1, 2]) == ["a", "bb"]
    with pytest.raises(ValueError, match="shorter"):
        branched.cat.zip(["a", "b"], ["c"])


def test_dags_are_mapped_and_zipped_item_by_item() -> None:
    assert branched.sorted_out.map(["r", "gA"]) == ["R", "ga"]
    assert branched.both.zip(["r", "g"], ["a", "b"]) == ["A", "g/b"]
    assert branched.beside.map(["r"], "x") == ["x"]
    with pytest.raises(ValueError, match="longer"):
        branched.both.zip(["r"], ["a", "b"])


@pytest.mark.parametrize(
    ("step", "made"),
    [
        (branched.risky.tolerant(min_success=0.5), ["(a)", None, "(b)"]),
        (branched.shout.tolerant(min_success=0.5), ["A", None, "B"]),
        (branched.Keep(mark="m").tolerant(min_success=0.5), ["ma", None, "mb"]),
        (branched.Measure().tolerant(min_success=0.5), [1, None, 1]),
    ],
    ids=["step", "batched", "class", "batched class"],
)
def test_a_tolerant_map_leaves_out_what_fails(step: hr.Step, made: list[str | int | None]) -> None:
    assert step.map(["a", "!", "b"]) == made
    with pytest.raises(ValueError, match="!"):
        step.map(["a", "!", "!"])


def test_a_tolerant_zip_leaves_out_what_fails() -> None:
    @hr.step
    def ratio(a: int, b: int) -> float:
        return a / b

    assert ratio.tolerant(min_success=0).zip([1, 1], [0, 2]) == [None, 0.5]


def test_items_of_a_tolerant_map_that_succeed_stay_together_in_their_batches() -> None:
    CALLS.clear()
    assert branched.shout.tolerant(min_success=1).map(["a", "b", "c"], mark=".") == ["A.", "B.", "C."]
    assert CALLS == ["shout a b", "shout c"]


def test_a_plain_call_of_a_tolerant_step_raises() -> None:
    with pytest.raises(ValueError, match="!"):
        branched.risky.tolerant(min_success=0)("!")
