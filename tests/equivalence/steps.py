"""The steps that generated dags are wired of: every kind of type, body and failure, each as small as it can be.

Copied beside the generated dags, which import it as ``steps``.
"""

import io
from collections.abc import Iterator
from enum import Enum
from typing import Annotated, NamedTuple

import numpy as np
from PIL import Image as Picture
from pydantic import BaseModel

import headrace as hr

Vector = Annotated[np.ndarray[tuple[int], np.dtype[np.float32]], hr.Layout("embedding", "d=4")]


class Mood(Enum):
    CALM = "calm"
    LOUD = "loud"


class Word(BaseModel):
    text: str
    parts: list[str] = []
    weight: float = 0.0
    mood: Mood = Mood.CALM


class Parts(NamedTuple):
    head: hr.Text
    rest: hr.Many[hr.Text]
    size: int


class Sides(NamedTuple):
    left: hr.Text
    right: Word


# Text.


@hr.step
def shout(text: hr.Text) -> hr.Text:
    return text.upper()


@hr.step
def glue(first: hr.Text, second: hr.Text, by: str = "-") -> hr.Text:
    return f"{first}{by}{second}"


@hr.step
def words(text: hr.Text) -> Iterator[hr.Text]:
    yield from text.split()


@hr.step(max_items=6)
def letters(text: hr.Text) -> Iterator[hr.Text]:
    yield from text[:6]


@hr.step
def split(text: hr.Text) -> Parts:
    head, *rest = text.split() or [""]
    return Parts(head, rest, len(text))


@hr.step
def sides(text: hr.Text) -> Sides:
    half = len(text) // 2
    return Sides(text[:half], Word(text=text[half:], mood=Mood.LOUD))


@hr.step
def join(texts: hr.Many[hr.Text]) -> hr.Text:
    return "+".join(texts)


@hr.step
def keep(texts: hr.Many[hr.Text], having: hr.Text) -> hr.Many[hr.Text]:
    return [text for text in texts if having in text]


@hr.step
def place(text: hr.Text, among: hr.Many[hr.Text]) -> int:
    return among.index(text) if text in among else -1


@hr.batched(size=3)
def tidy(texts: hr.Batch[hr.Text]) -> hr.Batch[hr.Text]:
    assert 1 <= len(texts) <= 3
    return [" ".join(text.split()) for text in texts]


class Tag(hr.Stateful):
    prefix: str
    marks: list[str] = ["!"]

    def setup(self) -> None:
        self.suffix = "".join(self.marks)

    def __call__(self, text: hr.Text) -> hr.Text:
        return self.prefix + text + self.suffix


# Numbers and models.


@hr.step
def length(text: hr.Text) -> int:
    return len(text)


@hr.step
def add(number: int, more: int = 3) -> int:
    return number + more


@hr.step
def half(number: float) -> float:
    return number / 2


@hr.step(max_items=4)
def count(number: int) -> Iterator[int]:
    yield from range(min(max(number, 0), 4))


@hr.step
def total(numbers: hr.Many[int]) -> int:
    return sum(numbers)


@hr.step
def write(number: float) -> hr.Text:
    return f"{number:g}"


@hr.batched(size=2)
def repeat(texts: hr.Batch[hr.Text], times: int = 2) -> hr.Batch[hr.Text]:
    assert 1 <= len(texts) <= 2
    return [text[:4] * min(max(times, 0), 3) for text in texts]


@hr.step
def weigh(text: hr.Text, weight: float = 1) -> Word:
    return Word(text=text, parts=text.split(), weight=weight)


@hr.step
def spell(word: Word) -> hr.Text:
    return f"{word.text}/{len(word.parts)}/{word.weight:g}/{word.mood.value}"


@hr.step
def heaviest(words: hr.Many[Word]) -> Word:
    return max(words, key=lambda word: word.weight, default=Word(text="none"))


# Images of any size, pictures as files, vectors.


@hr.step
def draw(text: hr.Text) -> hr.Image:
    height, width = 1 + len(text) % 3, 1 + len(text) % 4
    return np.arange(height * width * 3, dtype=np.uint8).reshape(height, width, 3)


@hr.step
def flip(image: hr.Image) -> hr.Image:
    return image[::-1, ::-1]


@hr.step
def brightness(image: hr.Image) -> float:
    return float(image.mean())


@hr.step
def sizes(images: hr.Many[hr.Image]) -> hr.Many[int]:
    return [int(image.size) for image in images]


@hr.batched(size=2)
def invert(images: hr.Batch[hr.Image]) -> hr.Batch[hr.Image]:
    assert 1 <= len(images) <= 2
    return [np.asarray(255 - image, np.uint8) for image in images]


@hr.step
def encode(image: hr.Image) -> hr.Png:
    stream = io.BytesIO()
    Picture.fromarray(image).save(stream, "PNG")
    return hr.Png(stream.getvalue())


@hr.step
def measure(picture: hr.ImageFile) -> int:
    with picture.open() as stream, Picture.open(stream) as opened:
        return opened.width * 100 + opened.height


class Embed(hr.StatefulBatch[hr.Text, Vector], size=4):
    scale: float = 1.0

    def setup(self) -> None:
        self.ones = np.ones(4, np.float32) * np.float32(self.scale)

    def batch(self, items: hr.Batch[hr.Text], /) -> hr.Batch[Vector]:
        assert 1 <= len(items) <= 4
        return [np.asarray(self.ones * len(item), np.float32) for item in items]


@hr.step
def blend(first: Vector, second: Vector) -> Vector:
    return np.asarray((first + second) / 2, np.float32)


@hr.step
def norm(vector: Vector) -> float:
    return float(vector.sum())


@hr.step
def mean(vectors: hr.Many[Vector]) -> Vector:
    return np.asarray(np.sum(vectors, axis=0) if vectors else np.zeros(4), np.float32)


# Failures, on certain inputs.


@hr.step
def strict(text: hr.Text) -> hr.Text:
    if "a" in text:
        raise ValueError(f"no a, please: {text}")
    return text


@hr.step
def readable(text: hr.Text) -> hr.Text:
    if "b" in text:
        raise hr.InputError(f"cannot be read: {text}")
    return text


@hr.step
def small(number: int) -> int:
    if number > 4:
        raise hr.InputError(f"{number} is too much")
    return number


@hr.batched(size=3)
def picky(texts: hr.Batch[hr.Text]) -> hr.Batch[hr.Text]:
    if any("c" in text for text in texts):
        raise hr.InputError("there is a c in it")
    return texts


@hr.step(max_items=2)
def few(text: hr.Text) -> Iterator[hr.Text]:
    yield from text.split()


@hr.step
def crooked(number: int) -> Vector:
    return np.zeros(4 if number < 3 else 5, np.float32)


STEPS = (
    *("words", "shout", "strict", "tidy", "join", "draw", "split", "Embed()", "readable", "length", "letters", "glue"),
    *("sides", "keep", "place", "Tag(prefix='<')", "Tag(prefix='', marks=['.', '.'])", "few", "add", "half", "count"),
    *("total", "write", "repeat", "weigh", "spell", "heaviest", "flip", "brightness", "sizes", "invert", "encode"),
    *("measure", "Embed(scale=0.5)", "blend", "norm", "mean", "small", "crooked", "picky"),
)
"""How a dag writes each step."""

ITEMS = ("hr.Text", "int", "float", "Word", "hr.Image", "hr.Png", "Vector")
"""How a dag writes the type of each value."""
