"""The check at the door: is this file what the port expects? Reads headers only, in constant memory. Pure standard library."""

from __future__ import annotations

from fnmatch import fnmatchcase

from headrace_dags.media.containers import fault
from headrace_dags.media.handles import AudioFile, Blob, ImageFile, LocalSource, Mp3, Pdf, Png, Source, Video
from headrace_dags.media.signatures import HEAD_BYTES, MEDIA_TYPES, UNKNOWN, sniff
from headrace_dags.misfit import Misfit

_EXAMPLES: tuple[tuple[type[Blob], str], ...] = (
    (Png, "picture.png"),
    (ImageFile, "picture.jpg"),
    (Mp3, "speech.mp3"),
    (AudioFile, "speech.wav"),
    (Video, "talk.mp4"),
    (Pdf, "paper.pdf"),
)
_NAMES = {
    "image/png": "a PNG image",
    "image/jpeg": "a JPEG image",
    "image/gif": "a GIF image",
    "image/webp": "a WebP image",
    "image/tiff": "a TIFF image",
    "image/bmp": "a BMP image",
    "audio/wav": "a WAV sound",
    "audio/mpeg": "an MP3 sound",
    "audio/mp4": "an MPEG-4 sound",
    "audio/flac": "a FLAC sound",
    "audio/ogg": "an Ogg sound",
    "video/mp4": "an MP4 video",
    "video/quicktime": "a QuickTime video",
    "video/webm": "a WebM video",
    "video/x-matroska": "a Matroska video",
    "video/x-msvideo": "an AVI video",
    "application/pdf": "a PDF document",
    "application/zip": "a ZIP archive",
    "application/gzip": "a gzip archive",
    "text/html": "an HTML page",
}


def probe(source: Source, expected: type[Blob], *, name: str = "NAME") -> Misfit | None:
    """Look at a medium before anything starts.

    Args:
        source: what was submitted.
        expected: the class on the port.
        name: the input's name, for the message.

    Returns:
        What is wrong: not there, empty, another medium, or a header that is broken; ``None`` where all is well.
    """
    write = f"Write --input {name}=@{_example(expected)}"
    wanted = f"expects {_wanted(expected)}"
    try:
        size = source.size
        if size == 0:
            return Misfit("input-empty", wanted, f"an empty file ({_said(source, 0)})", write)
        with source.open() as stream:
            head = stream.read(HEAD_BYTES)
            media_type = sniff(head)
            if not _fits(media_type, expected):
                return Misfit("input-media", wanted, f"{_named(media_type, head)} ({_said(source, size)})", write)
            broken = fault(media_type, stream, size)
    except OSError as error:
        return Misfit("input-file", wanted, f"{_path(source)} ({error.strerror or error})", write)
    if broken:
        got = f"{_named(media_type, head)} that is damaged ({_said(source, size)}): {broken}"
        return Misfit("input-damaged", wanted, got, "Give a file that plays or opens elsewhere")
    return None


def _fits(media_type: str, expected: type[Blob]) -> bool:
    """Whether the signature is one the class stands for. A class whose signature nobody knows takes what nobody knows."""
    pattern = expected.media_type
    if not media_type:
        return pattern == "*/*" or not any(fnmatchcase(known, pattern) for known in MEDIA_TYPES)
    return fnmatchcase(media_type, pattern)


def _wanted(expected: type[Blob]) -> str:
    return f"{expected.__name__} ({expected.media_type})"


def _named(media_type: str, head: bytes) -> str:
    if not media_type:
        return f"data of no known format that begins with {head[:12]!r}"
    return _NAMES.get(media_type, f"{media_type or UNKNOWN} data")


def _said(source: Source, size: int) -> str:
    """File name and size."""
    file = f"{source.path.name}, " if isinstance(source, LocalSource) else ""
    return f"{file}{size:,} bytes"


def _path(source: Source) -> str:
    return str(source.path) if isinstance(source, LocalSource) else "a medium that cannot be read"


def _example(expected: type[Blob]) -> str:
    return next((example for kind, example in _EXAMPLES if issubclass(expected, kind)), "file.bin")
