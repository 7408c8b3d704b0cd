"""Dags that branch, wait and tolerate, run here: what they give, and that only what is needed runs."""

from __future__ import annotations

import branched
import pytest
from branched import CALLS, Kind

import headrace as hr
from headrace_dags.running.evaluate import NodeFailed


@pytest.fixture(autouse=True)
def _no_calls() -> None:
    CALLS.clear()


@pytest.mark.parametrize(
    ("text", "result", "calls"),
    [
        ("ra", "RA", ["kind_of ra", "upper ra"]),
        ("gA", "ga", ["kind_of gA", "lower gA"]),
        ("b", "(b)", ["kind_of b", "risky b"]),
    ],
)
def test_only_the_branch_that_is_taken_runs(text: str, result: str, calls: list[str]) -> None:
    assert branched.sorted_out(text) == result
    assert calls == CALLS


def test_a_branch_that_is_not_taken_cannot_fail() -> None:
    assert branched.sorted_out("r!") == "R!"
    with pytest.raises(NodeFailed, match="risky: ValueError: b!"):
        branched.sorted_out("b!")


def test_what_only_a_branch_needs_runs_with_it_and_what_another_needs_runs_anyway() -> None:
    @hr.dag
    def shared(text: hr.Text) -> hr.Text:
        low = branched.lower(text)
        chosen = hr.switch(branched.kind_of(text)).case(Kind.RED, branched.upper(low)).otherwise(text)
        return branched.cat(chosen, low)

    assert shared("gX") == "gX/gx"
    assert CALLS == ["lower gX", "kind_of gX", "cat gX gx"]
    CALLS.clear()
    assert shared("rX") == "RX/rx"
    assert CALLS == ["lower rX", "kind_of rX", "upper rx", "cat RX rx"]


@pytest.mark.parametrize(
    ("text", "other", "calls"),
    [
        ("r", "r", ["kind_of r", "kind_of r", "upper r"]),
        ("r", "b", ["kind_of r", "kind_of b", "upper b"]),
        ("g", "r", ["kind_of g", "kind_of r", "upper g", "lower G"]),
        ("b", "r", ["kind_of b"]),
    ],
)
def test_nested_branches_need_what_both_choose(text: str, other: str, calls: list[str]) -> None:
    @hr.dag
    def nested(text: hr.Text, other: hr.Text) -> hr.Text:
        inner = hr.switch(branched.kind_of(other)).case(Kind.RED, branched.upper(text)).otherwise(branched.upper(other))
        outer = hr.switch(branched.kind_of(text)).case(Kind.RED, inner)
        return outer.case(Kind.GREEN, branched.lower(inner)).otherwise(text)

    nested(text, other)
    assert calls == CALLS


def test_a_switch_may_decide_what_another_one_decides_by() -> None:
    @hr.dag
    def decided(text: hr.Text) -> hr.Text:
        again = hr.switch(branched.kind_of(text)).case(Kind.RED, branched.kind_of(branched.lower(text)))
        return hr.switch(again.otherwise(branched.kind_of(text))).case(Kind.RED, branched.upper(text)).otherwise(text)

    assert decided("gx") == "gx"
    assert CALLS == ["kind_of gx", "kind_of gx"]
    assert decided("rx") == "RX"


def test_when_gives_nothing_where_it_is_false() -> None:
    @hr.dag
    def perhaps(text: hr.Text) -> hr.Text:
        return branched.say(hr.when(branched.is_long(text), branched.upper(text)))

    assert perhaps("abc") == "<ABC>"
    CALLS.clear()
    assert perhaps("ab") == "<None>"
    assert CALLS == ["is_long ab", "say None"]


def test_nothing_leaves_a_dag_as_none() -> None:
    @hr.dag
    def perhaps(text: hr.Text) -> hr.Text | None:
        return hr.switch(branched.kind_of(text)).case(Kind.RED, branched.upper(text)).otherwise(None)

    assert (perhaps("r"), perhaps("g")) == ("R", None)


def test_none_goes_in_and_through_optional_ports() -> None:
    @hr.dag
    def through(text: hr.Text | None, value: int | None = None, ratio: float | None = None) -> hr.Text:
        return branched.cat(branched.say(text), branched.repeat(branched.number(value), branched.one_or_two(ratio)))

    assert through(None) == "<None>/#None"
    assert through("a", 3, 4) == "<a>/#3#3"
    with pytest.raises(hr.HeadraceError, match="expects Text"):
        through(3)  # type: ignore[arg-type]


def test_none_is_a_constant_of_an_optional_port() -> None:
    @hr.dag
    def constant(text: hr.Text) -> hr.Text:
        return branched.cat(branched.say(None), branched.cat(branched.number(None), text))

    assert constant("a") == "<None>/#None/a"


def test_items_of_one_branch_are_batched_together() -> None:
    assert branched.every(["ra", "b", "rb", "gC", "rc", "bcd"]) == "RA+<None>+RB+gc+RC+<BCD>"
    assert [call for call in CALLS if call.startswith("shout")] == ["shout ra rb", "shout rc"]
    assert [call for call in CALLS if call.startswith(("lower", "upper", "is_long", "say"))] == [
        "is_long b", "is_long bcd", "upper bcd", "say None", "say BCD", "lower gC",
    ]  # fmt: skip


def test_a_branch_that_no_item_takes_runs_for_none() -> None:
    assert branched.every(["ra", "rb"]) == "RA+RB"
    assert CALLS == ["kind_of ra", "kind_of rb", "shout ra rb", "all_of"]
    CALLS.clear()
    assert branched.every([]) == ""
    assert CALLS == ["all_of"]


def test_a_mapped_dag_gives_what_its_calls_would_give() -> None:
    texts = ["ra", "b", "gC", "bcd"]
    assert (
        branched.every(texts) == "+".join(branched.each(text) for text in texts) == "+".join(branched.each.map(texts))
    )


def test_what_items_take_whole_is_made_once_where_one_of_them_takes_it() -> None:
    assert branched.besides(["r1", "gA", "r2"]) == "r1+ga+r2+gA/R1+GA+R2+r1+ga+r2"
    lowered = [call for call in CALLS if call.startswith("lower")]
    assert lowered == ["lower r1", "lower gA", "lower r2"]
    assert [call for call in CALLS if call.startswith("upper")] == ["upper r1+ga+r2"]
    CALLS.clear()
    assert branched.besides(["r1"]) == "r1"
    assert not [call for call in CALLS if call.startswith("upper")]


def test_a_whole_value_of_the_same_items_is_whole_also_where_a_branch_needs_it() -> None:
    @hr.dag
    def chosen(text: hr.Text, whole: hr.Text) -> hr.Text:
        return hr.switch(branched.kind_of(text)).case(Kind.RED, whole).otherwise(text)

    @hr.dag
    def outer(texts: hr.Many[hr.Text]) -> hr.Text:
        return branched.all_of(chosen.map(texts, branched.all_of(branched.upper.map(texts))))

    assert outer(["r", "g"]) == "R+G+g"
    CALLS.clear()
    assert outer(["g"]) == "g"
    assert CALLS == ["kind_of g", "all_of"]


def test_a_zipped_dag_runs_a_branch_for_the_pairs_that_take_it() -> None:
    assert branched.paired(["r1", "g1", "r2"], ["a", "b", "c"]) == "A+g1/b+C"
    assert CALLS == ["kind_of r1", "kind_of g1", "kind_of r2", "upper a", "upper c", "cat g1 b", "all_of"]


@pytest.mark.parametrize("others", [["a"], ["a", "b", "c"]])
def test_zips_of_different_lengths_fail(others: list[str]) -> None:
    @hr.dag
    def stepwise(ones: hr.Many[hr.Text], others: hr.Many[hr.Text]) -> hr.Text:
        return branched.all_of(branched.cat.zip(ones, others))

    wanted = f"expects as many items as ones has, 2, got {len(others)}"
    with pytest.raises(NodeFailed, match=wanted.replace("ones", "a")) as caught:
        stepwise(["r1", "g1"], others)
    assert (caught.value.fault, caught.value.port) == ("input", "b")
    with pytest.raises(NodeFailed, match=rf"both_upper.text: {wanted.replace('ones', 'both_switch')}") as caught:
        branched.paired(["r1", "g1"], others)
    assert caught.value.fault == "input"


def test_a_failure_of_an_item_is_counted_among_all_items() -> None:
    @hr.dag
    def checked(text: hr.Text) -> hr.Text:
        return hr.switch(branched.kind_of(text)).case(Kind.RED, branched.risky(text)).otherwise(text)

    @hr.dag
    def outer(texts: hr.Many[hr.Text]) -> hr.Text:
        return branched.all_of(checked.map(texts))

    with pytest.raises(NodeFailed, match=r"checked_risky \(item 3\): ValueError: r!") as caught:
        outer(["g", "r", "g", "r!"])
    assert caught.value.item == 3
    assert isinstance(caught.value.__cause__, ValueError)


def test_optional_absorbs_a_failure_and_all_that_comes_of_it() -> None:
    @hr.dag
    def absorbed(text: hr.Text) -> hr.Text:
        return branched.say(hr.optional(branched.cat(branched.risky(text), branched.upper(text)), within="1s"))

    assert absorbed("a") == "<(a)/A>"
    assert absorbed("!") == "<None>"


def test_optional_absorbs_a_switch_that_cannot_decide() -> None:
    @hr.dag
    def undecided(text: hr.Text) -> hr.Text:
        kind = branched.kind_of(branched.risky(text))
        chosen = hr.switch(kind).case(Kind.RED, branched.upper(text)).otherwise(branched.lower(text))
        return branched.say(hr.optional(chosen, within="1s"))

    assert undecided("r!") == "<None>"
    assert CALLS == ["risky r!", "say None"]
    assert undecided("r") == "<r>"


def test_first_takes_the_first_written_that_succeeds() -> None:
    @hr.dag
    def fallback(text: hr.Text, other: hr.Text) -> hr.Text:
        return hr.first(branched.risky(text), branched.risky(other), branched.upper(text))

    assert fallback("a", "b") == "(a)"
    assert fallback("!", "b") == "(b)"
    assert fallback("!", "?!") == "!"

    @hr.dag
    def all_fail(text: hr.Text) -> hr.Text:
        return hr.first(branched.risky(text), branched.risky(branched.upper(text)))

    with pytest.raises(NodeFailed, match="risky: ValueError: a!"):
        all_fail("a!")


def test_first_takes_many_where_all_its_values_are_many() -> None:
    @hr.dag
    def spare(texts: hr.Many[hr.Text], text: hr.Text) -> hr.Text:
        return branched.all_of(hr.first(branched.risky.map(texts), branched.words(text)))

    assert spare(["a"], "x y") == "(a)"
    assert spare(["a", "!"], "x y") == "x+y"


@pytest.mark.parametrize(
    ("texts", "result"), [("abc", "(a)+(b)+None"), ("!bc", "None+(b)+(c)"), ("a!c", "(a)+None+(c)"), ("!b!", None)]
)
def test_quorum_takes_as_many_as_it_needs(texts: str, result: str | None) -> None:
    @hr.dag
    def two_of(a: hr.Text, b: hr.Text, c: hr.Text) -> hr.Text:
        votes = (branched.risky(text) for text in (a, b, c))
        return branched.some_of(hr.quorum(2, *votes, within="1s"))

    if result is None:
        with pytest.raises(NodeFailed, match="risky: ValueError: !"):
            two_of(*texts)
    else:
        assert two_of(*texts) == result


def test_a_failure_that_one_output_absorbs_fails_the_other() -> None:
    @hr.dag
    def half(text: hr.Text) -> branched.Sides:
        found = branched.risky(text)
        return branched.Sides(left=branched.say(hr.optional(found, within="1s")), right=branched.Measure()(found))

    assert half("a") == ("<(a)>", 3)
    with pytest.raises(NodeFailed, match="risky: ValueError: !"):
        half("!")


def test_a_value_that_failed_is_no_matter_where_no_item_takes_it() -> None:
    @hr.dag
    def chosen(text: hr.Text, whole: hr.Text) -> hr.Text:
        return hr.switch(branched.kind_of(text)).case(Kind.RED, whole).otherwise(text)

    @hr.dag
    def outer(texts: hr.Many[hr.Text], text: hr.Text) -> hr.Text:
        found = branched.risky(text)
        absorbed = branched.say(hr.optional(found, within="1s"))
        return branched.cat(absorbed, branched.all_of(chosen.map(texts, found)))

    assert outer(["g"], "!") == "<None>/g"
    with pytest.raises(NodeFailed, match="risky: ValueError: !"):
        outer(["g", "r"], "!")


TOLERANT = [
    (branched.risky.tolerant(min_success=0.5), ["(a)", "(b)"], ["risky a", "risky !", "risky b"]),
    (branched.Keep().tolerant(min_success=0.5), ["ka", "kb"], ["keep a", "keep !", "keep b"]),
    (branched.shout.tolerant(min_success=0.5), ["A", "B"], ["shout a !", "shout a", "shout !", "shout b"]),
]


@pytest.mark.parametrize(("step", "made", "calls"), TOLERANT, ids=["step", "class", "batched"])
def test_a_tolerant_map_leaves_out_what_fails(step: hr.Step, made: list[str], calls: list[str]) -> None:
    @hr.dag
    def outer(texts: hr.Many[hr.Text]) -> hr.Text:
        return branched.some_of(step.map(texts))

    assert outer(["a", "!", "b"]) == f"{made[0]}+None+{made[1]}"
    assert CALLS[:-1] == calls
    assert outer([]) == ""
    with pytest.raises(NodeFailed, match=r"2 of 3 items failed, min_success=0.5 allows fewer; the first: ValueError: "):
        outer(["a", "!", "!"])


def test_a_tolerant_class_step_leaves_out_what_fails_of_a_batch() -> None:
    @hr.dag
    def outer(texts: hr.Many[hr.Text]) -> hr.Text:
        return branched.sizes_of(branched.Measure().tolerant(min_success=0.3).map(texts))

    assert outer(["a", "bc", "d", "!"]) == "1+2+1+None"
    assert CALLS == ["measure a bc", "measure d !", "measure d", "measure !"]


@pytest.mark.parametrize(("share", "enough"), [(0, True), (0.5, True), (0.51, False), (1, False)])
def test_a_share_is_that_of_the_items_that_run(share: float, enough: bool) -> None:
    @hr.dag
    def inner(text: hr.Text) -> hr.Text:
        found = branched.risky.tolerant(min_success=share)(text)
        return hr.switch(branched.kind_of(text)).case(Kind.RED, branched.say(found)).otherwise(text)

    @hr.dag
    def outer(texts: hr.Many[hr.Text]) -> hr.Text:
        return branched.all_of(inner.map(texts))

    texts = ["g!", "r", "g!", "r!", "g"]
    if enough:
        assert outer(texts) == "g!+<(r)>+g!+<None>+g"
        assert [call for call in CALLS if call.startswith("risky")] == ["risky r", "risky r!"]
    else:
        with pytest.raises(NodeFailed, match=r"inner_risky \(item 3\): 1 of 2 items failed") as caught:
            outer(texts)
        assert caught.value.item == 3


def test_a_tolerant_body_that_returns_what_it_does_not_declare_has_failed() -> None:
    @hr.dag
    def outer(texts: hr.Many[hr.Text]) -> hr.Text:
        return branched.some_of(branched.silent.tolerant(min_success=0.5).map(texts))

    assert outer(["a", "!"]) == "a+None"
    with pytest.raises(NodeFailed, match=r"1 of 1 items failed, .* the first: expects Text, got None"):
        outer(["!"])


def test_holes_are_seen_by_nobody() -> None:
    """Every construct at once, with steps that would fail on anything but text."""

    @hr.dag
    def inner(text: hr.Text, other: hr.Text) -> hr.Text:
        low = branched.lower(text)
        kept = branched.Keep()(low)
        chosen = hr.switch(branched.kind_of(text)).case(Kind.RED, branched.shout(kept, mark="?"))
        found = branched.say(hr.when(branched.is_long(low), branched.cat(kept, other)))
        return branched.cat(chosen.case(Kind.GREEN, found).otherwise(other), text)

    @hr.dag
    def outer(texts: hr.Many[hr.Text]) -> hr.Text:
        return branched.all_of(inner.zip(texts, branched.upper.map(texts)))

    assert outer(["ra", "gb", "gcd", "b"]) == "KRA?/ra+<None>/gb+<kgcd/GCD>/gcd+B/b"
    assert [call for call in CALLS if call.startswith("keep")] == ["keep ra", "keep gcd"]
