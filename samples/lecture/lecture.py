"""A lecture video becomes a timeline that can be read and searched: what is on the slides, and what is said when.

    frames of the video -> text on the slides ----\
                                                   timeline -> passages -> embeddings -> index
    sound of the video -> utterances -> words ----/

The models are in the modules beside this file; here are the steps around them and the dag that wires the steps.
"""

from bisect import bisect
from collections.abc import Iterator
from typing import Annotated, NamedTuple, TypeAlias

import headrace as hr
import numpy as np

import media
from embedding import SentenceEncoder
from ocr import SlideReader
from speech import SpeechRecognizer
from story import Entry, Said, Span, Spans, Timeline
from vad import VoiceActivity

Embedding: TypeAlias = Annotated[np.ndarray[tuple[int], np.dtype[np.float32]], hr.Layout("embedding", "d=384")]
Index: TypeAlias = Annotated[np.ndarray[tuple[int, int], np.dtype[np.float32]], hr.Layout("tensor", "n d=384")]


class Slides(NamedTuple):
    """The slides of a video: a frame of each, and when it is shown."""

    frames: hr.Many[hr.Image]
    shown: Spans


class Speech(NamedTuple):
    """The utterances in a recording: their sound, and when each is spoken."""

    sounds: hr.Many[hr.Audio]
    spoken: Spans


class Lecture(NamedTuple):
    """What comes out: the timeline, and one vector for each of its passages."""

    timeline: Timeline
    vectors: Index


@hr.step
def find_slides(video: hr.Video, every: float = 0.4) -> Slides:
    """Look at a frame every ``every`` seconds and keep those that show something new."""
    with video.open() as file:
        shots = list(media.shots(file, every))
    spans = [Span(at_s=shot.at_s, until_s=shot.until_s) for shot in shots]
    return Slides([shot.frame for shot in shots], Spans(spans=spans))


@hr.step
def soundtrack(video: hr.Video) -> hr.Audio:
    """The sound of a video; of length 0 when it has none."""
    with video.open() as file:
        return media.sound(file)


class ReadSlide(hr.Stateful, memory="1Gi"):
    """The text on a slide, a line of it per line."""

    def setup(self) -> None:
        self.reader = SlideReader()

    def __call__(self, frame: hr.Image) -> hr.Text:
        return "\n".join(self.reader.lines(frame))


class FindSpeech(hr.Stateful, memory="512Mi"):
    """The utterances in a recording: where the probability of speech is at least ``threshold``."""

    threshold: float = 0.5

    def setup(self) -> None:
        self.voice = VoiceActivity()

    def __call__(self, sound: hr.Audio) -> Speech:
        found = self.voice.utterances(sound, self.threshold)
        sounds = [sound[round(at_s * media.RATE_HZ) : round(until_s * media.RATE_HZ)] for at_s, until_s in found]
        return Speech(sounds, Spans(spans=[Span(at_s=at_s, until_s=until_s) for at_s, until_s in found]))


class Transcribe(hr.Stateful, memory="512Mi"):
    """The words of an utterance."""

    def setup(self) -> None:
        self.recognizer = SpeechRecognizer()

    def __call__(self, sound: hr.Audio) -> hr.Text:
        return self.recognizer.words(sound)


class Embed(hr.StatefulBatch[hr.Text, Embedding], size=8, wait="5ms", memory="512Mi"):
    """The meaning of a passage as a vector of length 1."""

    def setup(self) -> None:
        self.encoder = SentenceEncoder()

    def batch(self, items: hr.Batch[hr.Text]) -> hr.Batch[Embedding]:
        return list(self.encoder.encode(items))


@hr.step
def timeline(shown: Spans, texts: hr.Many[hr.Text], spoken: Spans, words: hr.Many[hr.Text]) -> Timeline:
    """Put what is said to the slide on which most of it is said."""
    entries = [
        Entry(at_s=span.at_s, until_s=span.until_s, slide=text.splitlines(), said=[])
        for span, text in zip(shown.spans, texts, strict=True)
    ]
    starts = [entry.at_s for entry in entries]
    for span, text in zip(spoken.spans, words, strict=True):
        slide = bisect(starts, (span.at_s + span.until_s) / 2) - 1
        entries[max(slide, 0)].said.append(Said(at_s=span.at_s, until_s=span.until_s, words=text))
    return Timeline(entries=entries)


@hr.step
def passages(story: Timeline) -> Iterator[hr.Text]:
    """The texts to be found, in the order of the timeline."""
    for entry in story.entries:
        yield from (passage.text for passage in entry.passages())


@hr.step
def stack(vectors: hr.Many[Embedding]) -> Index:
    """The index: row ``i`` belongs to passage ``i`` of the timeline."""
    return np.stack(vectors)


@hr.dag(deadline="10m")
def lecture(video: hr.Video) -> Lecture:
    """Read and hear a lecture."""
    slides = find_slides(video)
    texts = ReadSlide().map(slides.frames)
    speech = FindSpeech()(soundtrack(video))
    words = Transcribe().map(speech.sounds)
    story = timeline(slides.shown, texts, speech.spoken, words)
    return Lecture(story, stack(Embed().map(passages(story))))
