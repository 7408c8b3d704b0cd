"""Random plans and random lives of a run on them: any order of results, failures, duplicates, nonsense. No clock, no I/O."""

from dataclasses import dataclass, field
from hashlib import blake2b
from random import Random

from tests.events.plans import Part, plan_of

from headrace_dags.plan.model import Plan, Segment
from headrace_events.engine.decide import decide
from headrace_events.engine.events import (
    Cancel,
    Command,
    Event,
    Failed,
    IssueTask,
    Outcome,
    Payload,
    Piece,
    Result,
    SetTimer,
    Started,
    Submitted,
    TaskKey,
    TimerFired,
)
from headrace_events.engine.state import RunState
from headrace_events.engine.wiring import wire
from headrace_serving.failure import FailureKind, TaskFailure

Items = list[str]
PERMANENT: tuple[FailureKind, ...] = ("input", "output", "load", "environment", "internal")


def random_plan(random: Random) -> Plan:
    """Up to seven segments over a single and a Many input; a mapped one takes values of one axis."""
    axes = {"x": "", "xs": "xs"}
    parts: list[Part] = []
    for number in range(random.randint(1, 7)):
        part = _random_part(random, f"s{number}", axes)
        parts.append(part)
        for name in part.gives:
            value = f"{part.name}.{name.strip('*')}"
            axes[value] = axes[part.maps[0]] if part.maps else value if name.endswith("*") else ""
    taken = {value for part in parts for value in (*part.maps, *part.takes)}
    idle = [f"{part.name}.{part.gives[0].strip('*')}" for part in parts if not _values(part) & taken]
    outputs = list(dict.fromkeys([*random.sample(sorted(axes), random.randint(1, min(3, len(axes)))), *idle]))
    deadline_s = random.choice([None, 60.0])
    return plan_of("x xs*", parts, " ".join(outputs), deadline_s=deadline_s)


def _random_part(random: Random, name: str, axes: dict[str, str]) -> Part:
    maps: tuple[str, ...] = ()
    many = [value for value, axis in axes.items() if axis]
    if random.random() < 0.6:
        axis = axes[random.choice(many)]
        same = [value for value in many if axes[value] == axis]
        maps = tuple(random.sample(same, random.randint(1, min(2, len(same)))))
    rest = [value for value in axes if value not in maps]
    takes = tuple(random.sample(rest, random.randint(0, min(3, len(rest)))))
    gives = tuple(
        f"{port}{'' if maps else random.choice(['', '*'])}" for port in ("out", "also")[: random.randint(1, 2)]
    )
    return Part(name, takes, maps, gives, chunk=random.randint(1, 4), retry=random.randint(0, 2))


def _values(part: Part) -> set[str]:
    return {f"{part.name}.{name.strip('*')}" for name in part.gives}


def compute(segment: Segment, inputs: dict[str, Items]) -> dict[str, Items]:
    """What a segment makes of its inputs: texts that tell the output and everything that went into each item."""
    mapped = [flow.name for flow in segment.inputs if flow.use in segment.mapped]
    if not mapped:
        return {flow.name: _made(flow.name, [inputs], flow.many) for flow in segment.outputs}
    items = [inputs | {name: [inputs[name][n]] for name in mapped} for n in range(len(inputs[mapped[0]]))]
    return {flow.name: [_made(flow.name, [item], False)[0] for item in items] for flow in segment.outputs}


def _made(name: str, inputs: list[dict[str, Items]], many: bool) -> Items:
    digest = blake2b(f"{name} {[sorted(each.items()) for each in inputs]}".encode(), digest_size=8)
    count = digest.digest()[0] % 8 if many else 1
    return [f"{name}:{digest.hexdigest()}:{n}" for n in range(count)]


def expected(plan: Plan, inputs: dict[str, Items]) -> dict[str, Items]:
    """The outputs of a run in which nothing is cut, in order."""
    values = dict(inputs)
    for segment in plan.segments:
        values |= compute(segment, {flow.name: values[flow.name] for flow in segment.inputs})
    return {each.port.name: values[flow.name] for each, flow in zip(plan.graph.outputs, plan.outputs, strict=True)}


@dataclass
class Life:
    """One run. ``events`` is its inbox: what happened and when."""

    plan: Plan
    random: Random
    inputs: dict[str, Items]
    trouble: float
    state: RunState | None = None
    events: list[tuple[Event, float]] = field(default_factory=list)
    commands: list[tuple[Command, ...]] = field(default_factory=list)
    contents: dict[tuple[int, str], Items] = field(default_factory=dict)
    under_way: dict[TaskKey, IssueTask] = field(default_factory=dict)
    issued: list[TaskKey] = field(default_factory=list)
    timers: list[str] = field(default_factory=list)
    failed: list[Failed] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.wiring = wire(self.plan)

    def live(self) -> Outcome:
        """Submit, do whatever chance says until the outcome, then a little longer."""
        self.take(Submitted(run="r", plan=self.plan.digest, inputs=self._payloads(self.inputs)), self.inputs)
        while not self.outcomes:
            self._happen()
        for _ in range(5):
            self._disturb()
        assert len(self.outcomes) == 1
        return self.outcomes[0]

    def take(self, event: Event, contents: dict[str, Items] | None = None) -> None:
        """Append an event and fold it, twice."""
        offset, at_s = len(self.events), 1_000.0 + len(self.events)
        self.contents |= {(offset, name): items for name, items in (contents or {}).items()}
        self.events.append((event, at_s))
        before, text = self.state, repr(self.state)
        self.state, commands = decide(before, event, at_s, self.wiring)
        assert (self.state, commands) == decide(before, event, at_s, self.wiring)
        assert repr(before) == text
        self.commands.append(commands)
        for command in commands:
            self._command(command)

    def resolve(self, pieces: tuple[Piece, ...]) -> Items:
        """The items of all pieces."""
        return [
            item
            for piece in pieces
            for item in self.contents[piece.payload.offset, piece.payload.part][piece.start : piece.stop]
        ]

    def _command(self, command: Command) -> None:
        if isinstance(command, IssueTask):
            assert command.task not in self.issued
            self.issued.append(command.task)
            self.under_way[command.task] = command
        elif isinstance(command, SetTimer):
            assert command.at_s >= self.events[-1][1]
            self.timers.append(command.name)
        elif isinstance(command, Outcome):
            self.outcomes.append(command)

    def _happen(self) -> None:
        retries = [name for name in self.timers if name != "deadline"]
        if self.random.random() < self.trouble:
            self._disturb()
        elif retries and (not self.under_way or self.random.random() < 0.3):
            name = self.random.choice(retries)
            self.timers.remove(name)
            self.take(TimerFired(name=name))
        else:
            self._answer(self.under_way.pop(self.random.choice(list(self.under_way))))

    def _answer(self, command: IssueTask) -> None:
        if self.random.random() < self.trouble / 2:
            kind = self.random.choice(("step", "step", "timeout", "unavailable", "unavailable", *PERMANENT[:1]))
            node = self.random.choice([command.task.segment, ""])
            event = Failed(task=command.task, failure=TaskFailure(kind=kind, message="broke", node=node))
            self.failed.append(event)
            self.take(event)
        else:
            inputs = {name: self.resolve(pieces) for name, pieces in command.inputs.items()}
            outputs = compute(self.plan.by_name[command.task.segment], inputs)
            self.take(Result(task=command.task, outputs=self._payloads(outputs)), outputs)

    def _disturb(self) -> None:
        """Something that must change nothing - or, rarely, a real end."""
        pick = self.random.random()
        if pick < 0.03:
            end: tuple[Event, ...] = (Cancel(reason="enough"), TimerFired(name="deadline"))
            self.take(self.random.choice(end))
            return
        late = [each for each, _ in self.events if not isinstance(each, Started | Cancel)]
        event = self.random.choice(late if pick < 0.7 else self._nonsense())
        before = self.state
        self.take(event)
        if not (isinstance(event, TimerFired) and event.name == "deadline"):
            assert self.state == before
            assert self.commands[-1] == ()

    def _nonsense(self) -> list[Event]:
        name = self.random.choice(["s0", "s1", "nobody"])
        task = TaskKey(segment=name, chunk=self.random.randint(0, 9), attempt=99)
        return [
            Started(task=task),
            Failed(task=task, failure=TaskFailure(kind="input", message="nobody asked")),
            Result(task=task, outputs={}),
            TimerFired(name=f"retry:{task}"),
        ]

    def _payloads(self, values: dict[str, Items]) -> dict[str, Payload]:
        offset = len(self.events)
        return {
            name: Payload(items=len(items), nbytes=len(items), offset=offset, part=name)
            for name, items in values.items()
        }


def random_life(seed: int, trouble: float) -> Life:
    """A run of a random plan, before its first event."""
    random = Random(seed)
    inputs = {"x": ["x"], "xs": [f"xs{n}" for n in range(random.choice([0, 1, 2, 5, 9]))]}
    return Life(random_plan(random), random, inputs, trouble)
