from enum import Enum

import headrace as hr


class Style(str, Enum):
    LOUD = "loud"
    PLAIN = "plain"


@hr.step
def shout(text: hr.Text) -> hr.Text:
    return text.upper()


@hr.step
def join(texts: hr.Many[hr.Text]) -> hr.Text:
    return " ".join(texts)


@hr.step
def style_of(text: hr.Text) -> Style:
    return Style.PLAIN


@hr.dag
def styled(text: hr.Text, style: Style, other: hr.Text) -> hr.Text:
    return hr.switch(style).case(Style.LOUD, shout(text)).otherwise(other)


@hr.dag
def bad(texts: hr.Many[hr.Text], first: hr.Text) -> hr.Text:
    return join(styled.map(texts, style_of(first), first))
