"""Dags that wait and choose, for ``decide`` alone: no body of theirs ever runs."""

from enum import StrEnum
from typing import NamedTuple

import headrace as hr


class Kind(StrEnum):
    RED = "red"
    BLUE = "blue"


@hr.step
def one(text: hr.Text) -> hr.Text:
    return text


@hr.step
def kind_of(text: hr.Text) -> Kind:
    return Kind(text)


@hr.step
def told(text: hr.Text | None) -> hr.Text:
    return str(text)


@hr.step
def all_told(texts: hr.Many[hr.Text | None]) -> hr.Text:
    return str(texts)


alone = one.with_(isolate=True)


@hr.dag
def optional(text: hr.Text) -> hr.Text:
    return told(hr.optional(alone.with_(name="a", isolate=True)(text), within="5s"))


@hr.dag
def first(text: hr.Text) -> hr.Text:
    made = [one.with_(name=name, isolate=True)(text) for name in "abc"]
    return told(hr.first(*made))


@hr.step
def glued(one: hr.Text, other: hr.Text) -> hr.Text:
    return one + other


@hr.dag
def first_of_two_and_one(text: hr.Text) -> hr.Text:
    a, b, c = (one.with_(name=name, isolate=True)(text) for name in "abc")
    return told(hr.first(glued.with_(isolate=True)(a, b), c))


class Both(NamedTuple):
    fast: hr.Text
    all: hr.Text


@hr.dag
def shared(text: hr.Text) -> Both:
    a, b = (one.with_(name=name, isolate=True)(text) for name in "ab")
    return Both(told.with_(isolate=True)(hr.first(a, b)), told.with_(isolate=True)(a))


@hr.dag
def quorum(text: hr.Text) -> hr.Text:
    made = [one.with_(name=name, isolate=True)(text) for name in "abcd"]
    return all_told(hr.quorum(2, *made, within="5s"))


@hr.dag
def switch(text: hr.Text) -> hr.Text:
    kind = kind_of.with_(name="kind", isolate=True)(text)
    red, blue = (one.with_(name=name, isolate=True)(text) for name in ("red", "blue"))
    return told(hr.switch(kind).case(Kind.RED, red).case(Kind.BLUE, blue).end())


@hr.dag
def page(text: hr.Text) -> hr.Text:
    kind = kind_of.with_(name="kind", isolate=True)(text)
    red = one.with_(name="red", isolate=True)(text)
    return told(hr.switch(kind).case(Kind.RED, red).otherwise(None))


@hr.dag
def pages(texts: hr.Many[hr.Text]) -> hr.Many[hr.Text]:
    return page.map(texts)


@hr.dag
def styled(text: hr.Text, kind: Kind) -> hr.Text:
    red, blue = (one.with_(name=name, isolate=True)(text) for name in ("red", "blue"))
    return told(hr.switch(kind).case(Kind.RED, red).otherwise(blue))


@hr.dag
def all_styled(texts: hr.Many[hr.Text], text: hr.Text) -> hr.Many[hr.Text]:
    return styled.map(texts, kind_of.with_(name="kind", isolate=True)(text))


@hr.dag
def tolerant(texts: hr.Many[hr.Text]) -> hr.Text:
    return all_told(one.with_(name="a").tolerant(min_success=0.5).map(texts))
