"""What a lecture becomes: a timeline of slides, and what is said on each. Plain data; no media and no models."""

from typing import NamedTuple

from pydantic import BaseModel


class Span(BaseModel):
    """A stretch of the video, in seconds from its beginning."""

    at_s: float
    until_s: float


class Spans(BaseModel):
    """When each item of a list of frames or of sounds takes place."""

    spans: list[Span]


class Passage(NamedTuple):
    """A text that can be found, and the time to jump to."""

    at_s: float
    text: str


class Said(Span):
    """An utterance: when it is spoken, and its words."""

    words: str


class Entry(Span):
    """One slide: its lines, and what is said while it is shown."""

    slide: list[str]
    said: list[Said]

    def passages(self) -> list[Passage]:
        """What can be found: the text of the slide, then each thing that is said on it."""
        return [Passage(self.at_s, "\n".join(self.slide)), *(Passage(said.at_s, said.words) for said in self.said)]


class Timeline(BaseModel):
    """The lecture, slide by slide."""

    entries: list[Entry]


def clock(seconds: float) -> str:
    """Minutes and seconds: 75.2 is 1:15."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"
