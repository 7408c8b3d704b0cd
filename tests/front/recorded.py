"""A run that the real engine recorded, with an executor that answers from a table: what the page and the log are tested on."""

import asyncio
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np

from headrace.runs import State
from headrace_dags.graph import Batching, Graph, Input, Node, Output, Port, PortType, StepRef, Use
from headrace_dags.media.handles import Blob
from headrace_dags.plan.model import Flow, Member, Plan, Reason, Segment, Target, Wire
from headrace_events.engine.readback import RunRecord
from headrace_events.engine.record import RunFolder
from headrace_events.engine.shell import execute_run
from headrace_serving.codec import encode
from headrace_serving.failure import TaskFailed, TaskFailure
from headrace_serving.objects.file import FileStore
from headrace_serving.runtimes.contract import Task
from headrace_serving.tensors import Tensor
from headrace_serving.wire.contract import Sink

VIDEO = PortType(kind="video", media="video/*")
IMAGE = PortType(kind="image", dtype="uint8", axes=("h", "w", "c"))
AUDIO = PortType(kind="audio", dtype="float32", axes=("t",), rate=16000)
TEXT = PortType(kind="text")
STORY = PortType(kind="json", python="lecture:Story")
INDEX = PortType(kind="embedding", dtype="float32", axes=("n", "d=8"))
RUN = "0-0123456789abcdef0123456789abcdef-01234567"


def use(text: str) -> Use:
    node, _, port = text.rpartition(".")
    return Use(node=node, port=port)


def port(name: str, kind: PortType, many: bool = False) -> Port:
    return Port(name=name, type=kind, many=many)


def flow(text: str, kind: PortType, wire: Wire, many: bool = False) -> Flow:
    return Flow(name=text.replace(".", "_"), use=use(text), type=kind, many=many, wire=wire)


FLOWS = {
    each.name: each
    for each in (
        flow("video", VIDEO, "handle"),
        flow("frames.result", IMAGE, "png", many=True),
        flow("sound.result", AUDIO, "tensor"),
        flow("read.result", TEXT, "text", many=True),
        flow("join.story", STORY, "json"),
        flow("join.index", INDEX, "tensor"),
    )
}


def node(
    name: str, takes: dict[str, tuple[PortType, str, bool]], gives: list[Port], mapped: str = "", **step: Any
) -> Node:
    inputs = tuple(
        Input(port=port(key, kind, many), binding=use(source)) for key, (kind, source, many) in takes.items()
    )
    ref = StepRef(target=f"lecture:{name}", **step)
    return Node(name=name, step=ref, inputs=inputs, outputs=tuple(gives), mapped=(mapped,) if mapped else ())


def graph() -> Graph:
    return Graph(
        name="lecture",
        target="lecture:lecture",
        inputs=(port("video", VIDEO),),
        nodes=(
            node("frames", {"video": (VIDEO, "video", False)}, [port("result", IMAGE, many=True)], yields=True),
            node("sound", {"video": (VIDEO, "video", False)}, [port("result", AUDIO)]),
            node(
                "read",
                {"frame": (IMAGE, "frames.result", False)},
                [port("result", TEXT, many=True)],
                mapped="frame",
                form="stateful",
                batching=Batching(size=8),
            ),
            node(
                "join",
                {"texts": (TEXT, "read.result", True), "sound": (AUDIO, "sound.result", False)},
                [port("story", STORY), port("index", INDEX)],
            ),
        ),
        outputs=(
            Output(port=port("story", STORY), use=use("join.story")),
            Output(port=port("index", INDEX), use=use("join.index")),
            Output(port=port("slides", IMAGE, many=True), use=use("frames.result")),
            Output(port=port("sound", AUDIO), use=use("sound.result")),
        ),
    )


def segment(name: str, takes: list[str], gives: list[str], mapped: str = "", chunk: int = 0) -> Segment:
    inputs, outputs = tuple(FLOWS[each] for each in takes), tuple(FLOWS[each] for each in gives)
    member = Member(name=name, nodes=(name,), inputs=inputs, outputs=outputs)
    cut = (FLOWS[mapped].use,) if mapped else ()
    digest = name.ljust(64, "0")
    return Segment(name=name, members=(member,), inputs=inputs, outputs=outputs, mapped=cut, chunk=chunk, digest=digest)


def plan() -> Plan:
    return Plan(
        graph=graph(),
        target=Target(kind="local"),
        segments=(
            segment("frames", ["video"], ["frames_result"]),
            segment("sound", ["video"], ["sound_result"]),
            segment("read", ["frames_result"], ["read_result"], mapped="frames_result", chunk=2),
            segment("join", ["read_result", "sound_result"], ["join_story", "join_index"]),
        ),
        inputs=(FLOWS["video"],),
        outputs=tuple(FLOWS[name] for name in ("join_story", "join_index", "frames_result", "sound_result")),
        reasons=(
            Reason(code="map", producer="frames", consumer="read", text="its items are mapped one by one", hop=True),
        ),
    )


def slide(number: int) -> np.ndarray[Any, Any]:
    """A slide of its own colour and size, with a bright bar on it."""
    pixels = np.full((90, 160 + 8 * number, 3), (30 + 25 * number, 60, 160 - 20 * number), np.uint8)
    pixels[30:40, 20 : 60 + 10 * number] = 250
    return pixels


VALUES: dict[str, Any] = {
    "frames_result": [slide(number) for number in range(5)],
    "sound_result": (0.4 * np.sin(np.arange(24000) * 0.08)).astype(np.float32),
    "join_story": {"title": "On <mills> & water", "entries": [{"at_s": 0.4, "slide": ["Headrace"], "spoken": "hello"}]},
    "join_index": np.linspace(-1, 1, 40, dtype=np.float32).reshape(5, 8),
}


@dataclass
class Canned:
    """Answers each segment from :data:`VALUES`; fails where it is told to."""

    sink: Sink
    failing: str = ""
    name: str = "canned"
    pace_s: float = 0.0
    calls: list[str] = field(default_factory=list)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        return None

    async def call(self, task: Task, inputs: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        self.calls.append(task.segment)
        await asyncio.sleep(self.pace_s)
        if task.segment == self.failing:
            raise TaskFailed(
                TaskFailure(
                    kind="step",
                    node=task.segment,
                    port="frame",
                    message="ValueError: a slide without <text>",
                    traceback='  File "lecture.py", line 12, in read\n    raise ValueError("a slide without <text>")\n',
                    location="lecture.py:12",
                    item=1,
                )
            )
        outputs = next(each for each in plan().segments if each.name == task.segment).outputs
        return {each.name: encode(each, Any, self._value(each.name, inputs), self.sink) for each in outputs}

    def _value(self, name: str, inputs: Mapping[str, Tensor]) -> Any:
        if name == "read_result":
            return [f"Slide {number}:\nwater & <wheels>" for number in range(inputs["frames_result"].items)]
        return VALUES[name]


def record(state: State, run: str = RUN, *, failing: str = "", pace_s: float = 0.0) -> RunRecord:
    """Run the lecture on canned answers and read its record."""
    store = FileStore(state.objects)
    sink = Sink(store, f"default/{run}")
    video = Blob(b"\x00\x00\x00\x18ftypmp42" + bytes(5000))
    inputs = {"video": encode(FLOWS["video"], Blob, video, sink)}
    folder = RunFolder(state.runs / run)
    executor = Canned(sink, failing, pace_s=pace_s)
    asyncio.run(execute_run(plan(), run, inputs, executor, folder, lambda *_: None, store=store))
    return RunRecord.read(folder.path)


def png(path: Path, pixels: np.ndarray[Any, Any]) -> Path:
    """Write an image file."""
    from PIL import Image

    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    path.write_bytes(stream.getvalue())
    return path
