"""What waits and what is ordered of a segment: a model of any order of pushes, orders, results and ends."""

from collections import Counter

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from headrace_events.engine.events import IssueTask, TaskKey
from headrace_events.orchestrator.live import Rest, spans
from headrace_events.orchestrator.queues import SegmentQueue

runs = st.sampled_from(["a", "b", "c"])


def command(chunk: int, attempt: int = 1) -> IssueTask:
    return IssueTask(task=TaskKey(segment="s", chunk=chunk, attempt=attempt), inputs={})


class Queue(RuleBasedStateMachine):
    @initialize(window=st.integers(1, 4), partitions=st.integers(1, 3))
    def begin(self, window: int, partitions: int) -> None:
        self.queue = SegmentQueue(window, partitions)
        self.waiting: dict[int, list[tuple[str, int]]] = {}
        self.ordered: dict[tuple[str, int], int] = {}

    def is_waiting(self, run: str, chunk: int) -> bool:
        return any((run, chunk) in lane for lane in self.waiting.values())

    @rule(run=runs, chunk=st.integers(0, 5), priority=st.integers(0, 2))
    def push(self, run: str, chunk: int, priority: int) -> None:
        if not self.is_waiting(run, chunk):
            self.waiting.setdefault(priority, []).append((run, chunk))
        self.queue.push(run, command(chunk), priority)

    @rule()
    def order(self) -> None:
        found = self.queue.next()
        lanes = [lane for _, lane in sorted(self.waiting.items(), reverse=True) if lane]
        if not lanes or len(self.ordered) >= self.queue.window:
            assert found is None
            return
        assert found
        waiting, partition = found
        expected = lanes[0].pop(0)
        assert (waiting.run, waiting.command.task.chunk) == expected
        loads = Counter(self.ordered.values())
        if expected not in self.ordered:
            assert loads[partition] == min(loads[each] for each in range(self.queue.partitions))
            self.ordered[expected] = partition

    @rule(run=runs, chunk=st.integers(0, 5))
    def settle(self, run: str, chunk: int) -> None:
        self.ordered.pop((run, chunk), None)
        self.queue.settle(run, TaskKey(segment="s", chunk=chunk))

    @rule(run=runs)
    def discard(self, run: str) -> None:
        self.ordered = {key: value for key, value in self.ordered.items() if key[0] != run}
        self.waiting = {level: [key for key in lane if key[0] != run] for level, lane in self.waiting.items()}
        self.queue.discard(run)

    @invariant()
    def counts_agree(self) -> None:
        if not hasattr(self, "queue"):
            return
        assert self.queue.ordered == len(self.ordered)
        assert self.queue.demand == len(self.ordered) + sum(map(len, self.waiting.values()))
        for run in "abc":
            chunks = Counter(chunk for lane in self.waiting.values() for of, chunk in lane if of == run)
            assert Counter(task.chunk for task in self.queue.waiting(run)) == chunks


TestQueue = Queue.TestCase
TestQueue.settings = settings(max_examples=150, stateful_step_count=50, deadline=None)


def test_partitions_are_used_in_turn() -> None:
    queue = SegmentQueue(window=9, partitions=3)
    used = []
    for chunk in range(6):
        queue.push("a", command(chunk))
        found = queue.next()
        assert found
        used.append(found[1])
        queue.settle("a", found[0].command.task)
    assert used == [0, 1, 2, 0, 1, 2]


def test_a_queue_that_is_held_orders_nothing() -> None:
    queue = SegmentQueue(window=9, partitions=1, is_held=True)
    queue.push("a", command(0))
    assert queue.next() is None
    queue.is_held = False
    assert queue.next()


def test_a_long_queue_is_remembered_in_few_words() -> None:
    tasks = [TaskKey(segment="s", chunk=chunk) for chunk in (*range(3, 900), 950)]
    tasks += [TaskKey(segment="s", chunk=951, attempt=2)]
    rest = Rest(waiting={"s": spans(tasks)})
    assert rest.waiting == {"s": ((3, 899, 1), (950, 950, 1), (951, 951, 2))}
    assert list(rest.tasks()) == tasks
