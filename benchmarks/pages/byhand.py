"""The loop that somebody would write by hand: the same calls of the same models, in the same chunks, as many in flight.

It knows the models by name, moves arrays from one answer into the next question, and keeps no record of anything.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import tritonclient.grpc.aio as triton

from benchmarks.pages.dags import Kind, Table
from headrace_dags.plan.model import Plan, Segment
from headrace_events.engine.settings import window

Items = np.ndarray[Any, np.dtype[np.object_]]
"""Bytes of shape ``[items, 1]``."""


@dataclass(frozen=True, slots=True)
class Model:
    """A model that is served, and how it is called.

    Attributes:
        client: of its server.
        segment: says its name, its tensors and how many items a call takes.
    """

    client: triton.InferenceServerClient
    segment: Segment

    async def call(self, *inputs: Items) -> Items:
        """One call."""
        tensors = [_tensor(flow.name, items) for flow, items in zip(self.segment.inputs, inputs, strict=True)]
        answer = await self.client.infer(self.segment.model, tensors)
        found: Items = answer.as_numpy(self.segment.outputs[0].name)
        return found

    async def over(self, items: Items) -> Items:
        """One call for each chunk, some of them in flight at once; what they give, in order."""
        places = asyncio.Semaphore(window(self.segment))

        async def one(start: int) -> Items:
            async with places:
                return await self.call(items[start : start + self.segment.chunk])

        if not len(items):
            return items
        return np.concatenate(await asyncio.gather(*map(one, range(0, len(items), self.segment.chunk))))


def models(plan: Plan, client: triton.InferenceServerClient) -> dict[str, Model]:
    """The models of a plan by the last word of their last node: ``look``, ``read``, ``record``, ``table`` ..."""
    return {segment.nodes[-1].rpartition("_")[2]: Model(client, segment) for segment in plan.segments}


async def straight(model: Mapping[str, Model], count: int) -> Table:
    """The dag of that name, and that of slow steps."""
    pages = await model["pages"].call(_one(count))
    records = await model["record"].over(pages)
    return _table(await model["table"].call(records))


async def switched(model: Mapping[str, Model], count: int) -> Table:
    """The dag of that name, and that of slow steps."""
    pages = await model["pages"].call(_one(count))
    looks = await model["look"].over(pages)
    kinds = [json.loads(look) for look in looks.ravel().tolist()]
    records: Items = np.empty_like(pages)
    others = _places(kinds, Kind.OTHER)

    async def read() -> None:
        wanted = _places(kinds, Kind.INVOICE, Kind.LETTER)
        texts: Items = np.empty_like(pages)
        texts[wanted] = await model["read"].over(pages[wanted])
        await asyncio.gather(*(branch(kind, texts) for kind in (Kind.INVOICE, Kind.LETTER)))

    async def branch(kind: Kind, texts: Items) -> None:
        wanted = _places(kinds, kind)
        records[wanted] = await model[kind].over(texts[wanted])

    async def other() -> None:
        records[others] = await model["other"].over(looks[others])

    await asyncio.gather(read(), other())
    return _table(await model["table"].call(records))


def _tensor(name: str, items: Items) -> triton.InferInput:
    tensor = triton.InferInput(name, list(items.shape), "BYTES")
    tensor.set_data_from_numpy(items)
    return tensor


def _one(value: object) -> Items:
    return np.array([[json.dumps(value).encode()]], dtype=np.object_)


def _places(kinds: Sequence[str], *wanted: Kind) -> list[int]:
    return [place for place, kind in enumerate(kinds) if kind in wanted]


def _table(items: Items) -> Table:
    return Table.model_validate_json(items.item())
