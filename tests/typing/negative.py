"""Mistakes that checkers must find. Each line with one ends in a mark that names who finds it; a test compares both ways."""

# mypy: disable-error-code="empty-body"

from collections.abc import Iterator
from enum import Enum, StrEnum
from typing import Annotated, NamedTuple, TypeAlias

import numpy as np

import headrace as hr

Vector: TypeAlias = Annotated[np.ndarray[tuple[int], np.dtype[np.float64]], hr.Layout("embedding", "d=384")]


class Parts(NamedTuple):
    frames: hr.Many[hr.Image]
    sound: hr.Audio


@hr.step
def split(video: hr.Video) -> Parts: ...


@hr.step
def keyframes(video: hr.Video, every: float = 2.0) -> Iterator[hr.Image]:
    yield from ()


@hr.step
def caption(image: hr.Image, style: str = "short") -> hr.Text: ...


@hr.step
def count(text: hr.Text) -> int: ...


@hr.step
def describe(vector: Vector) -> hr.Text: ...


@hr.batched(size=8)
def read_slide(frames: hr.Batch[hr.Image]) -> hr.Batch[hr.Text]: ...


class Transcribe(hr.Stateful):
    model: str = "base"

    def __call__(self, sound: hr.Audio, language: str = "en") -> hr.Text: ...


class Fetch(hr.Stateful):
    token: hr.Secret
    plain: str = hr.Secret("API_TOKEN")  # both

    def __call__(self, text: hr.Text) -> hr.Text:
        return self.token  # both


class Encode(hr.StatefulBatch[hr.Text, Vector], size=8):
    name: str

    def batch(self, items: hr.Batch[hr.Text], /) -> hr.Batch[Vector]: ...


@hr.step(memory=2)  # both
def wrong_memory(text: hr.Text) -> hr.Text: ...


@hr.step(device="tpu")  # both
def wrong_device(text: hr.Text) -> hr.Text: ...


@hr.step(gpu="6Gi")  # both
def wrong_option(text: hr.Text) -> hr.Text: ...


@hr.batched(wait="5ms")  # both
def without_size(frames: hr.Batch[hr.Image]) -> hr.Batch[hr.Text]: ...


@hr.batched(size=8)  # both
def without_batch(frame: hr.Image) -> hr.Text: ...


@hr.dag(deadline=10)  # both
def wrong_deadline(text: hr.Text) -> hr.Text: ...


class WrongHeader(hr.Stateful, gpu="6Gi"):  # both
    def __call__(self, text: hr.Text) -> hr.Text: ...


class WrongBatch(hr.StatefulBatch[hr.Text, int], size=8):
    def batch(self, items: hr.Batch[hr.Image], /) -> hr.Batch[int]: ...  # both


@hr.dag
def mistakes(video: hr.Video, sound: hr.Audio, picture: hr.Image) -> hr.Text:
    parts = split(video)
    frames = keyframes(video)
    caption(frames)  # both
    caption(video)  # both
    caption(picture, stile="long")  # both
    caption(picture, style=3)  # both
    caption()  # both
    caption.map(picture)  # both
    caption.map(frames, style=3)  # both
    caption.map("abc")  # both
    caption.map([parts.sound])  # both
    count.map(frames)  # both
    read_slide(frames)  # both
    read_slide.map(parts.sound)  # both
    count(caption.map(frames))  # both
    describe(sound)  # both
    caption(parts.sounds)  # both
    keyframes(video, every="2s")  # both
    keyframes.mapp([video])  # both
    keyframes.with_(retries=2)  # both
    keyframes.with_(timeout=30)  # both
    Transcribe(size="base")  # both
    Transcribe(model=3)  # both
    Transcribe()(video)  # both
    Transcribe()(sound, lang="en")  # both
    Transcribe().map([video])  # both
    Fetch(token="sk-1")  # both
    Fetch()  # both
    Transcribe(model=hr.Secret("MODEL"))  # both
    hr.Secret(3)  # both
    Encode()  # both
    Encode(name="mini")(3)  # both
    Encode(name="mini").map([3])  # both
    caption(hr.Imge)  # both
    caption(hr.Jpeg(3))  # both
    caption(b"bytes")  # both
    count(hr.Blob(b"x"))  # both
    return count(caption(picture))  # both


@hr.dag
def outer(picture: hr.Image) -> hr.Text:
    mistakes(picture)  # both
    return mistakes.map([picture])  # both


class Kind(str, Enum):  # noqa: UP042  # as users write it
    LOUD = "loud"
    QUIET = "quiet"


class Other(StrEnum):
    LOUD = "loud"


@hr.step
def kind_of(text: hr.Text) -> Kind: ...


@hr.step
def is_long(text: hr.Text) -> bool: ...


@hr.step
def number(text: hr.Text) -> int: ...


@hr.step
def maybe(value: int | None) -> hr.Text: ...


@hr.step
def pair(text: hr.Text, value: int, mark: str = "") -> hr.Text: ...


@hr.step
def all_of(texts: hr.Many[hr.Text]) -> hr.Text: ...


@hr.dag
def paired(text: hr.Text, value: int) -> hr.Text:
    return pair(text, value)


@hr.dag
def joined(text: hr.Text, texts: hr.Many[hr.Text], numbers: hr.Many[int]) -> hr.Text:
    loud = hr.switch(kind_of(text)).case(Kind.LOUD, text)
    loud.case("quiet", text)  # both
    loud.case(Other.LOUD, text)  # both
    hr.switch(number(text))  # both
    count(loud)  # both
    count(loud.otherwise(None))  # both
    count(loud.otherwise(number(text)))  # both
    number(loud.case(Kind.QUIET, number(text)).end())  # both
    hr.when(number, text)  # both
    hr.when(text, text)  # both
    count(hr.when(is_long(text), text))  # both
    count(hr.optional(text, within="1s"))  # both
    hr.optional(text, within=3)  # both
    hr.optional(text)  # both
    hr.quorum(2, text, text)  # both
    hr.quorum("2", text, text, within="1s")  # both
    maybe(hr.first(text, text))  # both
    all_of(hr.quorum(2, text, text, within="1s"))  # both
    all_of(count.tolerant(min_success=0.5).map(texts))  # both
    count.tolerant()  # both
    count.tolerant(min_success="all")  # both
    count.tolerant(0.5)  # both
    Transcribe().tolerant(min_success="all")  # both
    all_of(Encode(name="mini").tolerant(min_success=0.5).map(texts))  # both
    paired.tolerant(min_success=0.5)  # both
    paired.with_(retry=2)  # both
    pair.zip(texts, texts)  # both
    pair.zip(texts)  # both
    pair.zip(numbers, texts)  # both
    pair.zip(texts, numbers, mark=3)  # both
    pair.zip(texts, 3)  # both
    paired.zip(texts, texts)  # both
    paired.map(numbers, 3)  # both
    paired.map(texts, "3")  # both
    Transcribe().zip(texts, texts)  # both
    hr.collect(3)  # both
    count(hr.collect(texts))  # both
    count.with_(name=3)  # both
    count.with_(isolate="yes")  # both
    maybe(None)
    maybe(number(text))
    return count(text)  # both
