"""Tell a media type from the first bytes of a file. A pure table; whether the rest of the file is whole is for ``probe``."""

from __future__ import annotations

from collections.abc import Callable

HEAD_BYTES = 512
"""How many first bytes :func:`sniff` wants to see."""

UNKNOWN = "application/octet-stream"
"""The media type of bytes that nobody knows."""

_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"%PDF-", "application/pdf"),
    (b"fLaC", "audio/flac"),
    (b"ID3", "audio/mpeg"),
    (b"FLV\x01", "video/x-flv"),
    (b"\x00\x00\x01\xba", "video/mpeg"),
    (b"\x00\x00\x01\xb3", "video/mpeg"),
    (b"\x00\x00\x00\x0cjP  \r\n\x87\n", "image/jp2"),
    (b"\x00\x00\x00\x0cJXL \r\n\x87\n", "image/jxl"),
    (b"\xff\x0a", "image/jxl"),
    (b"8BPS", "image/vnd.adobe.photoshop"),
    (b"\x00\x00\x01\x00", "image/vnd.microsoft.icon"),
    (b"#!AMR", "audio/amr"),
    (b"MThd", "audio/midi"),
    (b"caff\x00\x01", "audio/x-caf"),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "video/x-ms-asf"),
    (b"PK\x03\x04", "application/zip"),
    (b"\x1f\x8b", "application/gzip"),
)
_RIFF = {b"WAVE": "audio/wav", b"AVI ": "video/x-msvideo", b"WEBP": "image/webp"}
_BRANDS = {
    b"qt  ": "video/quicktime",
    b"M4A ": "audio/mp4",
    b"M4B ": "audio/mp4",
    b"heic": "image/heic",
    b"heix": "image/heic",
    b"mif1": "image/heif",
    b"avif": "image/avif",
}
_BOXES_WITHOUT_BRAND = (b"moov", b"mdat", b"wide", b"free", b"skip")
_MARKUP = (b"<!doctype html", b"<html", b"<head", b"<body")


def sniff(head: bytes) -> str:
    """The media type that the first bytes of a file tell; empty where they tell nothing.

    Args:
        head: the first :data:`HEAD_BYTES` bytes, or all there are.
    """
    for signature, media_type in _SIGNATURES:
        if head.startswith(signature):
            return media_type
    return next((found for test in _TESTS if (found := test(head))), "")


def _riff(head: bytes) -> str:
    return _RIFF.get(head[8:12], "") if head[:4] == b"RIFF" else ""


def _boxes(head: bytes) -> str:
    """ISO base media files begin with a box: its size, then its type, then, for ``ftyp``, the major brand."""
    if head[4:8] == b"ftyp":
        return _BRANDS.get(head[8:12], "video/mp4")
    return "video/quicktime" if head[4:8] in _BOXES_WITHOUT_BRAND else ""


def _iff(head: bytes) -> str:
    return "audio/aiff" if head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC") else ""


def _ogg(head: bytes) -> str:
    """Ogg holds sound or pictures; the first page says which."""
    if head[:4] != b"OggS":
        return ""
    return "video/ogg" if b"\x80theora" in head[:80] else "audio/ogg"


def _matroska(head: bytes) -> str:
    if not head.startswith(b"\x1a\x45\xdf\xa3"):
        return ""
    return "video/webm" if b"webm" in head[:64] else "video/x-matroska"


def _bitmap(head: bytes) -> str:
    """``BM`` alone is too weak a signature: the reserved field must be zero too."""
    return "image/bmp" if head[:2] == b"BM" and head[6:10] == b"\0\0\0\0" else ""


def _transport_stream(head: bytes) -> str:
    """Packets of 188 bytes, each beginning with ``G``."""
    return "video/mp2t" if len(head) > 376 and head[0] == head[188] == head[376] == 0x47 else ""


def _mpeg_audio(head: bytes) -> str:
    """A frame header: eleven bits set; layer bits 00 mean AAC in ADTS. Reserved version, rate and bitrate are refused."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0 or head[1] >> 3 & 3 == 1:
        return ""
    if head[1] & 0xF6 == 0xF0:
        return "audio/aac"
    valid = head[1] & 6 and head[2] & 0xF0 != 0xF0 and head[2] & 0x0C != 0x0C
    return "audio/mpeg" if valid else ""


def _markup(head: bytes) -> str:
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if text.startswith(_MARKUP):
        return "text/html"
    is_xml = text.startswith((b"<?xml", b"<svg"))
    return "image/svg+xml" if is_xml and b"<svg" in text else ""


_TESTS: tuple[Callable[[bytes], str], ...] = (
    _riff,
    _boxes,
    _iff,
    _ogg,
    _matroska,
    _bitmap,
    _transport_stream,
    _mpeg_audio,
    _markup,
)

MEDIA_TYPES = frozenset(
    {media_type for _, media_type in _SIGNATURES}
    | set(_RIFF.values())
    | set(_BRANDS.values())
    | {"video/mp4", "audio/aiff", "audio/ogg", "video/ogg", "video/webm", "video/x-matroska", "image/bmp"}
    | {"video/mp2t", "audio/aac", "text/html", "image/svg+xml"}
)
"""All media types that :func:`sniff` can tell."""
