"""Steps that note their calls, and dags that branch, wait, map and read fields; what the tests of branches look at."""

from collections.abc import Iterator
from enum import Enum
from typing import NamedTuple

from pydantic import BaseModel

import headrace as hr

CALLS: list[str] = []


class Kind(str, Enum):  # noqa: UP042  # as users write it
    RED = "red"
    GREEN = "green"
    BLUE = "blue"


class Note(BaseModel):
    title: str
    size: int = 0
    remark: str | None = None


class Bill(BaseModel):
    total: float


class Sides(NamedTuple):
    left: hr.Text
    right: int


@hr.step
def kind_of(text: hr.Text) -> Kind:
    CALLS.append(f"kind_of {text}")
    return {"r": Kind.RED, "g": Kind.GREEN}.get(text[:1], Kind.BLUE)


@hr.step
def is_long(text: hr.Text) -> bool:
    CALLS.append(f"is_long {text}")
    return len(text) > 2


@hr.step
def upper(text: hr.Text) -> hr.Text:
    CALLS.append(f"upper {text}")
    return text.upper()


@hr.step
def lower(text: hr.Text) -> hr.Text:
    CALLS.append(f"lower {text}")
    return text.lower()


@hr.step
def risky(text: hr.Text) -> hr.Text:
    CALLS.append(f"risky {text}")
    if "!" in text:
        raise ValueError(text)
    return f"({text})"


@hr.batched(size=2)
def shout(texts: hr.Batch[hr.Text], mark: str = "") -> hr.Batch[hr.Text]:
    CALLS.append(f"shout {' '.join(texts)}")
    if any("!" in text for text in texts):
        raise ValueError(" ".join(texts))
    return [text.upper() + mark for text in texts]


class Keep(hr.Stateful):
    mark: str = "k"

    def __call__(self, text: hr.Text) -> hr.Text:
        CALLS.append(f"keep {text}")
        if "!" in text:
            raise ValueError(text)
        return f"{self.mark}{text}"


class Measure(hr.StatefulBatch[hr.Text, int], size=2):
    def batch(self, items: hr.Batch[hr.Text], /) -> hr.Batch[int]:
        CALLS.append(f"measure {' '.join(items)}")
        if any("!" in item for item in items):
            raise ValueError(" ".join(items))
        return [len(item) for item in items]


@hr.step
def cat(a: hr.Text, b: hr.Text) -> hr.Text:
    CALLS.append(f"cat {a} {b}")
    return f"{a}/{b}"


@hr.step
def say(text: hr.Text | None) -> hr.Text:
    CALLS.append(f"say {text}")
    return f"<{text}>"


@hr.step(max_items=50)
def words(text: hr.Text) -> Iterator[hr.Text]:
    CALLS.append(f"words {text}")
    yield from text.split()


@hr.step
def all_of(texts: hr.Many[hr.Text]) -> hr.Text:
    CALLS.append("all_of")
    return "+".join(texts)


@hr.step
def some_of(texts: hr.Many[hr.Text | None]) -> hr.Text:
    CALLS.append("some_of")
    return "+".join(map(str, texts))


@hr.step
def sizes_of(sizes: hr.Many[int | None]) -> hr.Text:
    return "+".join(map(str, sizes))


@hr.step
def note(text: hr.Text) -> Note:
    CALLS.append(f"note {text}")
    return Note(title=text, size=len(text))


@hr.step
def bill(text: hr.Text) -> Bill:
    CALLS.append(f"bill {text}")
    return Bill(total=len(text))


@hr.step
def told(paper: Note | Bill) -> hr.Text:
    return type(paper).__name__


@hr.step
def sides(text: hr.Text) -> Sides:
    CALLS.append(f"sides {text}")
    return Sides(text, len(text))


@hr.step
def repeat(text: hr.Text, times: int) -> hr.Text:
    CALLS.append(f"repeat {text} {times}")
    return text * times


@hr.step
def number(value: int | None = None) -> hr.Text:
    return f"#{value}"


@hr.step
def half(value: float | None) -> float:
    return -1.0 if value is None else value / 2


@hr.dag
def sorted_out(text: hr.Text) -> hr.Text:
    return hr.switch(kind_of(text)).case(Kind.RED, upper(text)).case(Kind.GREEN, lower(text)).otherwise(risky(text))


@hr.dag
def each(text: hr.Text) -> hr.Text:
    rest = say(hr.when(is_long(text), upper(text)))
    return hr.switch(kind_of(text)).case(Kind.RED, shout(text)).case(Kind.GREEN, lower(text)).otherwise(rest)


@hr.dag
def every(texts: hr.Many[hr.Text]) -> hr.Text:
    return all_of(each.map(texts))


@hr.dag
def beside(text: hr.Text, whole: hr.Text) -> hr.Text:
    return hr.switch(kind_of(text)).case(Kind.RED, whole).otherwise(cat(text, upper(whole)))


@hr.dag
def besides(texts: hr.Many[hr.Text]) -> hr.Text:
    return all_of(beside.map(texts, all_of(lower.map(texts))))


@hr.dag
def both(one: hr.Text, other: hr.Text) -> hr.Text:
    return hr.switch(kind_of(one)).case(Kind.RED, upper(other)).otherwise(cat(one, other))


@hr.dag
def paired(ones: hr.Many[hr.Text], others: hr.Many[hr.Text]) -> hr.Text:
    return all_of(both.zip(ones, others))


@hr.dag
def headed(paper: Note) -> hr.Text:
    return cat(paper.title, say(paper.remark))


@hr.dag
def headings(papers: hr.Many[Note]) -> hr.Text:
    return all_of(headed.map(papers))


@hr.step
def one_or_two(value: float | None) -> int:
    return 1 if value is None else int(value) // 2


@hr.step
def silent(text: hr.Text) -> hr.Text:
    return None if "!" in text else text  # type: ignore[return-value]
