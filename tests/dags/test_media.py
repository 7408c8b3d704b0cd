"""Media handles: read only when asked, whatever they are made of."""

import gc
import hashlib
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import pytest

from headrace_dags.media.handles import (
    CLASSES,
    AudioFile,
    Blob,
    FileSource,
    ImageFile,
    Jpeg,
    MemorySource,
    Mp3,
    Mp4,
    Pdf,
    Png,
    Source,
    Video,
    Wav,
    class_for,
    sniff,
)

PNG = b"\x89PNG\r\n\x1a\n" + b"rest"


class Watched:
    """A source that counts how often it is opened."""

    size = 3
    media_type = "video/webm"
    opened = 0

    def open(self) -> BinaryIO:
        self.opened += 1
        return BytesIO(b"abc")

    def digest(self) -> str:
        return hashlib.sha256(b"abc").hexdigest()


def test_a_handle_is_not_read_before_it_is_asked(tmp_path: Path) -> None:
    source = Watched()
    handle = Video(source)
    assert (handle.size, repr(handle), source.opened) == (3, "<Video video/webm, 3 bytes>", 0)
    assert (handle.read(), source.opened) == (b"abc", 1)
    later = Mp4(tmp_path / "later.mp4")
    (tmp_path / "later.mp4").write_bytes(b"now")
    assert later.read() == b"now"


def test_each_stream_is_fresh_and_seekable(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abcdef")
    for handle in (Blob(b"abcdef"), Blob(tmp_path / "a")):
        with handle.open() as one, handle.open() as other:
            assert one.read(3) == b"abc"
            assert other.seek(4) == 4
            assert (one.read(), other.read()) == (b"def", b"ef")


def test_handles_are_equal_only_to_themselves() -> None:
    one, other = Png(PNG), Png(PNG)
    assert one == one  # noqa: PLR0124
    assert one != other
    assert len({one, other}) == 2


def test_a_file_gives_its_own_path(tmp_path: Path) -> None:
    assert Wav(tmp_path / "a.wav").path() == tmp_path / "a.wav"


def test_a_medium_in_memory_is_written_once_and_removed_with_its_handle() -> None:
    handle = Jpeg(b"\xff\xd8\xff")
    path = handle.path()
    assert (path.read_bytes(), path.suffix, handle.path()) == (b"\xff\xd8\xff", ".jpg", path)
    del handle
    gc.collect()
    assert not path.exists()


def test_a_path_that_somebody_removed_is_no_fault() -> None:
    handle = Jpeg(b"\xff\xd8\xff")
    handle.path().unlink()
    del handle
    gc.collect()


@pytest.mark.parametrize(
    ("handle", "media_type"),
    [
        (Png(b"anything"), "image/png"),
        (ImageFile(PNG), "image/png"),
        (Blob(b"who knows"), "application/octet-stream"),
        (Video(MemorySource(b"x", "video/webm")), "video/webm"),
    ],
)
def test_the_media_type_is_the_class_or_told_by_the_first_bytes(handle: Blob, media_type: str) -> None:
    assert handle.source.media_type == media_type
    assert media_type in repr(handle)


def test_a_file_tells_its_media_type_by_its_first_bytes(tmp_path: Path) -> None:
    (tmp_path / "picture.mp4").write_bytes(PNG)
    assert Blob(tmp_path / "picture.mp4").source.media_type == "image/png"


def test_a_digest_is_that_of_the_content(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(PNG * 1000)
    expected = hashlib.sha256(PNG * 1000).hexdigest()
    assert MemorySource(PNG * 1000).digest() == FileSource(tmp_path / "a").digest() == expected


def test_a_file_that_is_not_there_has_a_text_all_the_same(tmp_path: Path) -> None:
    handle = Video(tmp_path / "no.mp4")
    assert repr(handle) == f"<Video: No such file or directory: {tmp_path}/no.mp4>"
    with pytest.raises(FileNotFoundError):
        handle.open()


@pytest.mark.parametrize(
    ("given", "lesson"),
    [
        ("talk.mp4", r"got str. Write hr.Mp4\(Path\('talk.mp4'\)\) for a file"),
        (bytearray(b"x"), r"got bytearray. Write hr.Mp4\(bytes\(data\)\)"),
        (BytesIO(b"x"), r"Write hr.Mp4\(stream.read\(\)\)"),
        (Png(PNG), r"got Png. Write hr.Mp4\(handle.source\)"),
        (3, "expects bytes, a pathlib.Path or a Source, got int"),
    ],
)
def test_anything_else_is_refused_with_a_lesson(given: object, lesson: str) -> None:
    with pytest.raises(TypeError, match=lesson):
        Mp4(given)  # type: ignore[arg-type]


def test_no_bytes_are_no_medium() -> None:
    with pytest.raises(ValueError, match=r"hr\.Png expects at least one byte, got none"):
        Png(b"")


def test_handles_belong_to_the_front_door() -> None:
    assert {kind.__module__ for kind in CLASSES} == {"headrace"}


@pytest.mark.parametrize(
    ("media_type", "expected", "found"),
    [
        ("video/mp4", Video, Mp4),
        ("video/webm", Video, Video),
        ("video/mp4", Blob, Mp4),
        ("application/json", Blob, Blob),
        ("image/jpeg", ImageFile, Jpeg),
        ("image/jpeg", Jpeg, Jpeg),
        ("audio/mpeg", AudioFile, Mp3),
        ("application/pdf", Blob, Pdf),
        ("image/png", Video, Video),
    ],
)
def test_a_media_type_finds_its_class(media_type: str, expected: type[Blob], found: type[Blob]) -> None:
    assert class_for(media_type, expected) is found


def test_a_class_of_ones_own_is_kept() -> None:
    class Tiff(ImageFile):
        media_type = "image/tiff"

    assert class_for("image/tiff", Tiff) is Tiff
    assert Tiff(b"II*\0").source.media_type == "image/tiff"


def test_sources_are_sources() -> None:
    sources: list[Source] = [MemorySource(b"x"), FileSource(Path("x")), Watched()]
    assert all(hasattr(source, "digest") for source in sources)


@pytest.mark.parametrize(
    ("head", "media_type"),
    [
        (PNG, "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"RIFF\0\0\0\0WAVE", "audio/wav"),
        (b"RIFF\0\0\0\0WEBP", "image/webp"),
        (b"\0\0\0\x18ftypisom", "video/mp4"),
        (b"\0\0\0\x18ftypM4A ", "audio/mp4"),
        (b"\0\0\0\x18ftypqt  ", "video/quicktime"),
        (b"\x1a\x45\xdf\xa3....webm", "video/webm"),
        (b"\x1a\x45\xdf\xa3....matroska", "video/x-matroska"),
        (b"ID3\x04", "audio/mpeg"),
        (b"\xff\xfb\x90\x00", "audio/mpeg"),
        (b"\xff\xf1\x50\x80", "audio/aac"),
        (b"OggS" + bytes(24) + b"\x01vorbis", "audio/ogg"),
        (b"OggS" + bytes(24) + b"\x80theora", "video/ogg"),
        (b"%PDF-1.7", "application/pdf"),
        (b"  <!DOCTYPE HTML>", "text/html"),
        (b'<?xml version="1.0"?><svg>', "image/svg+xml"),
        ((b"G" + bytes(187)) * 3, "video/mp2t"),
        (b"FORM\0\0\0\0AIFF", "audio/aiff"),
        (b"BM\0\0\0\0\0\0\0\0", "image/bmp"),
        (b"BMW drives", ""),
        (b"Great", ""),
        (b"hello", ""),
        (b"", ""),
        (b"\xff\xff\xff\xff", ""),
    ],
)
def test_signatures(head: bytes, media_type: str) -> None:
    assert sniff(head) == media_type
