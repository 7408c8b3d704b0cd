"""The object store in a folder: named by content, written once, never outside its root, honest about a full disk."""

from __future__ import annotations

import hashlib
import io
import resource
import signal
import threading
import tracemalloc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from headrace_dags.errors import EnvironmentLack
from headrace_serving.objects.contract import Reference
from headrace_serving.objects.file import FileStore

MIB = 1 << 20


class Zeros(io.RawIOBase):
    """A stream of zeros that lies nowhere."""

    def __init__(self, size: int) -> None:
        self.left = size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        count = min(len(buffer), self.left)
        buffer[:count] = bytes(count)
        self.left -= count
        return count


@contextmanager
def at_most(size: int) -> Iterator[None]:
    """No file of this process may grow larger than ``size`` bytes meanwhile."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


def reference(key: str) -> Reference:
    return Reference(key=key, sha256="0" * 64, size=1, media_type="text/plain")


def test_an_object_is_named_by_its_content(tmp_path: Path) -> None:
    store = FileStore(tmp_path / "new" / "objects")
    put = store.put("tenant/run", io.BytesIO(b"content"), "text/plain")
    digest = hashlib.sha256(b"content").hexdigest()
    assert put == Reference(key=f"tenant/run/{digest}", sha256=digest, size=7, media_type="text/plain")
    with store.open(put) as stream:
        assert stream.read() == b"content"
        stream.seek(3)
        assert stream.read(1) == b"t"
    assert [path.name for path in (tmp_path / "new" / "objects" / "tenant" / "run").iterdir()] == [digest]


def test_equal_content_is_stored_once(tmp_path: Path) -> None:
    store = FileStore(tmp_path)
    first = store.put("t/r", io.BytesIO(b"same"), "text/plain")
    inode = (tmp_path / first.key).stat().st_ino
    again = store.put("t/r", io.BytesIO(b"same"), "image/png")
    assert (again.key, again.media_type) == (first.key, "image/png")
    assert (tmp_path / first.key).stat().st_ino == inode
    assert store.put("t/r", io.BytesIO(), "text/plain").size == 0


def test_what_was_cut_short_is_replaced(tmp_path: Path) -> None:
    store = FileStore(tmp_path)
    key = store.put("t/r", io.BytesIO(b"content"), "text/plain").key
    (tmp_path / key).write_bytes(b"con")
    assert store.put("t/r", io.BytesIO(b"content"), "text/plain").key == key
    assert (tmp_path / key).read_bytes() == b"content"


def test_concurrent_puts_of_one_content(tmp_path: Path) -> None:
    store, data, start = FileStore(tmp_path), b"x" * (3 * MIB), threading.Barrier(8)

    def put(_: int) -> Reference:
        start.wait()
        return store.put("t/r", io.BytesIO(data), "text/plain")

    with ThreadPoolExecutor(8) as threads:
        found = set(threads.map(put, range(8)))
    assert len(found) == 1
    assert [path.read_bytes() for path in (tmp_path / "t" / "r").iterdir()] == [data]


def test_memory_does_not_grow_with_the_object(tmp_path: Path) -> None:
    tracemalloc.start()
    put = FileStore(tmp_path).put("t/r", Zeros(64 * MIB), "video/mp4")  # type: ignore[arg-type]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert put.size == 64 * MIB == (tmp_path / put.key).stat().st_size
    assert peak < 4 * MIB


@pytest.mark.parametrize(
    "key", ["../outside", "t/../../outside", "/etc/passwd", "", "t//r", "./t", "t/r/", "t/\0", "link/secret"]
)
def test_no_key_leaves_the_root(tmp_path: Path, key: str) -> None:
    root, outside = tmp_path / "objects", tmp_path / "elsewhere"
    root.mkdir()
    outside.mkdir()
    (outside / "secret").write_text("secret")
    (root / "link").symlink_to(outside)
    store = FileStore(root)
    for use in (store.open, store.source):
        with pytest.raises(ValueError, match="below the store's root"):
            use(reference(key))
    with pytest.raises(ValueError, match="below the store's root"):
        store.put(key, io.BytesIO(b"x"), "text/plain")
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["elsewhere", "link", "objects", "secret"]


def test_an_object_that_is_not_there(tmp_path: Path) -> None:
    store = FileStore(tmp_path)
    with pytest.raises(FileNotFoundError):
        store.open(reference("t/r/none"))
    with pytest.raises(FileNotFoundError):
        store.source(reference("t/r/none")).open()


def test_a_full_disk_says_what_is_free_and_what_to_do(tmp_path: Path) -> None:
    store = FileStore(tmp_path / "objects")
    with at_most(2 * MIB), pytest.raises(EnvironmentLack) as caught:
        store.put("t/r", Zeros(8 * MIB), "video/mp4")  # type: ignore[arg-type]
    (problem,) = caught.value.problems
    assert problem.code == "disk-full"
    assert problem.where == str(tmp_path / "objects")
    assert "MiB free" in problem.got
    assert "headrace clean" in problem.write
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [], "nothing half written stays"


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "objects").write_text("a file where the folder should be")
    with pytest.raises(EnvironmentLack) as caught:
        FileStore(tmp_path / "objects").put("t/r", io.BytesIO(b"x"), "text/plain")
    assert caught.value.problems[0].code == "disk-refused"


def test_other_errors_of_a_stream_stay_what_they_are(tmp_path: Path) -> None:
    class Broken(Zeros):
        def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
            raise RuntimeError("the camera fell over")

    with pytest.raises(RuntimeError, match="camera"):
        FileStore(tmp_path).put("t/r", Broken(1), "video/mp4")  # type: ignore[arg-type]
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
