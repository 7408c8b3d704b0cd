"""Values against their ports, and JSON to bytes and back."""

import math
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import numpy as np
import PIL.Image
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, computed_field

from headrace_dags.graph import Port
from headrace_dags.layout import Layout
from headrace_dags.media.handles import Jpeg, Mp4, Video
from headrace_dags.ports.annotations import Parsed, parse
from headrace_dags.ports.types import Audio, Embedding, Image, Many
from headrace_dags.ports.values import ValueMisfit, check_value, from_json_bytes, to_json_bytes

Vector = Annotated[Any, Layout("embedding", "d=384", dtype="float32")]


class Kind(StrEnum):
    LETTER = "letter"


class Span(NamedTuple):
    at_s: float
    until_s: float


class Line(BaseModel):
    text: str
    span: Span


class Odd(BaseModel):
    """A model whose JSON is easily lost: an alias, a computed field, extras forbidden."""

    model_config = ConfigDict(extra="forbid")
    total: float = Field(alias="sum")

    @computed_field  # type: ignore[prop-decorator]
    @property
    def twice(self) -> float:
        return 2 * self.total


def checked(annotation: Any, value: Any) -> Any:
    parsed = parse(annotation)
    assert isinstance(parsed, Parsed), parsed
    return check_value(Port(name="x", type=parsed.type, many=parsed.many), parsed.item, value)


@pytest.mark.parametrize(
    ("annotation", "value"),
    [
        (str, "a"),
        (int, 3),
        (float, 0.5),
        (bool, True),
        (list[int], [1, 2]),
        (Kind, Kind.LETTER),
        (Line, Line(text="a", span=Span(0, 1))),
        (list[Span], [Span(0.0, 1.0)]),
        (Video, Mp4(b"x")),
        (Many[str], ["a", "b"]),
        (Many[str], []),
        (dict[str, Any], {"a": [1, None]}),
    ],
)
def test_what_fits_is_given_back(annotation: Any, value: Any) -> None:
    assert checked(annotation, value) == value


def test_an_array_that_fits_is_given_back_itself() -> None:
    for annotation, array in (
        (Image, np.zeros((2, 3, 3), np.uint8)),
        (Audio, np.zeros(0, np.float32)),
        (Vector, np.zeros((384, 2), np.float32)[:, 0]),
    ):
        assert checked(annotation, array) is array


def test_harmless_differences_are_mended() -> None:
    assert type(checked(float, 3)) is float
    assert checked(float, np.float32(0.5)) == 0.5
    assert type(checked(int, np.int64(3))) is int
    assert checked(bool, np.bool_(True)) is True
    assert checked(list[float], [1, 2]) == [1.0, 2.0]
    assert checked(Many[int], (1, 2)) == [1, 2]
    assert type(checked(str, Kind.LETTER)) is str
    assert type(checked(str, np.str_("a"))) is str
    rows = checked(Many[Embedding], np.ones((2, 3), np.float32))
    assert [row.shape for row in rows] == [(3,), (3,)]
    foreign = checked(Embedding, np.array([1.5], ">f4"))
    assert (foreign.dtype, foreign.tolist()) == (np.dtype("float32"), [1.5])


@pytest.mark.parametrize(
    ("annotation", "value", "text"),
    [
        (str, 3, "expects Text, got 3 (int). Write str(x)"),
        (str, None, "expects Text, got None"),
        (str, b"abc", "expects Text, got 3 bytes"),
        (int, "3", "expects int, got '3' (str) (Input should be a valid integer)"),
        (int, True, "expects int, got True (bool) (Input should be a valid integer)"),
        (int, 3.0, "expects int, got 3.0 (float)"),
        (list[int], [1, "x"], "expects list[int], got a list of 2 (1: Input should be a valid integer)"),
        (Line, {"text": "a"}, "expects test_values:Line, got a dict of 1 (span: Field required)"),
        (Line, "a", "expects test_values:Line, got 'a' (str) (Input should be"),
        (
            Vector,
            np.zeros(384),
            "expects Embedding (float32 d=384), got float64 array of shape [384]. Write np.asarray(x, np.float32)",
        ),
        (Vector, np.zeros(383, np.float32), "got float32 array of shape [383]. Write an array with the axes d=384"),
        (Image, np.zeros((2, 3), np.uint8), "got uint8 array of shape [2, 3]. Write an array with the axes h w c"),
        (Image, PIL.Image.new("L", (2, 2)), 'got an Image. Write np.asarray(picture.convert("RGB"))'),
        (Embedding, [1.0], "got a list of 1. Write np.asarray(x, np.float32)"),
        (Annotated[Any, Layout("tensor", "n", dtype="bool")], [True], "Write np.asarray(x, np.bool_)"),
        (Jpeg, b"abc", "expects Image (image/jpeg), got 3 bytes. Write hr.Jpeg(data)"),
        (Jpeg, Path("a.jpg"), "Write hr.Jpeg(Path(path))"),
        (Mp4, Video(b"x"), "expects Video (video/mp4), got hr.Video"),
        (Many[str], "abc", "expects a list of Text, got 'abc' (str). Write a list"),
        (Many[str], {"a"}, "expects a list of Text, got a set of 1"),
        (Many[str], (x for x in "ab"), "expects a list of Text, got a generator"),
        (Many[str], ["a", 3], "expects Text, got 3 (int) (item 1). Write str(x)"),
    ],
)
def test_what_does_not_fit_is_told(annotation: Any, value: Any, text: str) -> None:
    with pytest.raises(ValueMisfit) as caught:
        checked(annotation, value)
    assert text in str(caught.value)


def test_a_misfit_counts_the_item() -> None:
    with pytest.raises(ValueMisfit) as caught:
        checked(Many[int], [1, 2, "3"])
    assert (caught.value.item, caught.value.expected) == (2, "int")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.text(), JSON, max_size=4))
def test_json_comes_back_as_it_went(value: dict[str, Any]) -> None:
    assert from_json_bytes(dict[str, Any], to_json_bytes(dict[str, Any], value)) == value


@pytest.mark.parametrize(
    ("annotation", "value"),
    [
        (Line, Line(text="ä", span=Span(0.25, 1.0))),
        (list[Span], [Span(0.0, 1.0)]),
        (Odd, Odd(sum=2.0)),
        (Kind, Kind.LETTER),
        (dict[int, str], {1: "a"}),
        (datetime, datetime(2024, 5, 1, tzinfo=UTC)),
        (list[int | None], [1, None]),
        (str, "text"),
    ],
)
def test_python_values_come_back_from_json(annotation: Any, value: Any) -> None:
    assert from_json_bytes(annotation, to_json_bytes(annotation, value)) == value


def test_not_a_number_and_infinity_survive() -> None:
    found = from_json_bytes(list[float], to_json_bytes(list[float], [math.nan, math.inf, 1.0]))
    assert math.isnan(found[0])
    assert found[1:] == [math.inf, 1.0]
    assert math.isnan(from_json_bytes(Odd, to_json_bytes(Odd, Odd(sum=math.nan))).total)


def test_json_from_outside_may_use_the_alias() -> None:
    assert from_json_bytes(Odd, b'{"sum": 1}').total == 1.0


@pytest.mark.parametrize("data", [b"", b"{", b'{"text": 3}', b"\xff"])
def test_json_that_does_not_fit_is_told(data: bytes) -> None:
    with pytest.raises(ValueMisfit, match="expects Line, got"):
        from_json_bytes(Line, data)


def test_a_value_without_a_json_form_is_told() -> None:
    with pytest.raises(ValueMisfit, match=r"expects dict\[str, Any\], got a dict of 1"):
        to_json_bytes(dict[str, Any], {"a": object()})
