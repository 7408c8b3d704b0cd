"""Small dags whose output is a stream, for ``served_dags``, and what both need."""

import io
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Self

import numpy as np
from PIL import Image as Picture

import headrace as hr

Small = Annotated[np.ndarray[tuple[int], np.dtype[np.float32]], hr.Layout("embedding", "d=4")]


def drawn(width: int) -> bytes:
    stream = io.BytesIO()
    Picture.new("RGB", (width, 2)).save(stream, "PNG")
    return stream.getvalue()


@hr.step
def split_up(text: hr.Text) -> Iterator[hr.Text]:
    yield from text.split()


@hr.step
def tidied(text: hr.Text) -> hr.Text:
    return text.replace(",", " ")


@hr.dag
def streamed(text: hr.Text) -> hr.Many[hr.Text]:
    return split_up(tidied(text))


@hr.step
def rising(count: int) -> Iterator[Small]:
    for number in range(count):
        yield np.full(4, number, np.float32)


@hr.dag
def streamed_arrays(count: int) -> hr.Many[Small]:
    return rising(count)


@hr.step
def growing(count: int) -> Iterator[hr.Png]:
    for number in range(count):
        yield hr.Png(drawn(1 + number))


@hr.dag
def streamed_media(count: int) -> hr.Many[hr.Png]:
    return growing(count)


@hr.step
def thirds() -> Iterator[float]:
    for number in range(3):
        yield number / 3


@hr.dag
def streamed_from_nothing() -> hr.Many[float]:
    return thirds()


class Watched:
    """A folder that a body and its test see: who runs, what was made, what may be made."""

    def __init__(self, folder: str) -> None:
        self.path = Path(folder)

    def __enter__(self) -> Self:
        with (self.path / "runs").open("a") as file:
            file.write(f"{os.getpid()}\n")
        return self

    def __exit__(self, *_: object) -> None:
        (self.path / "closed").touch()

    def made(self, number: int) -> None:
        (self.path / f"made-{number}").touch()

    def may_go_on(self, number: int) -> None:
        while not (self.path / f"gate-{number}").exists():
            time.sleep(0.002)


@hr.step
def gated(folder: hr.Text, count: int) -> Iterator[hr.Text]:
    with Watched(folder) as watched:
        for number in range(count):
            watched.may_go_on(number)
            watched.made(number)
            yield f"{os.getpid()} {number}"


@hr.dag
def gated_stream(folder: hr.Text, count: int) -> hr.Many[hr.Text]:
    return gated(folder, count)


@hr.dag
def impatient_stream(folder: hr.Text, count: int) -> hr.Many[hr.Text]:
    return gated.with_(name="silent", idle="300ms")(folder, count)


@hr.step
def eager(folder: hr.Text, count: int) -> Iterator[int]:
    with Watched(folder) as watched:
        for number in range(count):
            watched.made(number)
            yield number


@hr.dag
def eager_stream(folder: hr.Text, count: int) -> hr.Many[int]:
    return eager(folder, count)


@hr.step
def faltering(how: hr.Text) -> Iterator[int]:
    yield 0
    yield 1
    if how == "raise":
        raise ValueError("no more")
    if how == "input":
        raise hr.InputError("cut off")
    wrong: Any = "two"
    yield wrong


@hr.dag
def faltering_stream(how: hr.Text) -> hr.Many[int]:
    return faltering(how)


@hr.step(max_items=2)
def too_many(count: int) -> Iterator[int]:
    yield from range(count)


@hr.dag
def bounded_stream(count: int) -> hr.Many[int]:
    return too_many(count)


@hr.step
def dying(count: int) -> Iterator[int]:
    yield from range(count)
    os.kill(os.getpid(), 9)


@hr.dag
def dying_stream(count: int) -> hr.Many[int]:
    return dying(count)
