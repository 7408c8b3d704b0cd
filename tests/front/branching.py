"""Dags that branch, wait and lose items, run by the real engine in this process: what pictures, pages and files are tested on."""

import asyncio
import threading
from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from pydantic import BaseModel

import headrace as hr
from headrace.runs import State
from headrace_dags.declare.dag import Dag
from headrace_dags.plan.gather import gather
from headrace_dags.plan.model import Plan
from headrace_dags.plan.planner import plan
from headrace_dags.plan.targets import local
from headrace_events.engine.readback import RunRecord
from headrace_events.engine.record import RunFolder
from headrace_events.engine.shell import execute_run
from headrace_events.engine.wiring import input_flows
from headrace_serving.codec import encode
from headrace_serving.objects.file import FileStore
from headrace_serving.runtimes.contract import Workplace
from headrace_serving.runtimes.inprocess import InProcessExecutor
from headrace_serving.wire.contract import Sink

ROOT = Path(__file__).parents[2]
RUN = "0-0123456789abcdef0123456789abcdef-01234567"


class Kind(StrEnum):
    BILL = "bill"
    NOTE = "note"
    OTHER = "other"


class Bill(BaseModel):
    total: int
    name: str


class Note(BaseModel):
    sender: str


@hr.step(max_items=100)
def words(text: hr.Text) -> Iterator[hr.Text]:
    yield from text.split()


@hr.step
def kind(text: hr.Text) -> Kind:
    return {"b": Kind.BILL, "n": Kind.NOTE}.get(text[0], Kind.OTHER)


class ReadBill(hr.Stateful):
    def __call__(self, text: hr.Text) -> Bill:
        if text == "bad":
            raise ValueError("a bill that cannot be read")
        return Bill(total=len(text), name=text)


class ReadNote(hr.Stateful):
    def __call__(self, text: hr.Text) -> Note:
        return Note(sender=text)


@hr.dag
def page(text: hr.Text) -> Bill | Note | None:
    return hr.switch(kind(text)).case(Kind.BILL, ReadBill()(text)).case(Kind.NOTE, ReadNote()(text)).otherwise(None)


@hr.dag
def pages(text: hr.Text) -> hr.Many[Bill | Note | None]:
    return page.map(words(text))


class Upper(hr.Stateful):
    def __call__(self, text: hr.Text) -> hr.Text:
        return text.upper()


@hr.step
def picture(text: hr.Text) -> hr.Image:
    if text == "dark":
        raise ValueError("too dark")
    return np.zeros((2, 3, 3), np.uint8)


@hr.dag
def album(text: hr.Text) -> hr.Many[hr.Image | None]:
    return picture.tolerant(min_success=0).map(words(text))


@hr.dag
def same(text: hr.Text) -> hr.Text:
    upper = Upper()(text)
    return hr.switch(kind(text)).case(Kind.BILL, upper).case(Kind.NOTE, upper).otherwise(text)


@hr.step
def is_long(text: hr.Text) -> bool:
    return len(text) > 3


@hr.dag
def condition(text: hr.Text) -> hr.Text | None:
    return hr.when(is_long(text), Upper()(text))


@hr.dag
def nested(text: hr.Text) -> hr.Text | None:
    inner = hr.when(is_long(text), Upper()(text))
    return hr.switch(kind(text)).case(Kind.BILL, inner).otherwise(None)


@hr.step
def name_of(name: hr.Text, total: int) -> hr.Text:
    return f"{name}: {total}"


@hr.dag
def fields(text: hr.Text) -> hr.Text:
    bill = ReadBill()(text)
    return name_of(bill.name, bill.total)


@hr.step
def fine(text: hr.Text) -> hr.Text:
    return text


@hr.step
def broken(text: hr.Text) -> hr.Text:
    raise ValueError("a step that never works")


RUN_IS_OVER = threading.Event()


class Endless(hr.Stateful):
    """Gives nothing before the run is over."""

    def __call__(self, text: hr.Text) -> hr.Text:
        RUN_IS_OVER.wait()
        return text


class Hasty(NamedTuple):
    quick: hr.Text
    extra: hr.Text | None
    some: hr.Many[hr.Text | None]


@hr.dag
def hasty(text: hr.Text) -> Hasty:
    quick = hr.first(Endless().with_(name="slow")(text), fine.with_(name="quick", isolate=True)(text))
    extra = hr.optional(broken(text), within="60s")
    two, one = (step.with_(isolate=True)(text) for step in (broken, fine))
    some = hr.quorum(1, two, one, within="60s")
    return Hasty(quick, extra, some)


class Number(hr.Stateful):
    def __call__(self, text: hr.Text) -> int:
        return int(text)


@hr.dag
def numbers(text: hr.Text) -> hr.Many[int | None]:
    return Number().with_(name="number").tolerant(min_success=0.5).map(words(text))


def planned(dag: Dag[..., Any]) -> Plan:
    return plan(dag.graph, local(), gather(dag.graph, ROOT))


def ran(state: State, dag: Dag[..., Any], inputs: Mapping[str, Any], run: str = RUN) -> RunRecord:
    """Run a dag in this process and read its record."""
    here = planned(dag)
    place = Workplace(import_root=ROOT, objects=state.objects, scratch=state.runs.parent / "scratch")
    store, folder = FileStore(state.objects), RunFolder(state.runs / run)
    sink = Sink(store, f"default/{run}")
    given = {name: encode(flow, Any, inputs[name], sink) for name, flow in input_flows(here).items()}

    async def go() -> None:
        RUN_IS_OVER.clear()
        async with InProcessExecutor(here, place) as executor:
            await execute_run(here, run, given, executor, folder, lambda *_: None, store=store)
            RUN_IS_OVER.set()

    asyncio.run(go())
    return RunRecord.read(folder.path)
