"""Values survive every wire, through the raw contents of the protocol and back."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from pydantic import BaseModel, Field

from headrace_dags.graph import Use
from headrace_dags.layout import Layout
from headrace_dags.media.handles import Blob, ImageFile, MemorySource, Mp4, Png, Video, Wav
from headrace_dags.plan.model import Flow, Wire
from headrace_dags.ports.annotations import Parsed, parse
from headrace_dags.ports.types import Audio, Embedding, Image
from headrace_dags.ports.values import ValueMisfit
from headrace_serving.codec import Sink, blank, codec
from headrace_serving.objects.file import FileStore
from headrace_serving.raw import from_raw, to_raw
from headrace_serving.tensors import DATATYPES, Tensor

quick = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Box(BaseModel):
    left: int
    score: float


class Page(BaseModel):
    title: str
    boxes: list[Box] = []
    colour: Colour = Colour.RED
    note: str | None = None
    kind: str = Field(default="page", alias="type")


@dataclass
class Point:
    x: float
    y: float


@pytest.fixture
def sink(tmp_path: Path) -> Sink:
    return Sink(FileStore(tmp_path / "objects"), "tenant/run")


def flow(annotation: Any, wire: Wire, *, many: bool = False) -> Flow:
    parsed = parse(annotation)
    assert isinstance(parsed, Parsed), parsed
    return Flow(name="value", use=Use(node="", port="value"), type=parsed.type, many=many, wire=wire)


def travelled(sink: Sink, annotation: Any, wire: Wire, value: Any, *, many: bool = False) -> Any:
    """The value after the whole way: encoded, as bytes on the network, decoded."""
    made = codec(flow(annotation, wire, many=many), annotation)
    tensor = made.encode(value, sink)
    assert tensor.items == (len(value) if many else 1)
    received = from_raw(tensor.datatype, tensor.array.shape, to_raw(tensor))
    assert received.array.shape == tensor.array.shape
    return made.decode(received, sink.store)


@quick
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]))))
def test_text(sink: Sink, texts: list[str]) -> None:
    assert travelled(sink, str, "text", texts, many=True) == texts


def test_text_that_utf8_cannot_hold_is_refused(sink: Sink) -> None:
    with pytest.raises(ValueMisfit, match="text that UTF-8 can hold"):
        codec(flow(str, "text"), str).encode("\ud800", sink)
    with pytest.raises(ValueMisfit, match="text in UTF-8"):
        codec(flow(str, "text"), str).decode(Tensor.of_bytes([b"\xff"]), sink.store)


@quick
@given(st.lists(st.floats(allow_nan=False) | st.just(math.inf)))
def test_json_floats(sink: Sink, numbers: list[float]) -> None:
    assert travelled(sink, float, "json", numbers, many=True) == numbers


def test_json_nan(sink: Sink) -> None:
    assert math.isnan(travelled(sink, float, "json", math.nan))
    assert math.isnan(travelled(sink, Box, "json", Box(left=1, score=math.nan)).score)


@pytest.mark.parametrize(
    ("annotation", "value"),
    [
        (Page, Page(title="über\n", boxes=[Box(left=-1, score=0.25)], colour=Colour.BLUE, type="cover")),
        (Point, Point(1.0, -0.0)),
        (dict[str, list[int]], {"": [], "ключ": [1, 2]}),
        (list[str], []),
        (bool, True),
        (int, 2**70),
        (Colour, Colour.BLUE),
    ],
)
def test_json_values(sink: Sink, annotation: Any, value: Any) -> None:
    assert travelled(sink, annotation, "json", value) == value
    assert travelled(sink, annotation, "json", [value, value], many=True) == [value, value]


ARRAYS = hnp.arrays(
    dtype=st.sampled_from(sorted(DATATYPES)).map(np.dtype),
    shape=st.tuples(st.integers(0, 3), st.integers(0, 4)),
)


@quick
@given(ARRAYS, st.sampled_from(["tensor", "npy"]))
def test_arrays_of_every_type(sink: Sink, array: np.ndarray[Any, np.dtype[Any]], wire: Wire) -> None:
    annotation = Annotated[Any, Layout("tensor", "a b", dtype=array.dtype.name)]
    got = travelled(sink, annotation, wire, array)
    assert got.dtype == array.dtype
    np.testing.assert_array_equal(got, array)
    for each in travelled(sink, annotation, wire, [array, array], many=True):
        np.testing.assert_array_equal(each, array)


def test_an_array_that_arrives_may_be_written_to(sink: Sink) -> None:
    got = travelled(sink, Image, "tensor", np.zeros((2, 2, 3), np.uint8))
    got[:] = 1
    assert got.sum() == 12


def test_arrays_that_lie_oddly(sink: Sink) -> None:
    lying = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)[:, ::-2, :]
    for wire in ("tensor", "npy", "png"):
        np.testing.assert_array_equal(travelled(sink, Image, wire, lying), lying)
    big = np.arange(3, dtype=">f4")
    np.testing.assert_array_equal(travelled(sink, Audio, "tensor", big), big)


def test_ragged_arrays(sink: Sink) -> None:
    ragged = [np.arange(n, dtype=np.float32) for n in (0, 1, 7)]
    for got, sent in zip(travelled(sink, Embedding, "npy", ragged, many=True), ragged, strict=True):
        np.testing.assert_array_equal(got, sent)


def test_ragged_arrays_in_one_tensor_are_refused(sink: Sink) -> None:
    with pytest.raises(ValueMisfit, match=r"like the first: \(2,\), got \(3,\) \(item 1\)"):
        codec(flow(Audio, "tensor", many=True), Audio).encode([np.zeros(n, np.float32) for n in (2, 3)], sink)


def test_arrays_of_another_type_are_refused(sink: Sink) -> None:
    for wire in ("tensor", "npy"):
        with pytest.raises(ValueMisfit, match="float32, got float64"):
            codec(flow(Audio, wire), Audio).encode(np.zeros(2), sink)
    with pytest.raises(ValueMisfit, match="float32, got float64"):
        codec(flow(Audio, "tensor"), Audio).decode(Tensor(np.zeros((1, 2))), sink.store)


@quick
@given(
    st.lists(
        st.tuples(st.integers(0, 5), st.integers(0, 5), st.sampled_from([1, 2, 3, 4, 5])).flatmap(
            lambda shape: hnp.arrays(np.uint8, shape)
        ),
        max_size=4,
    )
)
def test_ragged_images(sink: Sink, images: list[np.ndarray[Any, np.dtype[np.uint8]]]) -> None:
    for got, sent in zip(travelled(sink, Image, "png", images, many=True), images, strict=True):
        assert got.dtype == np.uint8
        np.testing.assert_array_equal(got, sent)


def test_images_without_channels_and_of_other_types(sink: Sink) -> None:
    grey = Annotated[Any, Layout("image", "h w", dtype="uint8")]
    deep = Annotated[Any, Layout("image", "h w", dtype="uint16")]
    np.testing.assert_array_equal(travelled(sink, grey, "png", np.eye(3, dtype=np.uint8)), np.eye(3))
    np.testing.assert_array_equal(
        travelled(sink, deep, "png", np.full((2, 2), 60_000, np.uint16)), np.full((2, 2), 60_000)
    )


def test_large_images_travel_as_references(sink: Sink) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (200, 200, 3), np.uint8)
    tensor = codec(flow(Image, "png"), Image).encode(noise, sink)
    assert tensor.nbytes < 400
    np.testing.assert_array_equal(travelled(sink, Image, "png", noise), noise)


@pytest.mark.parametrize("wire", ["text", "json", "handle", "npy", "png", "tensor"])
def test_no_items(sink: Sink, wire: Wire) -> None:
    annotations = {"text": str, "json": Page, "handle": Video, "npy": Image, "png": Image, "tensor": Image}
    assert travelled(sink, annotations[wire], wire, [], many=True) == []
    value = flow(annotations[wire], wire, many=True)
    assert codec(value, annotations[wire]).decode(blank(value, 0), sink.store) == []
    assert blank(value, 2).items == 2


@pytest.mark.parametrize("items", [0, 2])
def test_one_value_has_one_item(sink: Sink, items: int) -> None:
    with pytest.raises(ValueMisfit, match=f"one item, got {items}"):
        codec(flow(str, "text"), str).decode(Tensor.of_bytes([b"x"] * items), sink.store)


def test_a_handle_comes_back_as_its_most_specific_class(sink: Sink) -> None:
    video = travelled(sink, Video, "handle", Mp4(b"....ftypisom"))
    assert type(video) is Mp4
    assert video.read() == b"....ftypisom"
    assert type(travelled(sink, ImageFile, "handle", Png(b"\x89PNG\r\n\x1a\n"))) is Png
    assert type(travelled(sink, Blob, "handle", Blob(MemorySource(b"?", "application/x-own")))) is Blob


def test_a_handle_opens_a_seekable_stream_and_gives_its_own_path(sink: Sink) -> None:
    sound = travelled(sink, Wav, "handle", Wav(bytes(range(100))))
    with sound.open() as stream:
        stream.seek(90)
        assert stream.read() == bytes(range(90, 100))
    assert sound.path().parent == sink.store.root / "tenant" / "run"  # type: ignore[attr-defined]
    assert (sound.size, sound.source.digest()) == (100, sound.path().name)


def test_a_handle_of_this_run_is_passed_on_and_one_of_another_is_copied(sink: Sink) -> None:
    made = codec(flow(Video, "handle"), Video)
    first = made.encode(Mp4(b"film"), sink)
    video = made.decode(first, sink.store)
    video.path().chmod(0)
    video.path().rename(gone := video.path().with_suffix(".moved"))
    assert made.encode(video, sink).array[0, 0] == first.array[0, 0], "nothing was read"
    gone.rename(video.path())
    video.path().chmod(0o600)
    elsewhere = made.decode(made.encode(video, Sink(sink.store, "tenant/other")), sink.store)
    assert "other" in elsewhere.path().parts
    assert elsewhere.read() == b"film"


def test_a_user_class_of_handles_comes_back_as_itself(sink: Sink) -> None:
    class Talk(Video):
        pass

    assert type(travelled(sink, Talk, "handle", Talk(b"film"))) is Talk


def test_what_is_no_handle_is_refused(sink: Sink) -> None:
    with pytest.raises(ValueMisfit, match="a media handle, got 4 bytes"):
        codec(flow(Video, "handle"), Video).encode(b"film", sink)


def test_a_medium_without_content_is_refused(sink: Sink, tmp_path: Path) -> None:
    (tmp_path / "empty.mp4").touch()
    with pytest.raises(ValueMisfit, match=r"a medium with content, got hr\.Mp4 of 0 bytes"):
        codec(flow(Video, "handle"), Video).encode(Mp4(tmp_path / "empty.mp4"), sink)


def test_contents_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match=r"expects elements of the shape \[2, 1\], got 1"):
        from_raw("BYTES", (2, 1), to_raw(Tensor.of_bytes([b"one"])))
    with pytest.raises(ValueError, match="datatype"):
        from_raw("BF16", (1,), b"\0\0")
    with pytest.raises(ValueError, match=r"expects elements of the shape \[3\], got 2"):
        from_raw("INT8", (3,), b"\0\0")
