"""Small dags whose maps a mapper drives, one for each thing that it must do. The tests serve all of them together."""

import os
import resource
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, NamedTuple

import numpy as np

import headrace as hr

Vector = Annotated[np.ndarray[tuple[int], np.dtype[np.float32]], hr.Layout("embedding", "d=4")]


@hr.step(max_items=200)
def count_to(number: int) -> Iterator[int]:
    yield from range(number)


@hr.batched(size=8)
def squared(numbers: hr.Batch[int]) -> hr.Batch[int]:
    assert 1 <= len(numbers) <= 8
    if 13 in numbers:
        raise ValueError("13 is unlucky")
    return [number**2 for number in numbers]


@hr.step
def total(numbers: hr.Many[int]) -> int:
    return sum(numbers)


@hr.dag
def batched_inside(number: int) -> int:
    return total(squared.map(count_to(number)))


@hr.step(max_items=200)
def count_up(number: int) -> Iterator[int]:
    yield from range(number)


class Slow(hr.Stateful):
    """One item at a time; refuses one of them, and makes others wait."""

    def __call__(self, number: int) -> int:
        if number == 5:
            raise hr.InputError("five is refused")
        if number > 100:
            time.sleep(0.01)
        return number + 1


@hr.dag
def class_inside(number: int) -> hr.Many[int]:
    return Slow().map(count_up(number))


# Images of any size, in chains of models, with functions between and a value for all items.


@hr.step(max_items=64)
def tiles(image: hr.Image) -> Iterator[hr.Image]:
    for size in range(1, image.shape[0]):
        yield image[:size, : size + 1]


@hr.batched(size=4)
def inverted(images: hr.Batch[hr.Image]) -> hr.Batch[hr.Image]:
    return [np.asarray(255 - image, np.uint8) for image in images]


class Embed(hr.StatefulBatch[hr.Image, Vector], size=3):
    def batch(self, items: hr.Batch[hr.Image], /) -> hr.Batch[Vector]:
        assert 1 <= len(items) <= 3
        return [np.full(4, image.mean(), np.float32) for image in items]


class Scale(hr.Stateful):
    def __call__(self, vector: Vector, by: float) -> Vector:
        return np.asarray(vector * np.float32(by), np.float32)


@hr.step
def spread(image: hr.Image) -> float:
    return float(image.std())


@hr.step
def rounded(vector: Vector) -> float:
    return round(float(vector.sum()), 3)


@hr.step
def listed(numbers: hr.Many[float]) -> hr.Text:
    return " ".join(f"{number:g}" for number in numbers)


@hr.dag
def ragged_chain(image: hr.Image) -> hr.Text:
    vectors = Embed().map(inverted.map(tiles(image)))
    return listed(rounded.map(Scale().map(vectors, spread(image))))


# Beside models that run once: before the map, and behind it.


class Load(hr.Stateful):
    def __call__(self, text: hr.Text) -> hr.Text:
        return text.strip()


@hr.step(max_items=100)
def words(text: hr.Text) -> Iterator[hr.Text]:
    yield from text.split()


@hr.batched(size=4)
def shout(texts: hr.Batch[hr.Text]) -> hr.Batch[hr.Text]:
    return [text.upper() for text in texts]


@hr.step
def joined(texts: hr.Many[hr.Text]) -> hr.Text:
    return "-".join(texts)


class Judge(hr.Stateful):
    def __call__(self, text: hr.Text) -> hr.Text:
        return f"<{text}>"


@hr.dag
def between_models(text: hr.Text) -> hr.Text:
    return Judge()(joined(shout.map(words(Load()(text)))))


# Two maps of one axis, and functions that fail before and after them.


class Sides(NamedTuple):
    left: hr.Text
    right: hr.Text


@hr.step(max_items=100)
def letters(text: hr.Text) -> Iterator[hr.Text]:
    if "!" in text:
        raise hr.InputError("no exclamation, please")
    yield from text


@hr.batched(size=3)
def upper(texts: hr.Batch[hr.Text]) -> hr.Batch[hr.Text]:
    return [text.upper() for text in texts]


class Ordinal(hr.Stateful):
    def __call__(self, text: hr.Text) -> int:
        return ord(text)


@hr.step
def paired(texts: hr.Many[hr.Text], numbers: hr.Many[int]) -> hr.Text:
    if "?" in texts:
        raise ValueError("no question, please")
    return " ".join(f"{text}{number}" for text, number in zip(texts, numbers, strict=True))


@hr.dag
def two_maps(text: hr.Text) -> hr.Text:
    found = letters(text)
    return paired(upper.map(found), Ordinal().map(found))


# Processes that die, once or whenever they are asked.


@hr.step(max_items=100)
def count_for_crash(number: int) -> Iterator[int]:
    yield from range(number)


class Fragile(hr.Stateful):
    """Dies on a number above 90, unless the file that it leaves says that it did."""

    def __call__(self, number: int) -> int:
        time.sleep(0.002)
        mark = Path(__file__).with_name("died")
        if number == 95 or (number == 91 and not mark.exists()):
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return number


@hr.step
def highest(numbers: hr.Many[int]) -> int:
    return max(numbers, default=-1)


@hr.dag
def crash_inside(number: int) -> int:
    return highest(Fragile().map(count_for_crash(number)))


@hr.step(max_items=200)
def count_slowly(number: int) -> Iterator[int]:
    yield from range(number)


class Sleepy(hr.Stateful):
    def __call__(self, number: int) -> int:
        time.sleep(0.02)
        return number


@hr.step
def lowest(numbers: hr.Many[int]) -> int:
    return min(numbers, default=-1)


@hr.dag
def sleeping_inside(number: int) -> int:
    return lowest(Sleepy().map(count_slowly(number)))


# What the test lets in, and refuses.


@hr.step(max_items=100)
def count_guarded(number: int) -> Iterator[int]:
    yield from range(number)


class Guarded(hr.Stateful):
    """Leaves a file for each number that it runs, waits for another one, and may refuse a number, once."""

    def __call__(self, number: int, folder: hr.Text) -> int:
        at = Path(folder)
        (at / f"ran-{number}").touch()
        while not ((at / "refuse").exists() or (at / "gate").exists()):
            time.sleep(0.002)
        if (at / "refuse").exists():
            (at / "refuse").unlink()
            raise ValueError("refused")
        return number


@hr.step
def last_of(numbers: hr.Many[int]) -> int:
    return max(numbers, default=-1)


@hr.dag
def guarded_inside(folder: hr.Text, number: int) -> int:
    return last_of(Guarded().map(count_guarded(number), folder))


# An answer for which there is no room in shared memory.

Large = Annotated[np.ndarray[tuple[int], np.dtype[np.float32]], hr.Layout("embedding", "d=1048576")]


@hr.step(max_items=100)
def count_large(number: int) -> Iterator[int]:
    yield from range(number)


class Passing(hr.Stateful):
    def __call__(self, number: int) -> int:
        return number


@hr.step
def enlarged(numbers: hr.Many[int]) -> hr.Many[Large]:
    if "triton_python_backend_utils" in sys.modules:  # the process is its own, and its region of shared memory a file
        resource.setrlimit(resource.RLIMIT_FSIZE, (32 << 20, resource.RLIM_INFINITY))
    return [np.full(1 << 20, number, np.float32) for number in numbers]


@hr.dag
def large_inside(number: int) -> hr.Many[Large]:
    return enlarged(Passing().map(count_large(number)))


DAGS = (
    batched_inside,
    class_inside,
    ragged_chain,
    between_models,
    two_maps,
    crash_inside,
    sleeping_inside,
    guarded_inside,
    large_inside,
)
