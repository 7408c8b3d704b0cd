"""The plans of an installation: bodies in the object store, pointers and the dags' present plans in a compacted topic."""

from __future__ import annotations

import asyncio
import io
import math
from dataclasses import dataclass, field
from typing import Literal

from pydantic import ValidationError

from headrace_dags.plan.model import Plan
from headrace_dags.record import Record, canonical
from headrace_events.engine.wiring import Wiring, wire
from headrace_events.log.contract import Draft, Log
from headrace_serving.objects.contract import ObjectStore, Reference

MEDIA_TYPE = "application/vnd.headrace.plan+json"
PREFIX = "headrace/plans"
"""Where in the object store plans lie: no tenant's name has two parts."""

_PLAN = "plan/"
_DAG = "dag/"
_WAIT_S = 10.0


class UnknownPlan(LookupError):
    """Raised for a plan or a dag that was not deployed, or whose body is gone."""


class Pointer(Record):
    """What the topic holds under ``plan/<digest>``: where the body is; under ``dag/<name>``: which plan new runs are pinned to."""

    format: Literal["pointer/1"] = "pointer/1"
    plan: str
    body: Reference


@dataclass(frozen=True, slots=True)
class Deployed:
    """A plan and its wiring."""

    plan: Plan
    wiring: Wiring


@dataclass
class Plans:
    """The plans as one process knows them. :meth:`follow` keeps them up to date.

    Attributes:
        log: holds the topic.
        topic: its name.
        store: holds the bodies.
    """

    log: Log
    topic: str
    store: ObjectStore
    _pointers: dict[str, Pointer] = field(default_factory=dict[str, Pointer], init=False)
    _loaded: dict[str, Deployed] = field(default_factory=dict[str, Deployed], init=False)
    _grown: asyncio.Event = field(default_factory=asyncio.Event, init=False)

    async def follow(self) -> None:
        """Read the topic for ever."""
        offset = 0
        while True:
            for entry in await self.log.fetch(self.topic, 0, offset, wait_s=math.inf):
                offset = entry.offset + 1
                self._heed(entry.draft)
            self._grown.set()
            self._grown = asyncio.Event()

    def _heed(self, draft: Draft) -> None:
        """What cannot be read is nobody's plan."""
        try:
            self._pointers[draft.key] = Pointer.model_validate_json(draft.value or b"")
        except ValidationError:
            self._pointers.pop(draft.key, None)

    async def deploy(self, plan: Plan) -> None:
        """Make a plan known, and pin new runs of its dag to it.

        Raises:
            EnvironmentLack: the store is full or cannot be written.
            LogError: the log refuses.
        """
        body = await asyncio.to_thread(self.store.put, PREFIX, io.BytesIO(canonical(plan)), MEDIA_TYPE)
        value = Pointer(plan=plan.digest, body=body).model_dump_json().encode()
        for key in (f"{_PLAN}{plan.digest}", f"{_DAG}{plan.graph.name}"):
            await self.log.append(Draft(self.topic, 0, key, value))

    def known(self, digest: str) -> Deployed | None:
        """A plan that is at hand."""
        return self._loaded.get(digest)

    async def plan(self, digest: str, wait_s: float = _WAIT_S) -> Deployed:
        """A plan, which may have been deployed a moment ago.

        Raises:
            UnknownPlan: it is not there within ``wait_s`` seconds.
        """
        return self._loaded.get(digest) or await self._load(await self._pointer(f"{_PLAN}{digest}", wait_s))

    async def of_dag(self, dag: str, wait_s: float = _WAIT_S) -> Deployed:
        """The plan that new runs of a dag are pinned to.

        Raises:
            UnknownPlan: it is not there within ``wait_s`` seconds.
        """
        pointer = await self._pointer(f"{_DAG}{dag}", wait_s)
        return self._loaded.get(pointer.plan) or await self._load(pointer)

    def dags(self) -> list[str]:
        """The names of the dags that are deployed."""
        return sorted(key.removeprefix(_DAG) for key in self._pointers if key.startswith(_DAG))

    async def _pointer(self, key: str, wait_s: float) -> Pointer:
        try:
            async with asyncio.timeout(wait_s):
                while key not in self._pointers:
                    await self._grown.wait()
        except TimeoutError:
            raise UnknownPlan(f"no {key} is deployed; there are: {', '.join(self.dags()) or 'none'}") from None
        return self._pointers[key]

    async def _load(self, pointer: Pointer) -> Deployed:
        try:
            plan = await asyncio.to_thread(self._read, pointer.body)
        except (OSError, ValueError) as error:
            raise UnknownPlan(f"the body of plan {pointer.plan[:12]} cannot be read: {error}") from error
        if plan.digest != pointer.plan:
            raise UnknownPlan(f"the body of plan {pointer.plan[:12]} is that of {plan.digest[:12]}")
        return self._loaded.setdefault(pointer.plan, Deployed(plan, wire(plan)))

    def _read(self, body: Reference) -> Plan:
        with self.store.open(body) as stream:
            return Plan.model_validate_json(stream.read())
