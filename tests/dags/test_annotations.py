"""What annotations mean, and what is taught where they mean nothing."""

import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, NewType, Optional, TypeVar, Union, get_args

import numpy as np
import numpy.typing as npt
import PIL.Image
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field
from typing_extensions import TypedDict

from headrace_dags.graph import PortType
from headrace_dags.layout import Layout
from headrace_dags.media.handles import Blob, ImageFile, Jpeg, Mp4, Pdf, Png, Video
from headrace_dags.ports.annotations import MISSING, Misfit, Parsed, accepts, parse
from headrace_dags.ports.types import Audio, Batch, Embedding, Image, Many, Text

Vector = Annotated[np.ndarray[tuple[int], np.dtype[np.float32]], Layout("embedding", "d=384")]


class Invoice(BaseModel):
    total: float
    lines: list[str]


class Kind(StrEnum):
    LETTER = "letter"


class Point(NamedTuple):
    x: int


@dataclass
class Table:
    rows: list[Point]


class Entry(TypedDict):
    word: str


class Page(BaseModel):
    model_config = {"arbitrary_types_allowed": True}
    picture: Image


@dataclass
class Sheet:
    pixels: npt.NDArray[np.uint8]


Label = NewType("Label", str)
T = TypeVar("T")


def understood(annotation: Any) -> Parsed:
    found = parse(annotation)
    assert isinstance(found, Parsed), found
    return found


@pytest.mark.parametrize(
    ("annotation", "text"),
    [
        (str, "Text"),
        (Text, "Text"),
        (Label, "Text"),
        (Image, "Image (uint8 h w c)"),
        (Audio, "Audio (float32 t at 16000 Hz)"),
        (Embedding, "Embedding (float32 d)"),
        (Vector, "Embedding (float32 d=384)"),
        (Annotated[npt.NDArray[np.bool_], Layout("tensor", "a b")], "Tensor (bool a b)"),
        (Annotated[np.ndarray, Layout("tensor", "n", dtype="int64")], "Tensor (int64 n)"),
        (Video, "Video (video/*)"),
        (Mp4, "Video (video/mp4)"),
        (Pdf, "Document (application/pdf)"),
        (Blob, "File (*/*)"),
        (int, "int"),
        (float, "float"),
        (bool, "bool"),
        (list[str], "list[str]"),
        (dict[str, list[int | None]], "dict[str, list[int | None]]"),
        (tuple[int, ...], "tuple[int, ...]"),
        (Invoice, "test_annotations:Invoice"),
        (list[Invoice], "list[test_annotations:Invoice]"),
        (Kind, "test_annotations:Kind"),
        (Point, "test_annotations:Point"),
        (Table, "test_annotations:Table"),
        (Entry, "test_annotations:Entry"),
        (Literal["a", 1], "Literal['a', 1]"),
        (Annotated[int, Field(ge=0)], "int"),
    ],
)
def test_what_annotations_mean(annotation: Any, text: str) -> None:
    found = understood(annotation)
    assert str(found.type) == text
    assert found == Parsed(found.type, found.item)


def test_axes_are_told_apart() -> None:
    assert understood(Many[Image]) == Parsed(understood(Image).type, Image, many=True)
    assert understood(Batch[str]) == Parsed(PortType(kind="text"), str, batch=True)
    assert understood(Iterator[Jpeg]) == Parsed(understood(Jpeg).type, Jpeg, stream=True)
    assert understood(Generator[int, None, None]).stream


def test_a_schema_has_a_digest_where_the_spelling_does_not_say_it_all() -> None:
    assert understood(list[int]).type.schema_digest == ""
    first = understood(Invoice).type

    class Invoice2(BaseModel):
        total: float
        lines: list[int]

    Invoice2.__name__, Invoice2.__qualname__ = "Invoice", "Invoice"
    second = understood(Invoice2).type
    assert first.python == second.python
    assert first.schema_digest != second.schema_digest
    assert understood(Annotated[int, Field(ge=0)]).type != understood(int).type


@pytest.mark.parametrize(
    ("annotation", "code", "text"),
    [
        (MISSING, "port-missing", "expects a type annotation, got none"),
        (None, "port-none", "expects a value, got None"),
        (Any, "port-any", "got Any. Write the type"),
        (object, "port-any", "got object"),
        (T, "port-any", "got ~T"),  # type: ignore[misc]
        (Many, "port-any", "got ~T"),
        ("Invoice", "port-unresolved", "got 'Invoice'"),
        (bytes, "port-bytes", "got bytes. Write hr.Blob, hr.Video, hr.Jpeg, ... (a handle"),
        (bytearray, "port-bytes", "got bytearray. Write hr.Blob"),
        (Path, "port-bytes", "got Path, which means nothing on another machine. Write hr.Blob"),
        (np.ndarray, "port-array", "got a bare np.ndarray. Write hr.Image, hr.Audio, hr.Embedding or Annotated["),
        (npt.NDArray[np.float32], "port-array", "got a bare np.ndarray"),
        (list[Image], "port-list", "got list[hr.Image]. Write hr.Many[hr.Image]"),
        (list[Jpeg], "port-list", "got list[hr.Jpeg]. Write hr.Many[hr.Jpeg]"),
        (Many[list[Jpeg]], "port-list", "Write hr.Many[hr.Jpeg]"),
        (
            dict[str, Image],
            "port-json",
            "got hr.Image inside dict[str, hr.Image]. Give the medium a parameter of its own",
        ),
        (tuple[Image, str], "port-json", "return a NamedTuple with a field for each"),
        (Sequence[Image], "port-json", "hr.Image inside Sequence[hr.Image]"),
        (list[Many[int]], "port-list", "got list[hr.Many[int]]"),
        (Page, "port-json", "got hr.Image inside Page"),
        (list[Page], "port-json", "got hr.Image inside list[Page]"),
        (Sheet, "port-json", "got np.ndarray inside Sheet"),
        (
            Many[Many[str]],
            "port-axes",
            "axes are one deep, got hr.Many[hr.Many[...]]. Write hr.Many[str] and flatten the items",
        ),
        (Batch[Many[str]], "port-axes", "got hr.Batch[hr.Many[...]]. Write hr.Batch[str]"),
        (Iterator[Many[int]], "port-axes", "got Iterator[hr.Many[...]]. Write Iterator[int]"),
        (
            Iterable[int],
            "port-stream",
            "got Iterable[int]. Write Iterator[int] for a body that yields, hr.Many[int] otherwise",
        ),
        (Iterator, "port-stream", "got Iterator"),
        (AsyncIterator[int], "port-stream", "Write Iterator[...] and `def`, not `async def`"),
        (Optional[Many[Text]], "port-union", "many values are always there, got hr.Many[str] | None"),  # noqa: UP045
        (Union[int, str], "port-union", "expects one type, or a union of JSON values, which text"),  # noqa: UP007
        (Union[Image, int], "port-union", "expects one type, or a union of JSON values, which text"),  # noqa: UP007
        (Jpeg | Png, "port-union", "got hr.Jpeg | hr.Png. Write hr.ImageFile"),
        (PIL.Image, "port-foreign", "got a PIL image. Write `import headrace as hr` and hr.Image"),
        (PIL.Image.Image, "port-foreign", "got a PIL image. Write `import headrace as hr` and hr.Image"),
        (sys, "port-foreign", "got the module sys"),
        (Exception, "port-json", "expects a type with a JSON form, got Exception (Unable to generate"),
        (Callable[[int], int], "port-json", "expects a type with a JSON form"),
        (np.float32, "port-json", "got numpy:float32"),
    ],
)
def test_what_is_taught(annotation: Any, code: str, text: str) -> None:
    found = parse(annotation)
    assert isinstance(found, Misfit), found
    assert found.code == code
    assert text in str(found)


@pytest.mark.parametrize(
    ("annotation", "text"),
    [
        (Annotated[np.ndarray, Layout("embedding", "d")], "one of the element types bool, uint8"),
        (Annotated[npt.NDArray[np.complex64], Layout("tensor", "d")], "got complex64"),
        (
            Annotated[np.ndarray[tuple[int, int], np.dtype[np.float32]], Layout("tensor", "d")],
            "the array's 2 axes, got 'd'",
        ),
        (
            Annotated[npt.NDArray[np.uint8], Layout("image", "h w c", dtype="float32")],
            "got uint8 in the array and float32",
        ),
        (Annotated[str, Layout("text", "d")], "hr.Layout describes an array, got one on str"),
        (Annotated[np.ndarray, Layout("tensor", "a a", dtype="int8")], "different names of axes"),
        (Annotated[np.ndarray, Layout("tensor", "a=0", dtype="int8")], "got 'a=0'"),
        (Annotated[np.ndarray, Layout("tensor", "", dtype="int8")], "got ''"),
        (Annotated[np.ndarray, Layout("image", "h w", rate=3, dtype="int8")], "got rate=3"),
        (Annotated[np.ndarray, Layout("picture", "h w", dtype="int8")], "one of the kinds"),  # type: ignore[arg-type]
    ],
)
def test_layouts_that_contradict_themselves(annotation: Any, text: str) -> None:
    found = parse(annotation)
    assert isinstance(found, Misfit), found
    assert found.code == "port-layout"
    assert text in str(found)


def test_a_misfit_becomes_a_problem_at_a_place() -> None:
    found = parse(bytes)
    assert isinstance(found, Misfit)
    assert str(found.at("read.data")).startswith(
        "read.data [port-bytes]: expects encoded media as a handle, got bytes. "
    )


def test_an_annotation_that_cannot_be_hashed_is_understood_too() -> None:
    assert str(understood(Annotated[int, ["unhashable"]]).type) == "int"


def type_of(annotation: Any) -> PortType:
    return understood(annotation).type


@pytest.mark.parametrize(
    ("expected", "got"),
    [
        (Video, Mp4),
        (Blob, Png),
        (Blob, Blob),
        (ImageFile, Jpeg),
        (float, int),
        (Embedding, Vector),
        (Annotated[Any, Layout("tensor", "d", dtype="float32")], Vector),
        (Annotated[Any, Layout("audio", "t", dtype="float32")], Audio),
        (Invoice, Invoice),
    ],
)
def test_what_is_accepted(expected: Any, got: Any) -> None:
    assert accepts(type_of(expected), type_of(got))


@pytest.mark.parametrize(
    ("expected", "got"),
    [
        (Mp4, Video),
        (Png, Jpeg),
        (ImageFile, Blob),
        (int, float),
        (int, bool),
        (Vector, Embedding),
        (Embedding, Audio),
        (Audio, Embedding),
        (Audio, Annotated[Any, Layout("audio", "t", rate=8000, dtype="float32")]),
        (Image, Annotated[Any, Layout("image", "c h w", dtype="uint8")]),
        (Image, Jpeg),
        (Jpeg, Image),
        (str, Kind),
        (Kind, str),
        (list[int], list[float]),
    ],
)
def test_what_is_not_accepted(expected: Any, got: Any) -> None:
    assert not accepts(type_of(expected), type_of(got))


@given(st.sampled_from([str, int, Image, Vector, Video, Invoice, list[int], Many[Text], Audio]))
def test_every_type_accepts_itself(annotation: Any) -> None:
    assert accepts(type_of(annotation), type_of(annotation))


def test_numpy_is_not_loaded() -> None:
    code = (
        "import sys\n"
        "from headrace_dags.ports.annotations import parse\n"
        "from headrace_dags.ports.types import Image, Many\n"
        "from headrace_dags.media.probe import probe\n"
        "parse(Many[Image]); parse(list[int])\n"
        "assert not {'numpy', 'PIL', 'onnxruntime'} & sys.modules.keys()\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("annotation", [int | None, Optional[Image], Optional[Jpeg], Optional[Text]])  # noqa: UP045
def test_what_may_be_missing(annotation: Any) -> None:
    found = parse(annotation)
    assert isinstance(found, Parsed)
    assert found.optional
    assert type(None) not in get_args(found.item)


def test_many_of_which_some_may_be_missing() -> None:
    found = parse(Many[Text | None])
    assert isinstance(found, Parsed)
    assert (found.many, found.optional, found.type.kind) == (True, True, "text")


def test_a_union_of_json_values_takes_each_of_them() -> None:
    both, one = parse(int | list[str] | None), parse(list[str])
    assert isinstance(both, Parsed)
    assert isinstance(one, Parsed)
    assert both.optional
    assert accepts(both.type, one.type)
    assert not accepts(one.type, both.type)
