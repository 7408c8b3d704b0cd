"""Is the header of a container whole? One small function a format; each reads a few bytes and seeks over the rest."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from typing import BinaryIO

MOST_PARTS = 10_000
"""How many boxes or segments are looked at before a file counts as damaged."""

_FRAME_HEADERS = {0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF}
_UNKNOWN_SIZES = (0, 0xFFFFFFFF)


def fault(media_type: str, stream: BinaryIO, size: int) -> str:
    """What is wrong with the header of a medium.

    Args:
        media_type: what its signature says it is.
        stream: the medium; it is sought about in.
        size: how many bytes it holds.

    Returns:
        What is wrong, as a clause about the file; empty where nothing is, or where the format is not known here.
    """
    test = _TESTS.get(media_type)
    if test is None:
        return ""
    stream.seek(0)
    try:
        return test(stream, size)
    except (struct.error, EOFError):
        return f"it ends inside its header, after {size:,} bytes"


def _exactly(stream: BinaryIO, count: int) -> bytes:
    data = stream.read(count)
    if len(data) < count:
        raise EOFError
    return data


def _png(stream: BinaryIO, _: int) -> str:
    head = _exactly(stream, 24)
    return "" if head[12:16] == b"IHDR" and all(struct.unpack(">II", head[16:])) else "it has no image header (IHDR)"


def _gif(stream: BinaryIO, _: int) -> str:
    return "" if all(struct.unpack("<HH", _exactly(stream, 10)[6:])) else "its width or height is zero"


def _jpeg(stream: BinaryIO, _: int) -> str:
    """Walks the segments up to the frame header, which holds the size of the image."""
    stream.seek(2)
    for _part in range(MOST_PARTS):
        if _exactly(stream, 1) != b"\xff":
            return "it is damaged before its frame header (SOF)"
        marker = 0xFF
        while marker == 0xFF:
            marker = _exactly(stream, 1)[0]
        if marker in _FRAME_HEADERS:
            return "" if struct.unpack(">HBHH", _exactly(stream, 7))[3] else "its width is zero"
        (length,) = struct.unpack(">H", _exactly(stream, 2))
        stream.seek(length - 2, 1)
    return "it has no frame header (SOF)"


def _wav(stream: BinaryIO, size: int) -> str:
    """Recorders that write to a pipe leave the size open: 0 or all bits set."""
    (promised,) = struct.unpack("<4xI4x", _exactly(stream, 12))
    if promised not in _UNKNOWN_SIZES and promised + 8 > size:
        return f"it is cut off: its header promises {promised + 8:,} bytes"
    chunks = dict(_chunks(stream, size))
    missing = next((name for name in ("fmt ", "data") if name not in chunks), "")
    return f"it has no chunk {missing!r}" if missing else ""


def _chunks(stream: BinaryIO, size: int) -> Iterator[tuple[str, int]]:
    """Names and sizes of the chunks of a RIFF file; the last one may have an open size."""
    for _part in range(MOST_PARTS):
        if stream.tell() + 8 > size:
            return
        name, length = struct.unpack("<4sI", _exactly(stream, 8))
        yield name.decode("latin-1"), length
        stream.seek(length + length % 2, 1)


def _mp4(stream: BinaryIO, size: int) -> str:
    """The index (``moov``) may stand before or after the media; without it nothing can be decoded."""
    return "" if "moov" in _boxes(stream, size) else "its index (box moov) is missing: it was cut off or never finished"


def _boxes(stream: BinaryIO, size: int) -> Iterator[str]:
    """Types of the boxes on the top level, as far as they are reachable and whole or begun."""
    at = 0
    for _part in range(MOST_PARTS):
        stream.seek(at)
        head = stream.read(16)
        if len(head) < 8:
            return
        length, name = struct.unpack(">I4s", head[:8])
        if length == 1 and len(head) == 16:
            (length,) = struct.unpack(">Q", head[8:])
        end = size if length == 0 else at + length
        if 0 < length < 8:
            return  # no box is shorter than its head
        if name != b"moov" or end <= size:
            yield name.decode("latin-1")
        at = end


def _matroska(stream: BinaryIO, _: int) -> str:
    return "" if b"\x18\x53\x80\x67" in stream.read(4096) else "it has no segment: it was cut off or never finished"


def _mp3(stream: BinaryIO, _: int) -> str:
    """Skips the tag, whose size is written with seven bits a byte, and the padding behind it."""
    head = _exactly(stream, 10)
    start = 0
    if head[:3] == b"ID3":
        start = 10 + sum((byte & 0x7F) << shift for byte, shift in zip(head[6:10], (21, 14, 7, 0), strict=True))
    stream.seek(start)
    sound = stream.read(65_536).lstrip(b"\0")
    found = any(sound[at] == 0xFF and sound[at + 1] & 0xE0 == 0xE0 for at in range(min(len(sound) - 1, 4096)))
    return "" if found else "it has no sound frame"


_TESTS: dict[str, Callable[[BinaryIO, int], str]] = {
    "image/png": _png,
    "image/gif": _gif,
    "image/jpeg": _jpeg,
    "audio/wav": _wav,
    "audio/mpeg": _mp3,
    "audio/mp4": _mp4,
    "video/mp4": _mp4,
    "video/quicktime": _mp4,
    "video/webm": _matroska,
    "video/x-matroska": _matroska,
}
