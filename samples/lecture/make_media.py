"""Make `media/lecture.mp4` from `media/script.json`: slides drawn with Pillow's own font, speech by flite, encoded by PyAV.

Needs Debian's `flite` (`apt-get install flite`). The video is shipped, so only somebody who changes the script runs this.
"""

import json
import subprocess
import wave
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeAlias

import av
import numpy as np
from PIL import Image, ImageDraw, ImageFont
from pydantic import BaseModel

MEDIA = Path(__file__).parent / "media"
WIDTH, HEIGHT = 1280, 720
FRAMES_PER_S = 5
RATE_HZ = 16_000
PAUSE_S = 0.35

Sound: TypeAlias = np.ndarray[tuple[int], np.dtype[np.int16]]
Pixels: TypeAlias = np.ndarray[tuple[int, int, int], np.dtype[np.uint8]]


class Slide(BaseModel):
    """One slide: what it shows, what is said, and when (written back by this script)."""

    title: str
    lines: list[str]
    spoken: list[str]
    at_s: float = 0.0
    until_s: float = 0.0


class Script(BaseModel):
    """The lecture's ground truth."""

    slides: list[Slide]


def read_script() -> Script:
    """The script as it is shipped."""
    return Script.model_validate_json((MEDIA / "script.json").read_text(encoding="utf-8"))


def draw(slide: Slide) -> Pixels:
    """Draw a slide: its title, its lines, and water along the foot. Returns uint8 ``h w c``."""
    picture = Image.new("RGB", (WIDTH, HEIGHT), "#fbfaf5")
    pen = ImageDraw.Draw(picture)
    write(pen, 100, slide.title, "#12344d", 64)
    for number, line in enumerate(slide.lines):
        write(pen, 260 + 110 * number, line, "#22303a", 52)
    crest = [(x, 630 + round(14 * float(np.sin(x / 60)))) for x in range(0, WIDTH + 1, 8)]
    pen.polygon([(0, HEIGHT), *crest, (WIDTH, HEIGHT)], fill="#7fb6d6")
    return np.asarray(picture)


def write(pen: ImageDraw.ImageDraw, y: int, line: str, ink: str, size: int) -> None:
    """Write a line with gaps of 0.4 em: the font's own are so narrow that recognised words run together."""
    font, x = ImageFont.load_default(size=size), 96.0
    for word in line.split():
        pen.text((x, y), word, ink, font)
        x += pen.textlength(word, font) + 0.4 * size


def say(sentence: str) -> Sound:
    """Speak one sentence: int16 samples at 16 kHz, mono."""
    with TemporaryDirectory() as folder:
        out = Path(folder, "speech.wav")
        subprocess.run(["flite", "-voice", "rms", "-t", sentence, "-o", str(out)], check=True)
        with wave.open(BytesIO(out.read_bytes())) as speech:
            assert (speech.getframerate(), speech.getnchannels(), speech.getsampwidth()) == (RATE_HZ, 1, 2)
            return np.frombuffer(speech.readframes(speech.getnframes()), np.int16)


def narrate(slide: Slide) -> Sound:
    """The sound of a slide: its sentences with pauses, filled up with silence to whole video frames."""
    pause = np.zeros(round(PAUSE_S * RATE_HZ), np.int16)
    speech = np.concatenate([part for sentence in slide.spoken for part in (pause, say(sentence))] + [pause])
    per_frame = RATE_HZ // FRAMES_PER_S
    return np.pad(speech, (0, -len(speech) % per_frame))


def audio_frames(sound: Sound, start: int) -> Iterator[av.AudioFrame]:
    """Cut samples into frames that are stamped from sample ``start`` on."""
    for offset in range(0, len(sound), 1024):
        frame = av.AudioFrame.from_ndarray(sound[None, offset : offset + 1024], "s16", "mono")
        frame.sample_rate, frame.pts = RATE_HZ, start + offset
        yield frame


def encode(script: Script, target: Path) -> None:
    """Encode the lecture as H.264 and AAC and note in ``script`` when each slide is shown."""
    with av.open(str(target), "w", options={"movflags": "+faststart", "fflags": "+bitexact"}) as out:
        # One thread, so that the same script gives the same bytes.
        video = out.add_stream("libx264", rate=FRAMES_PER_S, options={"crf": "24", "threads": "1"})
        video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        audio = out.add_stream("aac", rate=RATE_HZ, layout="mono", options={"b": "48k"})
        start = 0
        for slide in script.slides:
            sound, picture = narrate(slide), av.VideoFrame.from_ndarray(draw(slide), "rgb24")
            slide.at_s, slide.until_s = start / RATE_HZ, (start + len(sound)) / RATE_HZ
            for number in range(round(slide.at_s * FRAMES_PER_S), round(slide.until_s * FRAMES_PER_S)):
                picture.pts = number
                out.mux(video.encode(picture))
            for frame in audio_frames(sound, start):
                out.mux(audio.encode(frame))
            start += len(sound)
        out.mux(video.encode(None))
        out.mux(audio.encode(None))


def main() -> None:
    """Write the video, and the script with its times."""
    script = read_script()
    encode(script, MEDIA / "lecture.mp4")
    (MEDIA / "script.json").write_text(json.dumps(script.model_dump(), indent=2) + "\n", encoding="utf-8")
    print(f"{MEDIA / 'lecture.mp4'}: {(MEDIA / 'lecture.mp4').stat().st_size / 1024:.0f} KiB")


if __name__ == "__main__":
    main()
