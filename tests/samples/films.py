"""Small videos for the tests: still pictures with or without sound, and sound without a picture."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

FRAMES_PER_S = 5
RATE_HZ = 16_000


def film(
    path: Path, pictures: list[NDArray[np.uint8]], sound: NDArray[np.int16] | None, each_s: int = 2, gap_s: int = 0
) -> Path:
    """Show each picture for ``each_s`` seconds, over ``sound`` (16 kHz mono) where there is some.

    With ``gap_s`` the second half of the sound track comes so much later, and nothing between the halves.
    """
    with av.open(str(path), "w") as out:
        video = out.add_stream("libx264", rate=FRAMES_PER_S) if pictures else None
        audio = out.add_stream("aac", rate=RATE_HZ, layout="mono") if sound is not None else None
        if video:
            video.height, video.width = pictures[0].shape[:2]
            video.pix_fmt = "yuv420p"
            for number in range(len(pictures) * each_s * FRAMES_PER_S):
                picture = av.VideoFrame.from_ndarray(pictures[number // (each_s * FRAMES_PER_S)], "rgb24")
                picture.pts = number
                out.mux(video.encode(picture))
            out.mux(video.encode(None))
        if audio and sound is not None:
            for start in range(0, len(sound), 1024):
                part = av.AudioFrame.from_ndarray(sound[None, start : start + 1024], "s16", "mono")
                late_s = gap_s if start >= len(sound) / 2 else 0
                part.sample_rate, part.pts = RATE_HZ, start + late_s * RATE_HZ
                out.mux(audio.encode(part))
            out.mux(audio.encode(None))
    return path
