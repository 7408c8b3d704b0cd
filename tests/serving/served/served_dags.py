"""Small dags, one for each thing that a runtime must do. The tests serve all of them together."""

import asyncio
import hashlib
import io
import os
import tempfile
import time
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import numpy as np
from pydantic import BaseModel
from stream_dags import (
    Small,
    bounded_stream,
    drawn,
    dying_stream,
    eager_stream,
    faltering_stream,
    gated_stream,
    impatient_stream,
    streamed,
    streamed_arrays,
    streamed_from_nothing,
    streamed_media,
)

import headrace as hr

Scores = Annotated[np.ndarray[tuple[int], np.dtype[np.float32]], hr.Layout("tensor", "d=4")]


class Mood(Enum):
    CALM = "calm"
    LOUD = "loud"


class Invoice(BaseModel):
    number: int
    total: float
    lines: list[str] = []
    mood: Mood = Mood.CALM


class Halves(NamedTuple):
    left: str
    right: str


# Functions.


@hr.step
def greet(name: hr.Text, sign: str = "!") -> hr.Text:
    print(f"greeting {name}")
    return f"Grüße, {name}{sign}"


@hr.dag
def one_function(name: hr.Text) -> hr.Text:
    return greet(name)


@hr.step
def double(number: int) -> int:
    return 2 * number


@hr.step
def spell(number: float) -> hr.Text:
    return f"{number:.1f}"


@hr.dag
def two_fused(number: int) -> hr.Text:
    return spell(double(number))


@hr.step
def halve(text: hr.Text) -> Halves:
    return Halves(text[: len(text) // 2], text[len(text) // 2 :])


@hr.step
def swap(left: hr.Text, right: hr.Text) -> hr.Text:
    return right + left


@hr.dag
def several_outputs(text: hr.Text) -> hr.Text:
    halves = halve(text)
    return swap(halves.left, halves.right)


@hr.step
def bill(invoice: Invoice, tip: float) -> Invoice:
    return invoice.model_copy(update={"total": invoice.total + tip, "mood": Mood.LOUD})


@hr.dag
def models_and_constants(invoice: Invoice) -> Invoice:
    return bill(invoice, 0.5)


@hr.step
def answer() -> int:
    return 42


@hr.dag
def nothing_in() -> int:
    return answer()


@hr.step
def scribble(image: hr.Image) -> hr.Image:
    image[:] = 7
    return image


@hr.step
def first_pixel(image: hr.Image) -> int:
    return int(image.reshape(-1)[0])


@hr.dag
def written_to(image: hr.Image) -> int:
    scribbled = scribble.with_(isolate=True)(image)
    return first_pixel.with_(isolate=True)(scribbled)


@hr.step
def brightness(image: hr.Image) -> float:
    return float(image.mean())


@hr.dag
def one_image(image: hr.Image) -> float:
    return brightness(image)


# Class steps.


class Scale(hr.Stateful):
    factor: int = 3
    words: list[str] = []

    def setup(self) -> None:
        self.table = {n: n * self.factor for n in range(100)}

    def __call__(self, number: int) -> int:
        return self.table[number] + len(self.words)


@hr.dag
def stateful(number: int) -> int:
    return Scale(factor=5, words=["a", "b"])(number)


class Trim(hr.Stateful):
    def __call__(self, text: hr.Text) -> hr.Text:
        return text.strip()


class Upper(hr.Stateful):
    def __call__(self, text: hr.Text) -> hr.Text:
        return text.upper()


class Length(hr.Stateful):
    def __call__(self, text: hr.Text) -> int:
        return len(text)


class Title(hr.Stateful):
    def __call__(self, upper: hr.Text, length: int, original: hr.Text) -> hr.Text:
        return f"{upper} ({length} of {len(original)})"


@hr.dag
def branching(text: hr.Text) -> hr.Text:
    trimmed = Trim()(text)
    return Title()(Upper()(trimmed), Length()(trimmed), text)


# Batches and maps.


@hr.batched(size=8)
def shout(texts: hr.Batch[hr.Text]) -> hr.Batch[hr.Text]:
    time.sleep(0.01)
    assert len(texts) <= 8
    return [f"{text.upper()}" for text in texts]


@hr.dag
def batched_once(text: hr.Text) -> hr.Text:
    return shout(text)


@hr.batched(size=8)
def embed(texts: hr.Batch[hr.Text]) -> hr.Batch[Small]:
    return [np.full(4, len(text), np.float32) for text in texts]


@hr.batched(size=8)
def lower(texts: hr.Batch[hr.Text]) -> hr.Batch[hr.Text]:
    assert len(texts) <= 8
    return [text.lower() for text in texts]


@hr.dag
def mapped(texts: hr.Many[hr.Text]) -> hr.Many[Small]:
    return embed.map(lower.map(texts))


@hr.step(max_items=100)
def count_to(number: int) -> Iterator[int]:
    yield from range(number)


@hr.step
def add(number: int, more: int) -> int:
    return number + more


@hr.step
def total(numbers: hr.Many[int]) -> int:
    return sum(numbers)


@hr.dag
def many_inside(number: int) -> int:
    return total(add.map(count_to(number), 10))


@hr.step
def thumbnail(image: hr.Image, scale: int) -> hr.Image:
    return np.ascontiguousarray(image[::scale, ::scale])


@hr.dag
def ragged(images: hr.Many[hr.Image]) -> hr.Many[hr.Image]:
    return thumbnail.map(images, 2)


@hr.step
def mirror(image: hr.Image) -> hr.Image:
    return image[:, ::-1]


@hr.step
def contrast(image: hr.Image) -> float:
    return float(image.std())


@hr.dag
def over_a_hop(images: hr.Many[hr.Image]) -> hr.Many[float]:
    return contrast.with_(isolate=True).map(mirror.map(images))


@hr.onnx("linear.onnx")
def linear(x: Small) -> Scores: ...


@hr.dag
def one_onnx(x: Small) -> Scores:
    return linear(x)


@hr.onnx("rows.onnx", size=8)
def rows(x: hr.Batch[Small]) -> hr.Batch[Scores]: ...


@hr.dag
def batched_onnx(xs: hr.Many[Small]) -> hr.Many[Scores]:
    return rows.map(xs)


# Media.


class Digest(NamedTuple):
    sha256: str
    places: list[int]


@hr.step
def look(video: hr.Video) -> Digest:
    with video.open() as stream:
        size = stream.seek(0, io.SEEK_END)
        places = []
        for part in range(10):
            stream.seek(size * part // 10)
            places.append(stream.read(1)[0])
    with video.open() as stream:
        return Digest(hashlib.file_digest(stream, "sha256").hexdigest(), places)


@hr.step
def report(sha256: str, places: list[int]) -> hr.Text:
    return f"{sha256} {places}"


@hr.dag
def a_video(video: hr.Video) -> hr.Text:
    seen = look(video)
    return report(seen.sha256, seen.places)


class Draw(hr.Stateful):
    def __call__(self, width: int) -> hr.Png:
        return hr.Png(drawn(width))


class Same(hr.Stateful):
    def __call__(self, image: hr.ImageFile) -> hr.ImageFile:
        assert type(image) is hr.Png
        return image


@hr.step
def same_again(image: hr.ImageFile) -> hr.ImageFile:
    return image


@hr.dag
def made_media(width: int) -> hr.ImageFile:
    return same_again.with_(isolate=True)(Same()(Draw()(width)))


# Faults.


@hr.step
def divide(number: int) -> float:
    return 1 / number


@hr.step
def decode(text: hr.Text) -> int:
    if not text.isdigit():
        raise hr.InputError(f"no digits in {text!r}")
    return int(text)


@hr.step
def wrong_type(number: int) -> Small:
    made: Any = np.zeros(4)
    return made


@hr.step
def quit_all(number: int) -> int:
    raise SystemExit(number)


@hr.dag
def dividing(number: int) -> float:
    return divide.with_(isolate=True)(number)


@hr.dag
def decoding(texts: hr.Many[hr.Text]) -> hr.Many[int]:
    return decode.map(texts)


@hr.dag
def misdeclared(number: int) -> Small:
    return wrong_type(number)


@hr.dag
def quitting(number: int) -> int:
    return quit_all(number)


@hr.step
def cancel_itself(number: int) -> int:
    raise asyncio.CancelledError("from inside")


@hr.dag
def cancelling(number: int) -> int:
    return cancel_itself(number)


@hr.step
def draw_in_passing(width: int) -> hr.Png:
    with tempfile.TemporaryDirectory() as folder:
        picture = Path(folder) / "made.png"
        picture.write_bytes(drawn(width))
        return hr.Png(picture)


@hr.dag
def vanishing(width: int) -> hr.Png:
    return draw_in_passing(width)


class Picky(hr.StatefulBatch[hr.Text, hr.Text], size=4):
    def batch(self, items: hr.Batch[hr.Text]) -> hr.Batch[hr.Text]:
        if "bad" in items:
            raise ValueError("bad " + "☠" * 5_000)
        return items


class Echo(hr.Stateful):
    def __call__(self, text: hr.Text) -> hr.Text:
        return text


@hr.dag
def failing_inside(texts: hr.Many[hr.Text]) -> hr.Many[hr.Text]:
    return Picky().map(Echo().map(texts))


@hr.step
def crash(number: int) -> int:
    os.kill(os.getpid(), number)
    return number


@hr.dag
def crashing(number: int) -> int:
    return crash(number)


@hr.step
def sleep(seconds: float) -> float:
    time.sleep(seconds)
    return seconds


@hr.dag
def sleeping(seconds: float) -> float:
    return sleep(seconds)


DAGS = (
    one_function,
    two_fused,
    several_outputs,
    models_and_constants,
    nothing_in,
    written_to,
    one_image,
    stateful,
    branching,
    batched_once,
    mapped,
    many_inside,
    ragged,
    over_a_hop,
    one_onnx,
    batched_onnx,
    a_video,
    made_media,
    dividing,
    decoding,
    misdeclared,
    quitting,
    cancelling,
    vanishing,
    failing_inside,
    crashing,
    sleeping,
    streamed,
    streamed_arrays,
    streamed_media,
    streamed_from_nothing,
    gated_stream,
    impatient_stream,
    eager_stream,
    faltering_stream,
    bounded_stream,
    dying_stream,
)
