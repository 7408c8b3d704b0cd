"""Events and orders as records of the log: they come back as they were, and whatever else comes is said to be something else."""

from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace_events.codec.events import Envelope, Home, event_id, read
from headrace_events.codec.headers import Undecodable
from headrace_events.codec.message import read_response
from headrace_events.codec.orders import Claim, Order, OrderHead
from headrace_events.codec.parts import Part
from headrace_events.engine.events import (
    Cancel,
    Event,
    Failed,
    Item,
    Payload,
    Result,
    Started,
    Submitted,
    TaskKey,
    TimerFired,
    Timing,
)
from headrace_events.log.contract import Draft, Entry
from headrace_serving.failure import TaskFailure
from headrace_serving.tensors import Tensor

RUN = "0-00ff-aa"
TRACE = ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "congo=t61")
HOME = Home("headrace.inbox", 3, RUN, TRACE)
TASK = TaskKey(segment="read", chunk=2, attempt=1)
TEXT = Part.of(Tensor.of_bytes([b"one", b"", b"three"]))
CLAIM = Payload(items=4, nbytes=900, key=f"default/{RUN}/{7:064x}", keys=("a", "b", "a", "c"))
INLINE = Payload(items=3, nbytes=20, part="text", keys=("x", "y", "z"))

EVENTS: list[tuple[Event, dict[str, Part]]] = [
    (Submitted(run=RUN, plan="ab" * 32, inputs={"text": INLINE, "video": CLAIM}), {"text": TEXT}),
    (Started(task=TASK), {}),
    (Item(task=TASK, index=4, outputs={"text": INLINE}, shown="one"), {"text": TEXT}),
    (
        Result(
            task=TASK,
            outputs={"text": INLINE, "far": CLAIM},
            timing=Timing(queue_s=1.5),
            lost=1,
            failure=TaskFailure(kind="step", message="\N{SNOWMAN}"),
        ),
        {"text": TEXT},
    ),
    (Failed(task=TASK, failure=TaskFailure(kind="timeout", message="late", traceback="a\nb")), {}),
    (TimerFired(name="retry:read/2/2"), {}),
    (Cancel(reason="enough"), {}),
]


def entry(draft: Draft, offset: int = 17) -> Entry:
    return Entry(draft, offset, 1_000.0)


def placed(event: Event) -> Event:
    """As the inbox gives it: what the event holds itself is at its place."""
    name = {Submitted: "inputs", Result: "outputs", Item: "outputs"}.get(type(event))
    if name is None:
        return event
    found = {
        key: each if each.key else each.model_copy(update={"offset": 17}) for key, each in getattr(event, name).items()
    }
    return event.model_copy(update={name: found})


@pytest.mark.parametrize(("event", "parts"), EVENTS, ids=lambda each: getattr(each, "type", ""))
def test_an_event_comes_back_in_its_place(event: Event, parts: dict[str, Part]) -> None:
    draft = HOME.draft(event, parts)
    assert (draft.topic, draft.partition, draft.key) == ("headrace.inbox", 3, RUN)
    assert read(entry(draft)) == Envelope(placed(event), parts, TRACE)


@pytest.mark.parametrize(("event", "parts"), EVENTS, ids=lambda each: getattr(each, "type", ""))
def test_a_record_is_a_cloudevent(event: Event, parts: dict[str, Part]) -> None:
    headers = dict(HOME.draft(event, parts).headers)
    assert headers["ce_specversion"] == "1.0"
    assert headers["ce_type"] == f"dev.headrace.{event.type}.v1"
    assert headers["ce_source"] == "/headrace"
    assert headers["ce_subject"] == RUN
    assert headers["ce_id"] == event_id(RUN, event)
    assert (headers["ce_traceparent"], headers["ce_tracestate"]) == TRACE
    assert headers["content-type"] in {"application/json", "application/x-protobuf"}


def test_ids_tell_events_apart() -> None:
    ids = [event_id(RUN, event) for event, _ in EVENTS]
    ids.append(event_id(RUN, Started(task=TASK.model_copy(update={"attempt": 2}))))
    assert len(set(ids)) == len(ids)


def test_a_result_is_a_message_of_the_protocol() -> None:
    """Who knows the Open Inference Protocol alone reads the tensors."""
    event, parts = EVENTS[3]
    _, found = read_response(HOME.draft(event, parts).value or b"")
    assert found["text"].tensor().array.tolist() == [[b"one"], [b""], [b"three"]]


@given(st.sampled_from(EVENTS), st.data())
@settings(max_examples=400, deadline=None)
def test_what_is_no_event_is_said_to_be_none(event: tuple[Event, dict[str, Part]], data: st.DataObject) -> None:
    draft = HOME.draft(*event)
    value = bytearray(draft.value or b"")
    for place in data.draw(st.lists(st.integers(0, len(value) - 1), max_size=3)):
        value[place] = data.draw(st.integers(0, 255))
    broken = bytes(value[: data.draw(st.integers(0, len(value)))])
    headers = data.draw(st.sampled_from([draft.headers, draft.headers[:-3], ()]))
    with suppress(Undecodable):
        read(entry(Draft(draft.topic, draft.partition, draft.key, broken, headers)))


@pytest.mark.parametrize(
    ("draft", "says"),
    [
        (Draft("t", 0, RUN, None), "expects the content type"),
        (Draft("t", 0, RUN, b"{}", (("content-type", "application/json"),)), "expects an event"),
        (Draft("t", 0, "other", HOME.draft(*EVENTS[0]).value, HOME.draft(*EVENTS[0]).headers), "expects the key"),
        (HOME.draft(EVENTS[0][0], {}), "expects 3 items in the part 'text', got none"),
        (HOME.draft(EVENTS[0][0], {"text": TEXT.cut(0, 2)}), "expects 3 items in the part 'text', got 2"),
        (Draft("t", 0, RUN, b"\xff", (("content-type", "application/x-protobuf"),)), "expects a message"),
        (Draft("t", 0, RUN, b"", (("content-type", "application/x-protobuf"),)), "expects a parameter headrace"),
    ],
)
def test_what_is_wrong_is_said(draft: Draft, says: str) -> None:
    with pytest.raises(Undecodable, match=says):
        read(entry(draft))


HEAD = OrderHead(
    run=RUN,
    partition=3,
    plan="ab" * 32,
    tenant="default",
    task=TASK,
    timeout_s=2.5,
    inputs={"pages": ("pages", Claim(payload=CLAIM, start=1, stop=3)), "query": ("query",)},
)


def test_an_order_comes_back() -> None:
    order = Order(HEAD, {"pages": TEXT, "query": TEXT.cut(1, 2)}, TRACE)
    draft = order.draft("headrace.tasks.d.read-ab", 2)
    assert (draft.topic, draft.partition, draft.key) == ("headrace.tasks.d.read-ab", 2, "")
    assert dict(draft.headers)["ce_id"] == f"{RUN}/read/2/1"
    assert Order.read(entry(draft)) == order


def test_an_order_without_its_tensors_is_none() -> None:
    with pytest.raises(Undecodable, match=r"none for \['query'\]"):
        Order.read(entry(Order(HEAD, {"pages": TEXT}).draft("t", 0)))


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_what_is_no_order_is_said_to_be_none(data: st.DataObject) -> None:
    value = bytearray(Order(HEAD, {"pages": TEXT, "query": TEXT}).draft("t", 0).value or b"")
    for place in data.draw(st.lists(st.integers(0, len(value) - 1), min_size=1, max_size=4)):
        value[place] = data.draw(st.integers(0, 255))
    with suppress(Undecodable):
        Order.read(entry(Draft("t", 0, "", bytes(value[: data.draw(st.integers(0, len(value)))]))))


tensors = st.one_of(
    st.lists(st.binary(max_size=6), max_size=8).map(Tensor.of_bytes),
    st.integers(0, 6).map(lambda items: Tensor(np.arange(items * 6, dtype=np.float32).reshape(items, 2, 3))),
)


@given(tensors, st.data())
def test_parts_are_cut_and_joined_as_tensors_are(tensor: Tensor, data: st.DataObject) -> None:
    part = Part.of(tensor)
    start = data.draw(st.integers(0, tensor.items))
    stop = data.draw(st.integers(start, tensor.items))
    cuts = [part.cut(0, start), part.cut(start, stop), part.cut(stop, tensor.items)]
    assert cuts[1].tensor().array.tolist() == tensor.cut(start, stop).array.tolist()
    assert Part.join(cuts) == part


def test_parts_of_different_kinds_are_not_joined() -> None:
    numbers = Part.of(Tensor(np.zeros((1, 2), np.float32)))
    assert Part.join([TEXT, numbers]) is None
    assert Part.join([numbers, Part.of(Tensor(np.zeros((1, 3), np.float32)))]) is None
    assert Part.join([]) is None
