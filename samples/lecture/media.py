"""Decode a lecture as a stream: the slides it shows and the sound it makes. Never holds more than a few frames."""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from itertools import chain
from typing import BinaryIO, NamedTuple, TypeAlias

import av
import av.container
import av.error
import av.stream
import headrace as hr
import numpy as np
from numpy.typing import NDArray

RATE_HZ = 16_000
LOOK_WIDTH, LOOK_HEIGHT = 320, 180  # pictures are compared at this size, in grey
SHADES = 32  # a pixel differs when its brightness differs by more than this (of 255)
CHANGED = 0.002  # a picture is new when more than this share of its pixels differs: about one short word
GAP_S = 0.05  # a shorter gap in the sound is rounding
MISSING_S = 1.0  # a stream that is shorter than it says by more than this was cut off

Pixels: TypeAlias = np.ndarray[tuple[int, int, int], np.dtype[np.uint8]]
Samples: TypeAlias = np.ndarray[tuple[int], np.dtype[np.float32]]


class Shot(NamedTuple):
    """A stretch of the video in which the picture stays the same, and its first frame (uint8 ``h w c``)."""

    at_s: float
    until_s: float
    frame: Pixels


def shots(file: BinaryIO, every_s: float) -> Iterator[Shot]:
    """Look at a frame every ``every_s`` seconds and yield a shot whenever the picture has changed.

    Raises:
        InputError: there is no picture, or the file is damaged or cut off.
    """
    with _opened(file) as container:
        shown: _Glance | None = None
        end_s = 0.0
        for glance in _glances(container, every_s):
            if shown and _differ(shown.look, glance.look):
                yield Shot(shown.at_s, glance.at_s, _pixels(shown.frame))
                shown = None
            shown, end_s = shown or glance, glance.until_s
        if shown is None:
            raise hr.InputError("the video has no frame that can be decoded")
        yield Shot(shown.at_s, end_s, _pixels(shown.frame))


def sound(file: BinaryIO) -> Samples:
    """Decode the sound track: mono float32 at 16 kHz, empty when the video has none.

    Raises:
        InputError: the file is damaged or cut off.
    """
    with _opened(file) as container:
        if not container.streams.audio:
            return np.zeros(0, np.float32)
        whole: Samples = np.concatenate([np.zeros(0, np.float32), *_pieces(container)])
        _expect(container.streams.audio[0], len(whole) / RATE_HZ)
        return whole


class _Glance(NamedTuple):
    at_s: float
    until_s: float
    frame: av.VideoFrame
    look: NDArray[np.uint8]


def _glances(container: av.container.InputContainer, every_s: float) -> Iterator[_Glance]:
    """A frame every ``every_s`` seconds and the last one, with times from the beginning of the video."""
    if not container.streams.video:
        raise hr.InputError("the video has no picture")
    stream = container.streams.video[0]
    lasts_s = float(1 / (stream.average_rate or 25))
    due_s = at_s = end_s = 0.0
    passed: av.VideoFrame | None = None
    for frame in container.decode(stream):
        at_s = round(frame.time - _zero_s(container), 3)
        end_s = round(at_s + lasts_s, 3)
        passed = frame
        if at_s + lasts_s / 2 >= due_s:  # the nearest frame
            yield _Glance(at_s, end_s, frame, _look(frame))
            passed, due_s = None, at_s + every_s
    _expect(stream, end_s)
    if passed:
        yield _Glance(at_s, end_s, passed, _look(passed))


def _pieces(container: av.container.InputContainer) -> Iterator[NDArray[np.float32]]:
    """The sound from the beginning of the video, piece by piece; where the track has a gap, silence."""
    resampler = av.AudioResampler("flt", "mono", RATE_HZ)
    heard = 0
    for frame in chain(container.decode(container.streams.audio[0]), [None]):
        at_s = (frame.time or 0.0) - _zero_s(container) if frame else 0.0
        missing = round(at_s * RATE_HZ) - heard
        silence = [np.zeros(missing, np.float32)] if missing > GAP_S * RATE_HZ else []
        for piece in [*silence, *(np.asarray(part.to_ndarray()[0], np.float32) for part in resampler.resample(frame))]:
            heard += len(piece)
            yield piece


def _zero_s(container: av.container.InputContainer) -> float:
    return (container.start_time or 0) / 1_000_000  # what PyAV counts in


@contextmanager
def _opened(file: BinaryIO) -> Generator[av.container.InputContainer]:
    try:
        with av.open(file, "r") as container:
            yield container
    except av.error.FFmpegError as error:
        raise hr.InputError(f"the video cannot be decoded: {error.strerror}") from error


def _expect(stream: av.stream.Stream, decoded_s: float) -> None:
    """Refuse a stream of which less was there than its header promises (a transport stream promises nothing)."""
    promised_s = _promised_s(stream)
    if decoded_s < promised_s - MISSING_S:
        raise hr.InputError(
            f"the video is cut off: {decoded_s:.1f} s of {promised_s:.1f} s of its {stream.type} are there"
        )


def _promised_s(stream: av.stream.Stream) -> float:
    if stream.duration is not None and stream.time_base is not None:
        return float(stream.duration * stream.time_base)
    hours, minutes, seconds = stream.metadata.get("DURATION", "0:0:0").split(":")  # Matroska and WebM say it here
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)


def _differ(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> bool:
    return bool(np.mean(np.abs(before.astype(np.int16) - after) > SHADES) > CHANGED)


def _look(frame: av.VideoFrame) -> NDArray[np.uint8]:
    return np.asarray(frame.to_ndarray(width=LOOK_WIDTH, height=LOOK_HEIGHT, format="gray"), np.uint8)


def _pixels(frame: av.VideoFrame) -> Pixels:
    return np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)
