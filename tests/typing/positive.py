"""What checkers must infer of the typed surface. Read by mypy and pyright, never run."""

# mypy: disable-error-code="empty-body"

from collections.abc import Iterator
from typing import Annotated, NamedTuple, TypeAlias, assert_type

import numpy as np
from pydantic import BaseModel

import headrace as hr

Vector: TypeAlias = Annotated[np.ndarray[tuple[int], np.dtype[np.float32]], hr.Layout("embedding", "d=384")]


class Word(BaseModel):
    text: str
    at: float


class Parts(NamedTuple):
    frames: hr.Many[hr.Image]
    sound: hr.Audio


@hr.step
def split(video: hr.Video) -> Parts: ...


@hr.step
def keyframes(video: hr.Video, every: float = 2.0) -> Iterator[hr.Image]:
    yield from ()


@hr.step(memory="2Gi", max_items=100)
def pages(pdf: hr.Pdf) -> Iterator[hr.Image]:
    yield from ()


@hr.step(device="gpu", gpu_memory="6Gi", slice="1g.10gb")
def caption(image: hr.Image, style: str = "short") -> hr.Text: ...


@hr.batched(size=8, wait="5ms")
def read_slide(frames: hr.Batch[hr.Image]) -> hr.Batch[hr.Text]: ...


@hr.batched(size=8)
def rank(frames: hr.Batch[hr.Image], texts: hr.Batch[hr.Text], top: int = 3) -> hr.Batch[float]: ...


@hr.onnx("embed.onnx")
def embed(ids: Vector) -> Vector: ...


@hr.onnx("embed.onnx", size=16, wait="2ms")
def embed_many(ids: hr.Batch[Vector]) -> hr.Batch[Vector]: ...


@hr.tensorrt("embed.plan", gpu_memory="2Gi")
def embed_engine(ids: Vector) -> Vector: ...


@hr.torchscript("embed.pt", size=16, device="gpu")
def embed_script(ids: hr.Batch[Vector]) -> hr.Batch[Vector]: ...


@hr.remote("${MODELS_URL}/v2/models/embed", token=hr.Secret("TOKEN"), outputs={"result": "embedding"}, timeout="5s")
def embed_there(ids: Vector) -> Vector: ...


@hr.remote(
    "grpcs://models.example:8001/v2/models/embed", size=16, headers={"X-Team": "vision", "X-Key": hr.Secret("KEY")}
)
def embed_many_there(ids: hr.Batch[Vector]) -> hr.Batch[Vector]: ...


class Transcribe(hr.Stateful, device="gpu", gpu_memory="6Gi", memory="1Gi", slice=""):
    model: str = "base"
    beams: int = 1

    def setup(self) -> None:
        self.loaded = self.model

    def __call__(self, sound: hr.Audio, language: str = "en") -> list[Word]: ...


class Fetch(hr.Stateful):
    token: hr.Secret
    user: hr.Secret = hr.Secret("API_USER")
    spare: hr.Secret | None = None

    def __call__(self, text: hr.Text) -> hr.Text:
        assert_type(self.token, hr.Secret)
        return self.token.reveal() + self.user.reveal()


class Encode(hr.StatefulBatch[hr.Text, Vector], size=32, wait="5ms"):
    model: str

    def batch(self, items: hr.Batch[hr.Text], /) -> hr.Batch[Vector]: ...


@hr.step
def timeline(slides: hr.Many[hr.Text], words: list[Word], vectors: hr.Many[Vector]) -> Word: ...


@hr.dag
def described(image: hr.Image) -> hr.Text:
    return caption(image, style="long")


@hr.dag(deadline="10m")
def lecture(video: hr.Video, every: float = 2.0) -> Word:
    parts = split(video)
    assert_type(parts, Parts)
    frames = keyframes(video, every=every)
    assert_type(frames, list[hr.Image])
    texts = read_slide.map(frames)
    assert_type(texts, list[str])
    transcribe = Transcribe(model="small").with_(retry=2, timeout="1m", isolate=True, cache=True)
    assert_type(transcribe, Transcribe)
    words = transcribe(parts.sound, language="de")
    assert_type(words, list[Word])
    vectors = Encode(model="mini").map(texts)
    assert_type(vectors, list[Vector])
    return timeline(texts, words, vectors)


def plain_calls(image: hr.Image, images: list[hr.Image], pdf: hr.Pdf, vector: Vector, sounds: list[hr.Audio]) -> None:
    assert_type(pages(pdf), list[hr.Image])
    assert_type(caption(image), str)
    assert_type(caption.map(images, style="long"), list[str])
    assert_type(caption.with_(retry=1)(image), str)
    assert_type(read_slide(image), str)
    assert_type(rank(image, "a", top=1), float)
    assert_type(rank.map(images, "a"), list[float])
    assert_type(embed(vector), Vector)
    assert_type(embed_many.map([vector]), list[Vector])
    assert_type(embed_engine(vector), Vector)
    assert_type(embed_script.map([vector]), list[Vector])
    assert_type(embed_there(vector), Vector)
    assert_type(embed_many_there.map([vector]), list[Vector])
    assert_type(described(image), str)
    assert_type(Transcribe()(sounds[0]), list[Word])
    assert_type(Transcribe().map(sounds, language="de"), list[list[Word]])
    assert_type(Encode(model="x")("text"), Vector)
    assert_type(hr.Secret("API_TOKEN").reveal(), str)
    assert_type(Fetch(token=hr.Secret("API_TOKEN"), spare=hr.Secret("SPARE"))("text"), str)
