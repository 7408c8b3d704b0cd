"""Who of a group holds which partition: a model of members that come, go and let go, in any order."""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from headrace_events.log.seats import Seat, Standing, released, settled


class Group(RuleBasedStateMachine):
    """Members that let go of what others wait for whenever the test lets them."""

    @initialize(partitions=st.integers(1, 9))
    def begin(self, partitions: int) -> None:
        self.seats: tuple[Seat, ...] = (Seat(),) * partitions
        self.members: dict[int, Standing] = {}
        self.next = 1

    def move(self, seats: tuple[Seat, ...]) -> None:
        """Whoever holds a partition anew has a later epoch than anybody before."""
        for before, after in zip(self.seats, seats, strict=True):
            assert after.epoch >= before.epoch
            assert after.member == before.member or after.epoch > before.epoch
        self.seats = seats

    @rule()
    def join(self) -> None:
        self.members[self.next] = Standing("group", "topic")
        self.next += 1
        self.move(settled(self.seats, list(self.members)))

    @rule(data=st.data())
    def leave(self, data: st.DataObject) -> None:
        if self.members:
            del self.members[data.draw(st.sampled_from(list(self.members)))]
            self.move(settled(self.seats, list(self.members)))

    @rule(data=st.data())
    def hear_and_let_go(self, data: st.DataObject) -> None:
        if self.members:
            number = data.draw(st.sampled_from(list(self.members)))
            standing = self.members[number]
            standing.told(self.seats, number)
            leaving = set(standing.leaving)
            assert standing.let_go(leaving) == tuple(leaving)
            self.move(released(self.seats, number, leaving))
            self.move(settled(self.seats, list(self.members)))

    @rule()
    def settling_again_changes_nothing(self) -> None:
        assert settled(self.seats, list(self.members)) == self.seats

    @invariant()
    def somebody_there_holds_each(self) -> None:
        assert all((seat.member in self.members) == bool(self.members) for seat in self.seats)

    @invariant()
    def heirs_are_others_who_are_there(self) -> None:
        assert all(seat.heir is None or (seat.heir in self.members and seat.heir != seat.member) for seat in self.seats)

    @invariant()
    def shares_will_be_even(self) -> None:
        shares = Counter(seat.heir or seat.member for seat in self.seats if self.members)
        counts = [shares[member] for member in self.members]
        assert not counts or max(counts) - min(counts) <= 1

    def teardown(self) -> None:
        """Once all have heard of it and let go, nothing moves, and each knows what it holds."""
        if not hasattr(self, "members"):
            return
        for _ in range(2):
            for number in self.members:
                self.hear(number)
        for number, standing in self.members.items():
            assert standing.told(self.seats, number) is None
            assert standing.held == {n: seat.epoch for n, seat in enumerate(self.seats) if seat.member == number}
        assert not any(seat.heir for seat in self.seats)

    def hear(self, number: int) -> None:
        standing = self.members[number]
        standing.told(self.seats, number)
        self.move(settled(released(self.seats, number, standing.let_go(set(standing.leaving))), list(self.members)))
        standing.told(self.seats, number)


TestGroup = Group.TestCase
TestGroup.settings = settings(max_examples=300, stateful_step_count=40, deadline=None)


@given(st.integers(1, 40), st.integers(1, 12), st.integers(1, 12))
def test_no_more_moves_than_must(partitions: int, before: int, after: int) -> None:
    """As members come or go, those who stay give up only what is above their new share."""
    seats = settled((Seat(),) * partitions, range(1, before + 1))
    held = Counter(seat.member for seat in seats)
    seats = settled(seats, range(1, after + 1))
    moved = sum(seat.heir is not None for seat in seats)
    shares = Counter(seat.heir or seat.member for seat in seats)
    assert moved == sum(max(0, held[member] - shares[member]) for member in range(1, after + 1))
    assert moved == 0 or after > before


def test_a_partition_that_nobody_waits_for_any_more_comes_back() -> None:
    seats = settled((Seat(), Seat()), [1])
    standing = Standing("group", "topic")
    standing.told(seats, 1)
    seats = settled(seats, [1, 2])
    change = standing.told(seats, 1)
    assert change
    assert change.leaving == (1,)
    seats = settled(released(settled(seats, [1]), 1, standing.let_go((1,))), [1])
    change = standing.told(seats, 1)
    assert change
    assert (change.gained, change.owner.partitions) == ((1,), (0, 1))
