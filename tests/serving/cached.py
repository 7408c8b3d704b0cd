"""Segments that are cached, as data, and results for them: what the tests of the cache share."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

from headrace_dags.graph import Graph, PortType, Use
from headrace_dags.plan.model import Flow, Member, Plan, Segment, Wire
from headrace_dags.plan.targets import local
from headrace_serving.runtimes.contract import Task
from headrace_serving.tensors import Tensor

TEXT = PortType(kind="text")
PNG = PortType(kind="image", media="image/png")
IMAGE = PortType(kind="image", dtype="uint8", axes=("h", "w", "c=3"))
DIGEST = "d" * 64

Body = Callable[[Mapping[str, Tensor]], Mapping[str, Tensor]]


def flow(name: str, wire: Wire = "text", kind: PortType = TEXT, *, many: bool = False, optional: bool = False) -> Flow:
    return Flow(name=name, use=Use(node="", port=name), type=kind, many=many, wire=wire, optional=optional)


def segment(
    inputs: Sequence[Flow] = (flow("x"),),
    outputs: Sequence[Flow] = (flow("y"),),
    *,
    mapped: Sequence[str] = (),
    digest: str = DIGEST,
    tolerant: float | None = None,
) -> Segment:
    member = Member(name="shout", nodes=("shout",), inputs=tuple(inputs), outputs=tuple(outputs))
    return Segment(
        name="shout",
        members=(member,),
        inputs=tuple(inputs),
        outputs=tuple(outputs),
        mapped=tuple(each.use for each in inputs if each.name in mapped),
        chunk=8 if mapped else 0,
        tolerant=tolerant,
        cached=True,
        digest=digest,
    )


def plan_of(*segments: Segment) -> Plan:
    return Plan(graph=Graph(name="g", target="", inputs=(), outputs=(), nodes=()), target=local(), segments=segments)


def texts(*items: str) -> Tensor:
    return Tensor.of_bytes([item.encode() for item in items])


def read(tensor: Tensor) -> list[str]:
    return [item.decode() for item in tensor.array.flat]


def task(prefix: str = "local/run", deadline_s: float | None = None) -> Task:
    return Task(id=f"{prefix}/shout/0/1", prefix=prefix, segment="shout", deadline_s=deadline_s)


def shout(inputs: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
    return {"y": texts(*(item.upper() for item in read(inputs["x"])))}


@dataclass
class Counting:
    """An executor that computes here, remembers what it was asked, and waits at a gate where it has one."""

    body: Body = shout
    name: str = "counting"
    asked: list[list[str]] = field(default_factory=list)
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    gate: asyncio.Event | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        return None

    async def call(self, task: Task, inputs: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        self.asked.append(read(inputs["x"]))
        self.begun.set()
        if self.gate:
            await self.gate.wait()
        return self.body(inputs)
