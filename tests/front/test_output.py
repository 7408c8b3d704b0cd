"""Results as files: by the port's type, with an index, and without traces of an earlier run."""

from __future__ import annotations

import json
import wave
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tests.front.recorded import RUN, VALUES, record, slide

from headrace.held import Items, Values
from headrace.output.encode import ending
from headrace.output.save import INDEX, Index, save
from headrace.runs import State
from headrace_dags.errors import EnvironmentLack
from headrace_serving.objects.contract import ObjectStore
from headrace_serving.objects.file import FileStore
from headrace_serving.tensors import Tensor
from headrace_serving.wire.contract import Sink


@pytest.fixture
def state(tmp_path: Path) -> State:
    return State(tmp_path / "state")


@pytest.fixture
def saved(state: State, tmp_path: Path) -> tuple[Path, Index]:
    values = Values(record(state), FileStore(state.objects))
    return tmp_path / "out", save(tmp_path / "out", RUN, "lecture", values.outputs())


def test_each_output_lies_in_files_of_its_kind(saved: tuple[Path, Index]) -> None:
    folder, _ = saved
    names = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    slides = [f"slides/000{number}.{end}" for number in range(5) for end in ("npy", "png")]
    assert names == ["index.npy", INDEX, *slides, "sound.npy", "sound.wav", "story.json"]


def test_what_is_saved_is_what_came_out(saved: tuple[Path, Index]) -> None:
    folder, _ = saved
    assert json.loads((folder / "story.json").read_text(encoding="utf-8")) == VALUES["join_story"]
    assert np.array_equal(np.load(folder / "index.npy"), VALUES["join_index"])
    assert np.array_equal(np.load(folder / "slides" / "0003.npy"), slide(3))
    assert np.array_equal(np.asarray(Image.open(folder / "slides" / "0003.png")), slide(3))
    with wave.open(str(folder / "sound.wav")) as file:
        assert (file.getframerate(), file.getnframes()) == (16000, 24000)


def test_the_index_says_what_is_where(saved: tuple[Path, Index]) -> None:
    folder, index = saved
    assert Index.model_validate_json((folder / INDEX).read_bytes()) == index
    story, vectors, slides, sound = index.outputs
    assert [each.media_type for each in sound.files] == ["audio/wav", "application/x-npy"]
    assert (slides.many, slides.items, len(slides.files)) == (True, 5, 10)
    assert story.value == VALUES["join_story"]
    assert vectors.value is None
    assert all((folder / file.path).stat().st_size == file.size for each in index.outputs for file in each.files)


def test_the_index_is_no_output_of_a_dag(tmp_path: Path, saved: tuple[Path, Index]) -> None:
    _, index = saved
    assert not any(Path(file.path).name == INDEX for each in index.outputs for file in each.files)
    assert not Path(INDEX).stem.isidentifier(), "the name of an output is one"


def test_items_are_decoded_one_at_a_time(tmp_path: Path) -> None:
    asked: list[int] = []

    class Counting:
        def pack(self, items: Sequence[Any], sink: Sink) -> Tensor:
            raise AssertionError(items, sink)

        def unpack(self, tensor: Tensor, store: ObjectStore) -> list[Any]:
            asked.append(tensor.items)
            return list(tensor.array)

    items = Items(Tensor(np.arange(5)), Counting(), FileStore(tmp_path))
    assert (len(items), items[3], items[-1], list(items[1:3])) == (5, 3, 4, [1, 2])
    assert list(items) == [0, 1, 2, 3, 4]
    assert set(asked) == {1}
    with pytest.raises(IndexError):
        items[5]


def test_an_earlier_run_leaves_nothing_behind(saved: tuple[Path, Index], state: State) -> None:
    folder, _ = saved
    (folder / "mine.txt").write_text("stays", encoding="utf-8")
    values = Values(record(state, RUN.replace("0123", "4567")), FileStore(state.objects), limit=2)
    save(folder, RUN, "lecture", values.outputs())
    assert len(list((folder / "slides").iterdir())) == 4
    assert (folder / "mine.txt").exists()


def test_an_index_from_elsewhere_removes_nothing_outside(tmp_path: Path) -> None:
    outside = tmp_path / "precious.txt"
    outside.write_text("stays", encoding="utf-8")
    file = {"path": "../precious.txt", "media_type": "text/plain", "size": 1}
    output = {"name": "x", "type": "Text", "many": False, "items": 1, "files": [file]}
    (tmp_path / "out").mkdir()
    index = {"format": "results/1", "run": "r", "dag": "d", "outputs": [output]}
    (tmp_path / "out" / INDEX).write_text(json.dumps(index), encoding="utf-8")
    save(tmp_path / "out", RUN, "lecture", ())
    assert outside.read_text(encoding="utf-8") == "stays"


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file", encoding="utf-8")
    with pytest.raises(EnvironmentLack, match=r"\[disk-refused\].*Pass --out DIR"):
        save(tmp_path / "out", RUN, "lecture", ())


@pytest.mark.parametrize(
    ("media_type", "expected"),
    [
        ("video/mp4", ".mp4"),
        ("audio/wav", ".wav"),
        ("audio/mpeg", ".mp3"),
        ("image/jpeg", ".jpg"),
        ("image/png", ".png"),
        ("application/pdf", ".pdf"),
        ("application/x-nobody-knows", ".bin"),
    ],
)
def test_endings(media_type: str, expected: str) -> None:
    assert ending(media_type) == expected
