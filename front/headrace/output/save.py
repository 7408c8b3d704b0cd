"""Save the results of a run into a folder, with an index that says what is where."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from shutil import copyfileobj
from typing import Any, Literal

from pydantic import JsonValue, ValidationError

from headrace.disk import writing
from headrace.held import Held
from headrace.output.encode import Content, contents
from headrace_dags.record import Record

INDEX = "results-index.json"
"""The dash keeps it apart from every output: their names are identifiers."""
ELSEWHERE = "pass --out DIR"
"""What to do where results cannot be saved."""
_INLINE_BYTES = 16 * 1024


class SavedFile(Record):
    """One file.

    Attributes:
        path: relative to the folder of the results.
        media_type: what it holds.
        size: bytes.
    """

    path: str
    media_type: str
    size: int


class Saved(Record):
    """One output of the dag.

    Attributes:
        type: the port's type, as a person reads it.
        items: how many it has; 1 where it is not many.
        files: of all items, in order.
        missing: the items that are nothing, by number: of JSON their file holds ``null``, of all else they have none.
        value: the value itself, where it is text or JSON and small.
    """

    name: str
    type: str
    many: bool
    items: int
    files: tuple[SavedFile, ...]
    missing: tuple[int, ...] = ()
    value: JsonValue = None


class Index(Record):
    """What the index holds."""

    format: Literal["results/1"] = "results/1"
    run: str
    dag: str
    outputs: tuple[Saved, ...]


def save(folder: Path, run: str, dag: str, results: Iterable[Held]) -> Index:
    """Write every result under ``folder`` and :data:`INDEX` beside them.

    Raises:
        EnvironmentLack: the folder cannot be written, or the disk is full.
    """
    with writing(folder, "results", ELSEWHERE):
        folder.mkdir(parents=True, exist_ok=True)
        _forget(folder)
        index = Index(run=run, dag=dag, outputs=tuple(_saved(folder, held) for held in results))
        (folder / INDEX).write_text(index.model_dump_json(indent=2) + "\n", encoding="utf-8")
    return index


def _forget(folder: Path) -> None:
    """Remove the results of an earlier run from the folder, so that nobody takes them for these."""
    try:
        before = Index.model_validate_json((folder / INDEX).read_bytes())
    except (FileNotFoundError, ValidationError):
        return
    for saved in before.outputs:
        for file in saved.files:
            if (folder / file.path).resolve().is_relative_to(folder.resolve()):
                (folder / file.path).unlink(missing_ok=True)


def _saved(folder: Path, held: Held) -> Saved:
    files: list[SavedFile] = []
    missing: list[int] = []
    if held.flow.many:
        (folder / held.name).mkdir(exist_ok=True)
    for index, item in enumerate(held.items):
        files += _files(folder, held, index, item)
        missing += [index] if item is None else []
    value = _inline(held.items, many=held.flow.many) if _is_plain(held) and _small(files) else None
    return Saved(
        name=held.name,
        type=held.type,
        many=held.flow.many,
        items=held.count,
        files=tuple(files),
        missing=tuple(missing),
        value=value,
    )


def _files(folder: Path, held: Held, index: int, item: Any) -> Iterator[SavedFile]:
    """The files of an item; those of many are numbered and lie in a folder."""
    digits = max(4, len(str(held.count - 1)))
    stem = f"{held.name}/{index:0{digits}d}" if held.flow.many else held.name
    for content in contents(held.flow.type, item):
        yield _write(folder, f"{stem}{content.ending}", content)


def _write(folder: Path, name: str, content: Content) -> SavedFile:
    path = folder / name
    if isinstance(content.data, bytes):
        path.write_bytes(content.data)
    else:
        with content.data.open() as source, path.open("wb") as target:
            copyfileobj(source, target, 1 << 20)
    return SavedFile(path=name, media_type=content.media_type, size=path.stat().st_size)


def _is_plain(held: Held) -> bool:
    return held.flow.wire in {"text", "json"}


def _small(files: Sequence[SavedFile]) -> bool:
    return sum(file.size for file in files) <= _INLINE_BYTES


def _inline(items: Sequence[Any], *, many: bool) -> JsonValue:
    found: JsonValue = list(items) if many else items[0]
    return found
