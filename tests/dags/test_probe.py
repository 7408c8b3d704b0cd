"""The check at the door: wrong, empty, renamed and broken files, each told by what came and what to write."""

import struct
import wave
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pytest
from PIL import Image

from headrace_dags.media.handles import (
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
    Video,
    Wav,
)
from headrace_dags.media.probe import probe


def box(name: bytes, content: bytes = b"") -> bytes:
    return struct.pack(">I4s", 8 + len(content), name) + content


FTYP = box(b"ftyp", b"isom\0\0\2\0isomiso2")
MP4 = FTYP + box(b"mdat", bytes(1000)) + box(b"moov", bytes(200))
HTML = b"<!DOCTYPE html><html><body>Not found</body></html>"


def picture(form: str) -> bytes:
    data = BytesIO()
    Image.fromarray(np.zeros((20, 30, 3), np.uint8)).save(data, form)
    return data.getvalue()


def sound() -> bytes:
    data = BytesIO()
    with wave.open(data, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(bytes(3200))
    return data.getvalue()


PNG, JPEG, WAV = picture("png"), picture("jpeg"), sound()
MP3 = b"ID3\x04\0\0\0\0\0\x0a" + bytes(10) + b"\xff\xfb\x90\0" + bytes(400)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (MP4, Video),
        (MP4, Mp4),
        (FTYP + box(b"moov", bytes(200)) + box(b"mdat", bytes(1000)), Video),
        (FTYP + box(b"moov", bytes(200)) + struct.pack(">I4s", 0, b"mdat") + bytes(50), Video),
        (FTYP + struct.pack(">I4sQ", 1, b"mdat", 16 + 50) + bytes(50) + box(b"moov", b"x"), Video),
        (b"\x1a\x45\xdf\xa3\x84webm\x18\x53\x80\x67", Video),
        (PNG, Png),
        (PNG, ImageFile),
        (JPEG, Jpeg),
        (picture("gif"), ImageFile),
        (picture("webp"), ImageFile),
        (WAV, Wav),
        (WAV, AudioFile),
        (WAV[:4] + b"\xff\xff\xff\xff" + WAV[8:], Wav),
        (MP3, Mp3),
        (b"%PDF-1.7\n", Pdf),
        (HTML, Blob),
        (b"anything", Blob),
    ],
)
def test_good_media_pass(data: bytes, expected: type[Blob]) -> None:
    assert probe(MemorySource(data), expected) is None


@pytest.mark.parametrize(
    ("data", "expected", "text"),
    [
        (b"", Video, "expects Video (video/*), got an empty file (talk.mp4, 0 bytes). Write --input video=@talk.mp4."),
        (
            HTML,
            Video,
            "expects Video (video/*), got an HTML page (talk.mp4, 50 bytes). Write --input video=@talk.mp4.",
        ),
        (
            PNG,
            Video,
            f"expects Video (video/*), got a PNG image (talk.mp4, {len(PNG):,} bytes). Write --input video=@talk.mp4.",
        ),
        (
            PNG,
            Jpeg,
            f"expects Jpeg (image/jpeg), got a PNG image (talk.mp4, {len(PNG):,} bytes). Write --input video=@picture.jpg.",
        ),
        (
            b"just a text",
            Mp4,
            "expects Mp4 (video/mp4), got data of no known format that begins with b'just a text' (talk.mp4, 11 bytes). Write --input video=@talk.mp4.",
        ),
        (
            MP4[:900],
            Video,
            "expects Video (video/*), got an MP4 video that is damaged (talk.mp4, 900 bytes): its index (box moov) is missing: it was cut off or never finished. Give a file that plays or opens elsewhere.",
        ),
    ],
)
def test_the_text_tells_what_came_and_what_to_write(
    tmp_path: Path, data: bytes, expected: type[Blob], text: str
) -> None:
    file = tmp_path / "talk.mp4"
    file.write_bytes(data)
    assert str(probe(FileSource(file), expected, name="video")) == text


@pytest.mark.parametrize(
    ("data", "expected", "fault"),
    [
        (MP4[:-1], Video, "box moov"),
        (FTYP + b"\0\0\0\3mdat", Video, "box moov"),
        (FTYP, Video, "box moov"),
        (PNG[:20], Png, "ends inside its header, after 20 bytes"),
        (PNG[:16] + bytes(8) + PNG[24:], Png, "IHDR"),
        (JPEG[:30], Jpeg, "ends inside its header"),
        (JPEG[:20] + b"\0" + JPEG[21:], Jpeg, "SOF"),
        (WAV[:-100], Wav, f"cut off: its header promises {len(WAV):,} bytes"),
        (WAV[:20], Wav, "cut off"),
        (b"RIFF\0\0\0\0WAVE", Wav, "no chunk 'fmt '"),
        (WAV[:4] + bytes(4) + WAV[8:36], Wav, "no chunk 'data'"),
        (b"ID3\x04\0\0\0\0\0\x0a" + bytes(300), Mp3, "no sound frame"),
        (b"\x1a\x45\xdf\xa3\x84webm", Video, "no segment"),
    ],
)
def test_broken_headers_are_found(data: bytes, expected: type[Blob], fault: str) -> None:
    found = probe(MemorySource(data), expected)
    assert found is not None
    assert found.code == "input-damaged"
    assert fault in found.got


def test_every_cut_of_an_mp4_whose_index_comes_last_is_found() -> None:
    assert all(probe(MemorySource(MP4[:end]), Video) for end in range(1, len(MP4), 7))


def test_a_file_that_is_not_there_and_a_folder_are_told(tmp_path: Path) -> None:
    missing = probe(FileSource(tmp_path / "no.mp4"), Video)
    folder = probe(FileSource(tmp_path), Video)
    assert missing is not None
    assert folder is not None
    assert missing.got == f"{tmp_path}/no.mp4 (No such file or directory)"
    assert folder.got == f"{tmp_path} (Is a directory)"


def test_a_class_of_ones_own_takes_what_no_signature_tells() -> None:
    class Mesh(Blob):
        media_type = "model/gltf-binary"

    assert probe(MemorySource(b"glTF"), Mesh) is None
    assert probe(MemorySource(PNG), Mesh) is not None


class Counted(BytesIO):
    """A stream that counts the bytes it gives."""

    given = 0

    def read(self, count: int | None = -1, /) -> bytes:
        data = super().read(count)
        Counted.given += len(data)
        return data


def test_only_headers_are_read() -> None:
    class Long(MemorySource):
        def open(self) -> BinaryIO:
            return Counted(self.data)

    assert probe(Long(FTYP + box(b"mdat", bytes(1_000_000)) + box(b"moov", bytes(10))), Video) is None
    assert 0 < Counted.given < 1000
