"""The door: what a person gives becomes values, or a list of everything that is wrong with it."""

from __future__ import annotations

import enum
import json
import struct
import wave
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pytest
from pydantic import BaseModel
from tests.front.recorded import png

import headrace as hr
from headrace.door.inputs import read_inputs
from headrace_dags.declare.declaration import Signature
from headrace_dags.errors import BadInput
from headrace_dags.graph import Port
from headrace_dags.ports.annotations import Parsed, parse

EMBEDDING = Annotated[np.ndarray[Any, np.dtype[np.float32]], hr.Layout("embedding", "d=3", dtype="float32")]
GREY = Annotated[np.ndarray[Any, np.dtype[np.uint8]], hr.Layout("image", "h w c=1", dtype="uint8")]


class Currency(enum.StrEnum):
    EUR = "EUR"
    CHF = "CHF"


class Invoice(BaseModel):
    number: int
    total: float


def signature(**annotations: Any) -> Signature:
    """A signature with one input for each annotation; a tuple gives the default."""
    ports, found = [], {}
    for name, given in annotations.items():
        annotation, *default = given if isinstance(given, tuple) else (given,)
        parsed = parse(annotation)
        assert isinstance(parsed, Parsed), parsed
        found[f"in:{name}"] = parsed.item
        ports.append(
            Port(
                name=name,
                type=parsed.type,
                many=parsed.many,
                has_default=bool(default),
                default=default[0] if default else None,
            )
        )
    return Signature(tuple(ports), (), found)


def read(annotation: Any, *texts: str) -> Any:
    return read_inputs(signature(x=annotation), [f"x={text}" for text in texts])["x"]


def refused(annotation: Any, *texts: str) -> str:
    with pytest.raises(BadInput) as caught:
        read(annotation, *texts)
    assert len(caught.value.problems) == 1
    assert caught.value.problems[0].where == "--input x"
    return str(caught.value)


def write_wav(path: Path, samples: list[int], rate: int = 16000, channels: int = 1) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(struct.pack(f"<{len(samples)}h", *samples))
    return path


def test_text_is_taken_as_it_stands_or_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "words.txt"
    file.write_text("grüße\n", encoding="utf-8")
    assert read(str, "a=b, [c]") == "a=b, [c]"
    assert read(str, "") == ""
    assert read(str, f"@{file}") == "grüße\n"
    assert read(str, "@@someone") == "@someone"


def test_text_that_is_not_utf8(tmp_path: Path) -> None:
    file = tmp_path / "latin.txt"
    file.write_bytes("gr\xfc\xdfe".encode("latin-1"))
    assert "[input-text]: expects Text in UTF-8, got latin.txt, which is not UTF-8 (byte 2)" in refused(str, f"@{file}")


def test_json_is_validated_against_the_port() -> None:
    assert read(int, "3") == 3
    assert read(bool, "true") is True
    assert read(float, "2") == 2.0
    assert read(list[str], '["a", "b"]') == ["a", "b"]
    assert read(Currency, "EUR") is Currency.EUR
    assert read(Invoice, '{"number": 1, "total": 2}') == Invoice(number=1, total=2)


def test_json_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "invoice.json"
    file.write_text('{"number": 1, "total": 2.5}', encoding="utf-8")
    assert read(Invoice, f"@{file}") == Invoice(number=1, total=2.5)
    assert f"Write --input x=@{file}" in refused(Invoice, str(file))


@pytest.mark.parametrize(
    ("annotation", "text", "said"),
    [
        (int, "three", "[input-value]: expects int, got "),
        (int, "1.5", "[input-value]: expects int, got "),
        (Currency, "USD", "[input-value]: expects "),
        (Invoice, '{"number": "x", "total": 1}', "number: "),
    ],
)
def test_json_that_does_not_fit(annotation: Any, text: str, said: str) -> None:
    assert said in refused(annotation, text)


def test_media_become_the_most_specific_handle(tmp_path: Path) -> None:
    file = png(tmp_path / "a.dat", np.zeros((4, 5, 3), np.uint8))
    handle = read(hr.ImageFile, f"@{file}")
    assert type(handle) is hr.Png
    assert handle.path() == file


def test_media_need_a_file(tmp_path: Path) -> None:
    file = png(tmp_path / "a.png", np.zeros((4, 5, 3), np.uint8))
    assert f"Write --input x=@{file}." in refused(hr.Png, str(file))
    assert "Write --input x=@FILE." in refused(hr.Png, "nonsense")


def test_media_that_are_something_else(tmp_path: Path) -> None:
    text = tmp_path / "notes.mp4"
    text.write_text("not a video at all", encoding="utf-8")
    picture = png(tmp_path / "a.mp4", np.zeros((4, 5, 3), np.uint8))
    for file in (text, picture):
        said = refused(hr.Video, f"@{file}")
        assert "--input x [" in said
        assert "video" in said.lower()


def test_files_that_are_not_there_empty_or_folders(tmp_path: Path) -> None:
    (tmp_path / "talk.mp4").write_bytes(b"")
    assert "which is empty (0 bytes)" in refused(hr.Video, f"@{tmp_path}/talk.mp4")
    assert f"Write --input x=@{tmp_path}/talk.mp4." in refused(hr.Video, f"@{tmp_path}/tlk.mp4")
    assert f"Looked in {tmp_path}." in refused(hr.Video, f"@{tmp_path}/sunset.mov"), "nothing there is near"
    assert "no name of a file" in refused(hr.Video, "@")
    assert "which cannot be looked at" in refused(hr.Video, f"@{'a' * 300}")
    assert "which is not there" in refused(hr.Video, "@~nobody-of-that-name/talk.mp4")
    assert "which is a folder" in refused(hr.Video, f"@{tmp_path}")
    assert f"The folder {tmp_path}/nowhere is not there either" in refused(hr.Video, f"@{tmp_path}/nowhere/a.mp4")


def test_images_are_decoded(tmp_path: Path) -> None:
    pixels = np.arange(4 * 5 * 3, dtype=np.uint8).reshape(4, 5, 3)
    file = png(tmp_path / "a.png", pixels)
    assert np.array_equal(read(hr.Image, f"@{file}"), pixels)
    assert read(GREY, f"@{file}").shape == (4, 5, 1)


def test_images_that_cannot_be_decoded(tmp_path: Path) -> None:
    whole = png(tmp_path / "a.png", np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)).read_bytes()
    (tmp_path / "cut.png").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "text.png").write_text("no picture", encoding="utf-8")
    assert "cut.png, which cannot be decoded" in refused(hr.Image, f"@{tmp_path}/cut.png")
    assert "text.png, which is no image that Pillow knows" in refused(hr.Image, f"@{tmp_path}/text.png")


def test_sound_is_decoded_to_one_channel(tmp_path: Path) -> None:
    mono = write_wav(tmp_path / "mono.wav", [0, 16384, -32768])
    stereo = write_wav(tmp_path / "stereo.wav", [0, 16384, -16384, -32768], channels=2)
    assert read(hr.Audio, f"@{mono}").tolist() == [0, 0.5, -1.0]
    assert read(hr.Audio, f"@{stereo}").tolist() == [0.25, -0.75]
    assert read(hr.Audio, f"@{mono}").dtype == np.float32


def test_silence_is_good_input(tmp_path: Path) -> None:
    assert read(hr.Audio, f"@{write_wav(tmp_path / 'none.wav', [])}").shape == (0,)


def test_another_rate_is_refused_with_the_command_that_mends_it(tmp_path: Path) -> None:
    said = refused(hr.Audio, f"@{write_wav(tmp_path / 'talk.wav', [0, 0], rate=44100)}")
    assert "got talk.wav at 44100 Hz" in said
    assert "ffmpeg -i talk.wav -ac 1 -ar 16000 talk-16000.wav" in said


def test_sound_that_is_no_wav(tmp_path: Path) -> None:
    (tmp_path / "talk.wav").write_bytes(b"RIFF")
    assert "which is no WAV that can be read" in refused(hr.Audio, f"@{tmp_path}/talk.wav")


def test_arrays_from_npy_and_from_json(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.array([1, 2, 3], np.float32))
    assert read(EMBEDDING, f"@{tmp_path}/a.npy").tolist() == [1, 2, 3]
    assert read(EMBEDDING, "[1, 2.5, 3]").dtype == np.float32


def test_arrays_that_do_not_fit(tmp_path: Path) -> None:
    np.save(tmp_path / "wide.npy", np.zeros(4, np.float32))
    np.save(tmp_path / "double.npy", np.zeros(3))
    (tmp_path / "text.npy").write_text("nothing", encoding="utf-8")
    assert "expects Embedding (float32 d=3)" in refused(EMBEDDING, f"@{tmp_path}/wide.npy")
    assert "float64" in refused(EMBEDDING, f"@{tmp_path}/double.npy")
    assert "which is no .npy file" in refused(EMBEDDING, f"@{tmp_path}/text.npy")
    assert "[input-array]" in refused(EMBEDDING, "[1, true")
    assert "expects Embedding (float32 d=3)" in refused(EMBEDDING, "[1, 2]")


@pytest.mark.parametrize("written", ["[300]", "[-1]"])
def test_numbers_that_a_dtype_cannot_hold(written: str) -> None:
    counts = Annotated[np.ndarray[tuple[int], np.dtype[np.uint8]], hr.Layout("tensor", "n")]
    assert read(counts, "[255, 0]").tolist() == [255, 0]
    assert f"'{written}', which uint8 cannot hold" in refused(counts, written)


def test_files_that_no_text_can_be_read_from(tmp_path: Path) -> None:
    (tmp_path / "bytes.json").write_bytes(b"\xff\xfe")
    (tmp_path / "deep.json").write_text("[" * 100_000, encoding="utf-8")
    for port in (EMBEDDING, dict[str, int]):
        assert "which is not UTF-8 (byte 0)" in refused(port, f"@{tmp_path}/bytes.json")
        assert "--input x [input-" in refused(port, f"@{tmp_path}/deep.json")
    assert "[input-text]: expects Text in UTF-8" in refused(str, "a\udcff")


def test_a_folder_or_pattern_without_files_is_not_taken_for_none(tmp_path: Path) -> None:
    assert "where no file is. Write --input x=[] for none." in refused(hr.Many[hr.Image], f"@{tmp_path}")
    assert "where no file is" in refused(hr.Many[hr.Image], f"@{tmp_path}/*.png")
    assert read(hr.Many[hr.Image], "[]") == []


def test_many_items_once_each_as_a_list_a_folder_or_a_pattern(tmp_path: Path) -> None:
    for number in (2, 1, 10):
        png(tmp_path / f"{number:02}.png", np.full((1, 1, 3), number, np.uint8))
    (tmp_path / ".hidden").write_text("x", encoding="utf-8")
    many = hr.Many[hr.Image]
    assert [int(each[0, 0, 0]) for each in read(many, f"@{tmp_path}")] == [1, 2, 10]
    assert [int(each[0, 0, 0]) for each in read(many, f"@{tmp_path}/0*.png")] == [1, 2]
    assert len(read(many, f"@{tmp_path}/01.png", f"@{tmp_path}/02.png")) == 2
    assert read(hr.Many[str], '["a", "b"]') == ["a", "b"]
    assert read(hr.Many[str], "a", "b") == ["a", "b"]
    assert read(hr.Many[int], "[1, 2]") == [1, 2]


def test_one_is_given_once() -> None:
    assert "[input-twice]: expects one int, got 2. Give it once." in refused(int, "1", "2")


def test_a_default_needs_not_be_given() -> None:
    values = read_inputs(signature(every=(float, 2.0), title=(str, "none"), kind=(Currency, "CHF")), ["title=Mills"])
    assert values == {"every": 2.0, "title": "Mills", "kind": Currency.CHF}


def test_all_problems_come_at_once(tmp_path: Path) -> None:
    wanted = signature(video=hr.Video, count=int, title=str)
    with pytest.raises(BadInput) as caught:
        read_inputs(wanted, ["vidoe=@talk.mp4", "count=many", "just text", "=3"])
    said = [str(problem) for problem in caught.value.problems]
    assert len(said) == 5
    strange = "--input vidoe [input-unknown]: is no input of this dag. Write --input video=@talk.mp4."
    assert strange in said, "and that video is missing need not be said as well"
    assert any("--input title [input-missing]" in each and "Write --input title=TEXT." in each for each in said)
    assert any("--input count [input-value]" in each for each in said)
    assert sum("[input-shape]" in each for each in said) == 2
    assert json.dumps([problem.as_json() for problem in caught.value.problems])
