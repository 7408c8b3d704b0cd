"""Small steps over text for dags that branch: what each does follows from its input alone."""

import time
from collections.abc import Iterator
from enum import StrEnum
from zlib import crc32

from pydantic import BaseModel

import headrace as hr


class Kind(StrEnum):
    RED = "red"
    GREEN = "green"
    BLUE = "blue"


class Note(BaseModel):
    title: str
    size: int


def spin(text: str) -> int:
    return crc32(text.encode())


@hr.step
def upper(text: hr.Text) -> hr.Text:
    return text.upper()[-40:]


@hr.step
def cat(a: hr.Text, b: hr.Text) -> hr.Text:
    return f"{a}+{b}"[-60:]


class Keep(hr.Stateful):
    mark: str = "k"

    def setup(self) -> None:
        self.ready = self.mark

    def __call__(self, text: hr.Text) -> hr.Text:
        return f"{self.ready}{text}"[-60:]


@hr.batched(size=3)
def shout(texts: hr.Batch[hr.Text]) -> hr.Batch[hr.Text]:
    return [f"{text}!"[-60:] for text in texts]


@hr.step
def kind_of(text: hr.Text) -> Kind:
    return list(Kind)[spin(text) % 3]


@hr.step
def is_even(text: hr.Text) -> bool:
    return spin(text) % 2 == 0


@hr.step
def fragile(text: hr.Text) -> hr.Text:
    if spin(text) % 3 == 0:
        raise ValueError("fragile")
    return f"<{text}>"[-60:]


@hr.batched(size=4)
def brittle(texts: hr.Batch[hr.Text]) -> hr.Batch[hr.Text]:
    if any(spin(text) % 3 == 0 for text in texts):
        raise ValueError("brittle")
    return [f"[{text}]"[-60:] for text in texts]


@hr.step
def broken(text: hr.Text) -> hr.Text:
    raise ValueError(f"broken {text}")


@hr.step
def late(text: hr.Text) -> hr.Text:
    time.sleep(0.3)
    return f"late {text}"


@hr.step(max_items=6)
def few(text: hr.Text) -> Iterator[hr.Text]:
    for number in range(spin(text) % 6):
        yield f"{text}{number}"[-40:]


@hr.step
def several(text: hr.Text) -> Iterator[hr.Text]:
    for number in range(spin(text) % 8):
        yield f"{number}{text}"[-40:]


@hr.step
def note(text: hr.Text) -> Note:
    return Note(title=text, size=len(text))


@hr.step
def number(size: int) -> hr.Text:
    return str(size)


@hr.step
def told(kind: Kind) -> hr.Text:
    return kind.value


@hr.step
def truth(value: bool) -> hr.Text:
    return str(value)


@hr.step
def say(text: hr.Text | None) -> hr.Text:
    return f"({text})"[-60:]


@hr.step
def all_of(texts: hr.Many[hr.Text]) -> hr.Text:
    return "|".join(texts)[-80:]


@hr.step
def some_of(texts: hr.Many[hr.Text | None]) -> hr.Text:
    return "|".join(map(str, texts))[-80:]
