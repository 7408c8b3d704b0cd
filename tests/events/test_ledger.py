"""What a worker knows of a partition: a model of workers that take, begin, finish, mark and die, in any order."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from headrace_events.log.contract import MAX_NOTE, Mark
from headrace_events.worker.ledger import MOST_BEGINS, BadNote, Ledger


class Worker(RuleBasedStateMachine):
    """A partition whose offsets have holes, and the workers that hold it one after another."""

    @initialize(gaps=st.lists(st.integers(1, 5), min_size=5, max_size=40))
    def fill(self, gaps: list[int]) -> None:
        self.offsets = [sum(gaps[:place]) for place in range(1, len(gaps) + 1)]
        self.mark = Mark()
        self.finished: set[int] = set()
        self.begins: dict[int, int] = {}
        self.marked_begins: dict[int, int] = {}
        self.take_over()

    def take_over(self) -> None:
        self.ledger = Ledger.of(self.mark)
        self.left = [offset for offset in self.offsets if offset >= self.mark.offset]
        self.under_way: set[int] = set()
        self.known = {offset for offset in self.finished if offset in self.ledger.done or offset < self.mark.offset}

    @precondition(lambda self: self.left)
    @rule()
    def take(self) -> None:
        offset = self.left.pop(0)
        verdict = self.ledger.hand(offset)
        assert (verdict == "skip") == (offset in self.known)
        if verdict == "crashed":
            assert self.begins[offset] >= MOST_BEGINS
            self.finish(offset)
        elif verdict != "skip":
            assert verdict == ("alone" if self.marked_begins.get(offset) else "begin")
            self.begins[offset] = self.begins.get(offset, 0) + 1
            self.ledger.begin(offset)
            self.under_way.add(offset)

    @precondition(lambda self: self.under_way)
    @rule(data=st.data())
    def done(self, data: st.DataObject) -> None:
        offset = data.draw(st.sampled_from(sorted(self.under_way)))
        self.under_way.remove(offset)
        self.finish(offset)

    def finish(self, offset: int) -> None:
        self.ledger.finish(offset)
        self.finished.add(offset)

    @precondition(lambda self: self.under_way)
    @rule(data=st.data())
    def let_go(self, data: st.DataObject) -> None:
        """In good order, as when a worker leaves: whoever has the partition next begins it as if never begun here."""
        offset = data.draw(st.sampled_from(sorted(self.under_way)))
        self.under_way.remove(offset)
        self.ledger.give_back(offset)

    @rule()
    def write(self) -> None:
        self.mark = self.ledger.mark()
        self.ledger.marked(self.mark)
        assert self.ledger.is_marked
        self.marked_begins = dict(self.ledger.begins)

    @rule()
    def die(self) -> None:
        self.take_over()

    @invariant()
    def no_mark_passes_over_what_is_not_done(self) -> None:
        if hasattr(self, "ledger"):
            before = {offset for offset in self.offsets if offset < self.ledger.mark().offset}
            assert before <= self.finished
            assert self.ledger.done <= self.finished

    @invariant()
    def a_note_comes_back(self) -> None:
        if hasattr(self, "ledger"):
            again = Ledger.of(self.ledger.mark())
            assert (again.offset, again.done, again.begins) == (
                self.ledger.offset,
                self.ledger.done,
                self.ledger.begins,
            )


TestWorker = Worker.TestCase
TestWorker.settings = settings(max_examples=150, stateful_step_count=60, deadline=None)


def test_what_is_done_out_of_order_fits_into_a_note() -> None:
    """While the first task takes its time, every other one behind it is done."""
    ledger, offset = Ledger(10**9), 10**9
    ledger.hand(offset)
    ledger.begin(offset)
    while ledger.has_room:
        offset += 2
        ledger.hand(offset)
        ledger.begin(offset)
        ledger.finish(offset)
    assert len(ledger.mark().note) <= MAX_NOTE
    assert len(ledger.done) > 500


@given(st.text(alphabet="0123456789-,;x", max_size=40))
@settings(max_examples=300)
def test_a_note_is_read_or_refused(note: str) -> None:
    try:
        ledger = Ledger.of(Mark(5, note))
    except BadNote:
        return
    assert all(offset >= 5 for offset in (*ledger.done, *ledger.begins))


@pytest.mark.parametrize("note", ["x", "1-2", "1-99999999999;", "0-9999999999;", ";1x", "1;2x3;", ";99999999999x1"])
def test_what_no_worker_wrote_is_refused(note: str) -> None:
    with pytest.raises(BadNote, match="expects"):
        Ledger.of(Mark(0, note))
