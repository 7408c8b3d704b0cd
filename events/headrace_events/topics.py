"""The topics of an installation: their names, partitions and how long they keep records. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from headrace_dags.plan.model import Plan, Segment
from headrace_events.log.contract import Topic

HOUR_S = 3_600.0
DAY_S = 24 * HOUR_S
LONGEST_NAME = 200
"""Characters of a topic's name; Kafka takes 249, and others put something before or behind it."""

_PREFIX = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)*")
_STRANGE = re.compile(r"[^a-z0-9-]+")

Shared = Literal["inbox", "state", "ended", "outcomes", "plans", "control", "dead"]
"""Topics that an installation has once."""


@dataclass(frozen=True, slots=True)
class Topics:
    """What the topics of an installation are called, and how they are made.

    Attributes:
        prefix: begins each name, with a dot behind it.
        partitions: of ``inbox``, ``state``, ``ended`` and ``outcomes``: fixed, since a run's id names its partition.
        task_partitions: of the topic of each segment: as many workers of it can share its tasks.
        retention_s: how long events are kept; more than the longest deadline and outage.
        dedupe_s: how long a repeated submit is known for one.
    """

    prefix: str = "headrace"
    partitions: int = 1
    task_partitions: int = 4
    retention_s: float = 7 * DAY_S
    dedupe_s: float = HOUR_S

    def __post_init__(self) -> None:
        if not _PREFIX.fullmatch(self.prefix):
            raise ValueError(f"a prefix of topics is made of a-z, 0-9, - and dots between them, got {self.prefix!r}")

    def name(self, topic: Shared) -> str:
        """The name of a topic that the installation has once."""
        return f"{self.prefix}.{topic}"

    def submit(self, tenant: str) -> str:
        """Where a tenant's submissions come in."""
        return f"{self.prefix}.submit.{tenant}"

    def tasks(self, plan: Plan, segment: Segment) -> str:
        """Where the tasks of a segment wait: versions of a segment that do the same share it.

        Raises:
            ValueError: the name is too long.
        """
        dag = _STRANGE.sub("-", plan.graph.name.lower()).strip("-")
        name = f"{self.prefix}.tasks.{dag}.{segment.model}"
        if len(name) > LONGEST_NAME:
            raise ValueError(f"a topic's name has at most {LONGEST_NAME} characters, got {len(name)}: {name}")
        return name

    def shared(self) -> tuple[Topic, ...]:
        """The topics of the installation itself."""
        home = self.partitions
        return (
            Topic(self.name("inbox"), home, retention_s=self.retention_s),
            Topic(self.name("state"), home, compacted=True, retention_s=HOUR_S),
            Topic(self.name("ended"), home, retention_s=self.dedupe_s),
            Topic(self.name("outcomes"), home, retention_s=self.retention_s),
            Topic(self.name("plans"), compacted=True, retention_s=HOUR_S),
            Topic(self.name("control"), retention_s=HOUR_S),
            Topic(self.name("dead"), retention_s=self.retention_s),
        )

    def of(self, plan: Plan) -> tuple[Topic, ...]:
        """The topics of a plan's segments."""
        names = dict.fromkeys(self.tasks(plan, segment) for segment in plan.segments)
        return tuple(Topic(name, self.task_partitions, retention_s=self.retention_s) for name in names)
