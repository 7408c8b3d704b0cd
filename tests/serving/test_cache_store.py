"""The store of results: whole or not at all, never wrong, within its limits, and apart from the runs."""

from __future__ import annotations

import io
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.serving.cached import IMAGE, PNG, flow, read, segment, texts

from headrace_serving.cache.limits import Found, Limits, excess
from headrace_serving.cache.store import ResultStore
from headrace_serving.cache.sweep import EVERY_S, STALE_S, results_in
from headrace_serving.objects.contract import Reference
from headrace_serving.objects.file import FileStore
from headrace_serving.tensors import Tensor
from headrace_serving.wire.optional import ABSENT, PRESENT

KEY, OTHER = "ab" + "0" * 62, "ab" + "1" * 62
KIND = segment()
MEDIA = segment(outputs=(flow("y", "handle", PNG, optional=True), flow("z", "png", IMAGE)))


@dataclass
class Cache:
    """A store of results in a folder, and what it told."""

    folder: Path
    limits: Limits = field(default_factory=Limits)
    told: list[str] = field(default_factory=list)

    @property
    def objects(self) -> FileStore:
        return FileStore(self.folder / "objects")

    @property
    def root(self) -> Path:
        return self.folder / "objects" / "cache" / "local"

    @property
    def results(self) -> ResultStore:
        return ResultStore(self.objects, "local", self.limits, self.told.append)

    def put(self, key: str, *items: str) -> None:
        self.results.put(key, KIND, {"y": texts(*items)})

    def get(self, key: str) -> list[str] | None:
        found = self.results.get(key, KIND, "local/run")
        return None if found is None else read(found["y"])

    def file(self, key: str, name: str = "result") -> Path:
        return self.root / key[:2] / key / name


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path)


def test_what_is_put_is_found(cache: Cache) -> None:
    assert cache.get(KEY) is None
    cache.put(KEY, "a", "", "ü")
    assert cache.get(KEY) == ["a", "", "ü"]
    assert cache.get(OTHER) is None
    assert not cache.told


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int64", "float16", "float64"])
def test_arrays_keep_dtype_and_shape(dtype: str, cache: Cache) -> None:
    kind = segment(outputs=(flow("y", "tensor"), flow("z", "tensor")))
    made = {"y": Tensor(np.arange(6).reshape(1, 2, 3).astype(dtype)), "z": Tensor(np.zeros((0, 4), dtype))}
    cache.results.put(KEY, kind, made)
    found = cache.results.get(KEY, kind, "local/run")
    assert found
    for name, tensor in made.items():
        assert (found[name].array.dtype, found[name].array.shape) == (tensor.array.dtype, tensor.array.shape)
        assert np.array_equal(found[name].array, tensor.array)


def with_media(cache: Cache, run: str) -> tuple[dict[str, Tensor], Reference, Reference]:
    """A result of a run that refers to two objects of that run."""
    png = cache.objects.put(f"local/{run}", io.BytesIO(b"a picture"), "image/png")
    large = cache.objects.put(f"local/{run}", io.BytesIO(b"a large one"), "image/png")
    there = PRESENT + png.model_dump_json().encode()
    outputs = {
        "y": Tensor.of_bytes([there, ABSENT, there]),
        "z": Tensor.of_bytes([large.model_dump_json().encode(), b"\x89PNG small"]),
    }
    return outputs, png, large


def test_media_outlive_their_run_and_become_objects_of_the_next(cache: Cache) -> None:
    outputs, png, large = with_media(cache, "one")
    cache.results.put(KEY, MEDIA, outputs)
    shutil.rmtree(cache.folder / "objects" / "local" / "one")
    found = cache.results.get(KEY, MEDIA, "local/two")
    assert found
    first, absent, third = found["y"].array.flat
    taken = Reference.model_validate_json(first[1:])
    assert (taken.key, taken.sha256, taken.media_type) == (f"local/two/{png.sha256}", png.sha256, "image/png")
    assert (absent, third) == (ABSENT, first)
    spilled, small = found["z"].array.flat
    assert small == b"\x89PNG small"
    for reference, content in ((taken, b"a picture"), (Reference.model_validate_json(spilled), b"a large one")):
        assert reference.key.startswith("local/two/")
        with cache.objects.open(reference) as stream:
            assert stream.read() == content
    shutil.rmtree(cache.root)
    assert cache.objects.path(taken).read_bytes() == b"a picture", "the run keeps what it took"
    assert large.size == len(b"a large one")


def test_a_medium_takes_no_room_twice(cache: Cache) -> None:
    outputs, png, _ = with_media(cache, "one")
    cache.results.put(KEY, MEDIA, outputs)
    cache.results.get(KEY, MEDIA, "local/two")
    assert cache.objects.path(png).stat().st_nlink == 3
    assert cache.file(KEY, png.sha256).samefile(cache.objects.path(png))


def test_where_the_disk_cannot_link_media_are_copied(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "no links here")

    monkeypatch.setattr(os, "link", refuse)
    outputs, png, _ = with_media(cache, "one")
    cache.results.put(KEY, MEDIA, outputs)
    assert cache.results.get(KEY, MEDIA, "local/two")
    assert cache.objects.path(png).stat().st_nlink == 1
    assert not cache.told


DAMAGES = {
    "empty": b"",
    "cut short": None,
    "a bit changed": None,
    "of another program": b"<html>",
    "of another release": None,
    "kept under another key": None,
}


@pytest.mark.parametrize("how", DAMAGES)
def test_a_damaged_result_is_told_made_again_and_replaced(how: str, cache: Cache) -> None:
    cache.put(KEY, "right")
    cache.put(OTHER, "wrong")
    file = cache.file(KEY)
    data = file.read_bytes()
    changed = {
        "cut short": data[:-2],
        "a bit changed": data.replace(b"right", b"righu"),
        "of another release": _signed(data.replace(b"cache-entry/1", b"cache-entry/9")),
        "kept under another key": cache.file(OTHER).read_bytes(),
    }
    file.write_bytes(changed.get(how, DAMAGES[how] or b""))
    assert cache.get(KEY) is None
    (said,) = cache.told
    assert said.startswith("a kept result of shout is no good: ")
    assert said.endswith("; it is made again")
    cache.put(KEY, "right")
    assert cache.get(KEY) == ["right"]
    assert len(cache.told) == 1


def _signed(data: bytes) -> bytes:
    import hashlib

    body = data.partition(b"\n")[2]
    return hashlib.sha256(body).hexdigest().encode() + b"\n" + body


def test_a_result_of_a_segment_with_other_outputs_is_none(cache: Cache) -> None:
    cache.put(KEY, "a")
    assert cache.results.get(KEY, segment(outputs=(flow("other"),)), "local/run") is None
    assert "it holds other outputs than other" in cache.told[0]


@pytest.mark.parametrize("harm", ["gone", "changed", "cut short"])
def test_a_result_with_a_damaged_medium_is_none(harm: str, cache: Cache) -> None:
    outputs, png, _ = with_media(cache, "one")
    cache.results.put(KEY, MEDIA, outputs)
    medium = cache.file(KEY, png.sha256)
    medium.unlink()
    if harm != "gone":
        medium.write_bytes(b"a picturf" if harm == "changed" else b"a pict")
    assert cache.results.get(KEY, MEDIA, "local/two") is None
    assert "a medium of 9 bytes" in cache.told[0]
    cache.results.put(KEY, MEDIA, outputs)
    assert cache.results.get(KEY, MEDIA, "local/two")
    assert len(cache.told) == 1


@pytest.mark.parametrize("what", ["folder without a result", "file"])
def test_what_is_none_of_ours_gives_way(what: str, cache: Cache) -> None:
    place = cache.file(KEY).parent
    place.parent.mkdir(parents=True)
    place.mkdir() if what != "file" else place.write_text("mine")
    assert cache.get(KEY) is None
    assert "it is none of ours" in cache.told[0]
    cache.put(KEY, "a")
    assert cache.get(KEY) == ["a"]


def test_the_first_of_two_writers_stays(cache: Cache) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: cache.put(KEY, str(number)), range(64)))
    found = cache.get(KEY)
    cache.put(KEY, "later")
    assert cache.get(KEY) == found
    assert not cache.told
    assert [path.name for path in cache.root.iterdir()] == ["ab"], "no writer left a part"


def test_a_writer_that_is_killed_before_it_gives_the_name_leaves_nothing_to_find(cache: Cache) -> None:
    code = f"""
import os, signal
from pathlib import Path
from tests.serving.test_cache_store import Cache, KEY

Path.rename = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
Cache(Path({str(cache.folder)!r})).put(KEY, "half")
"""
    done = subprocess.run([sys.executable, "-c", code], check=False)
    assert done.returncode == -signal.SIGKILL
    (part,) = cache.root.glob(".*.part")
    assert cache.get(KEY) is None
    cache.put(KEY, "whole")
    assert cache.get(KEY) == ["whole"]
    cache.results.sweep()
    assert part.exists(), "somebody may be at it"
    long_ago = time.time() - STALE_S - 1
    os.utime(part, (long_ago, long_ago))
    cache.results.sweep()
    assert not part.exists()
    assert cache.get(KEY) == ["whole"]
    assert not cache.told


def test_a_folder_that_cannot_be_written_is_told_once_and_costs_no_run(cache: Cache) -> None:
    cache.root.parent.mkdir(parents=True)
    cache.root.write_text("no folder")
    results = cache.results
    for key in (KEY, OTHER):
        results.put(key, KIND, {"y": texts("a")})
        assert results.get(key, KIND, "local/run") is None
    results.sweep()
    (said,) = cache.told
    assert said.startswith(f"the cache in {cache.root} cannot be used: ")


def test_tenants_do_not_share(cache: Cache) -> None:
    cache.put(KEY, "mine")
    assert ResultStore(cache.objects, "other", Limits(), cache.told.append).get(KEY, KIND, "other/run") is None


def keys(count: int) -> list[str]:
    return [f"{number:02x}" + "0" * 62 for number in range(count)]


def test_what_was_not_asked_for_longest_goes_first(cache: Cache) -> None:
    cache.limits = Limits(size_bytes=1 << 20)
    for age, key in enumerate(keys(3)):
        cache.put(key, "x" * 200_000)
        os.utime(cache.file(key), (time.time() - 100 + age,) * 2)
    assert cache.get(keys(3)[0])
    cache.limits = Limits(size_bytes=500_000)
    cache.results.sweep()
    left = {found.folder.name for found in results_in(cache.root)}
    assert left == {keys(3)[0], keys(3)[2]}


def test_what_nobody_asked_for_in_time_goes(cache: Cache) -> None:
    first, second = keys(2)
    cache.put(first, "a")
    cache.put(second, "b")
    os.utime(cache.file(first), (time.time() - 1_000,) * 2)
    cache.limits = Limits(age_s=500)
    cache.results.sweep()
    assert (cache.get(first), cache.get(second)) == (None, ["b"])


def test_who_wrote_nothing_sweeps_once_a_day(cache: Cache) -> None:
    cache.limits = Limits(age_s=500)
    cache.put(KEY, "a")
    swept, old = cache.root / ".swept", (time.time() - 1_000,) * 2
    cache.results.close()
    assert swept.exists()
    os.utime(cache.file(KEY), old)
    cache.results.close()
    assert cache.file(KEY).exists()
    os.utime(swept, (time.time() - EVERY_S - 1,) * 2)
    cache.results.close()
    assert not cache.file(KEY).exists()


def test_a_long_run_does_not_outgrow_the_room(cache: Cache) -> None:
    cache.limits = Limits(size_bytes=1 << 20)
    results, most = cache.results, 0
    for key in keys(64):
        results.put(key, KIND, {"y": texts("x" * 100_000)})
        most = max(most, sum(found.size_bytes for found in results_in(cache.root)))
    assert (1 << 19) < most < (1 << 20) * 1.4


def test_a_shared_medium_is_counted_once(cache: Cache) -> None:
    large = cache.objects.put("local/one", io.BytesIO(bytes(100_000)), "image/png")
    kind = segment(outputs=(flow("y", "handle", PNG),))
    for key in keys(3):
        cache.results.put(key, kind, {"y": Tensor.of_bytes([large.model_dump_json().encode()])})
    assert 100_000 < sum(found.size_bytes for found in results_in(cache.root)) < 200_000


sizes = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 100)), max_size=12)


@given(sizes, st.integers(0, 200), st.integers(0, 100))
@settings(deadline=None)
def test_what_stays_is_within_the_limits_and_used_later_than_what_goes(
    found: list[tuple[int, int]], room: int, age: int
) -> None:
    results = [Found(Path(str(place)), size, used) for place, (size, used) in enumerate(found)]
    gone = list(excess(results, Limits(room, age), now_s=100))
    stays = [each for each in results if each not in gone]
    assert sum(each.size_bytes for each in stays) <= room
    assert all(100 - each.used_at_s <= age for each in stays)
    fresh = [each for each in gone if 100 - each.used_at_s <= age and each.size_bytes <= room]
    assert not fresh or not stays or max(each.used_at_s for each in fresh) <= min(each.used_at_s for each in stays)


def test_within_the_limits_nothing_goes() -> None:
    results: Mapping[str, Found] = {key: Found(Path(key), 10, 50) for key in "abc"}
    assert list(excess(results.values(), Limits(30, 50), now_s=100)) == []
