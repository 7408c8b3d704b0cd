"""What is dialled in a recorded telephone call, said while the call is heard: a caption leaves as soon as its keys are through.

recording -> blocks -> pieces between silences -> keys  =  captions (a stream) -> summary
"""

import time
import wave
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

import headrace as hr
import numpy as np
from pydantic import BaseModel

from activity import BLOCK_S, Sound, pieces
from tones import RATE, keys_of


class Caption(BaseModel):
    """What was dialled between two silences, and when, in seconds."""

    at_s: float
    until_s: float
    keys: str


class Summary(BaseModel):
    """The call as a whole."""

    numbers: list[str]
    dialled_s: float


class Call(NamedTuple):
    """What comes out: the captions, one by one while the call is heard, and then the summary."""

    captions: hr.Many[Caption]
    summary: Summary


@hr.step
def listen(recording: hr.Wav, quiet: float = 0.03, pause: float = 0.5, pace: float = 0.0) -> Iterator[Caption]:
    """Hear a call and caption it.

    Args:
        recording: 8 kHz, one channel, 16 bits.
        quiet: what is silence, as root mean square from 0 to 1.
        pause: the silence in seconds that ends a caption.
        pace: how fast it is heard: 1 as it was spoken, 2 twice as fast; 0 as fast as it can be read.
    """
    if pace < 0:
        raise hr.InputError(f"pace is how fast the call is heard, 0 or more, got {pace}")
    for piece in pieces(_blocks(recording, pace), quiet=quiet, pause_s=pause):
        if keys := keys_of(piece.sound):
            until_s = piece.at_s + len(piece.sound) / RATE
            yield Caption(at_s=piece.at_s, until_s=round(until_s, 3), keys=keys)


@hr.step
def summary(captions: hr.Many[Caption]) -> Summary:
    """All numbers, and how long dialling took."""
    dialled_s = sum(caption.until_s - caption.at_s for caption in captions)
    return Summary(numbers=[caption.keys for caption in captions], dialled_s=round(dialled_s, 2))


@hr.dag
def call(recording: hr.Wav, pace: float = 0.0) -> Call:
    captions = listen.with_(idle="60s")(recording, pace=pace)
    return Call(captions=captions, summary=summary(captions))


def _blocks(recording: hr.Wav, pace: float) -> Iterator[Sound]:
    """The recording in blocks, read as they are heard: nobody holds a whole call."""
    with recording.open() as file, _opened(file) as sound:
        while len(data := sound.readframes(round(BLOCK_S * RATE))) == 2 * round(BLOCK_S * RATE):
            time.sleep(BLOCK_S / pace if pace else 0)
            yield np.frombuffer(data, "<i2").astype(np.float32) / 32768


def _opened(file: BinaryIO) -> wave.Wave_read:
    try:
        sound = wave.open(file, "rb")  # noqa: SIM115  # closed by who reads it
    except (wave.Error, EOFError) as error:
        raise _unfit(str(error)) from error
    rate, channels, bits = sound.getframerate(), sound.getnchannels(), 8 * sound.getsampwidth()
    if (rate, channels, bits) != (RATE, 1, 16):
        raise _unfit(f"{rate} Hz, {channels} channels, {bits} bits")
    return sound


def _unfit(got: str) -> hr.InputError:
    wanted = f"expects {RATE} Hz, 1 channel, 16 bits of plain PCM, got {got}"
    return hr.InputError(f"{wanted}; convert it with: sox IN -r {RATE} -c 1 -b 16 -e signed-integer OUT.wav")
