"""Dags with joins that lie between segments, for the tests of the plan's text."""

from enum import StrEnum

import headrace as hr


class Kind(StrEnum):
    A = "a"
    B = "b"
    C = "c"


@hr.step
def kind(text: hr.Text) -> Kind:
    return Kind(text)


@hr.step
def is_long(text: hr.Text) -> bool:
    return len(text) > 3


class Upper(hr.Stateful):
    def __call__(self, text: hr.Text) -> hr.Text:
        return text.upper()


class Lower(hr.Stateful):
    def __call__(self, text: hr.Text) -> hr.Text:
        return text.lower()


@hr.dag
def nested(text: hr.Text) -> hr.Text | None:
    upper, lower = Upper()(text), Lower()(text)
    long = hr.when(is_long(text), upper)
    return hr.switch(kind(text)).case(Kind.A, long).case(Kind.B, lower).case(Kind.C, lower).end()


@hr.dag
def otherwise(text: hr.Text) -> hr.Text:
    return hr.switch(kind(text)).case(Kind.A, Upper()(text)).otherwise(text)


@hr.dag
def each(texts: hr.Many[hr.Text]) -> hr.Many[hr.Text]:
    return otherwise.map(texts)


@hr.step
def told(text: hr.Text | None, texts: hr.Many[hr.Text | None]) -> hr.Text:
    return f"{text} {texts}"


@hr.dag
def patient(text: hr.Text) -> hr.Text:
    upper, lower = Upper()(text), Lower()(text)
    one = hr.optional(hr.first(upper, lower), within="300ms")
    return told(one, hr.quorum(1, upper, lower, within="2s"))
