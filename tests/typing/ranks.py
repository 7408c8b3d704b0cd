"""What checkers know of ranks. numpy 1's stubs forget the rank of what numpy makes, numpy 2's keep some: marks say who finds what.

An ``assert_type`` that is marked is false there: of each pair one holds on each numpy.
"""

# mypy: disable-error-code="empty-body"

from typing import Annotated, Any, TypeAlias, assert_type

import numpy as np

import headrace as hr

Vector: TypeAlias = Annotated[np.ndarray[tuple[int], np.dtype[np.float32]], hr.Layout("embedding", "d=384")]
Line: TypeAlias = np.ndarray[tuple[int], np.dtype[np.uint8]]
Pixels: TypeAlias = np.ndarray[tuple[int, int, int], np.dtype[np.uint8]]


@hr.step
def caption(image: hr.Image) -> hr.Text: ...


@hr.step
def describe(vector: Vector) -> hr.Text: ...


def declared(line: Line, pixels: Pixels, image: hr.Image) -> None:
    """Ranks that are written down are seen on both."""
    assert_type(image, Pixels)
    caption(pixels)
    caption(line)  # both
    describe(image)  # both
    caption.map([line])  # both


def made() -> None:
    caption(np.zeros((4, 4, 3), np.uint8))
    caption(np.zeros((4, 4, 3)))  # both
    caption(np.zeros((4, 4, 3), np.float32))  # pyright
    caption(np.zeros(4, np.uint8))  # both, numpy 2
    caption(np.zeros((4, 4), np.uint8))  # pyright, numpy 2
    assert_type(np.zeros((2, 3), np.uint8), np.ndarray[tuple[int, int], np.dtype[np.uint8]])  # both, numpy 1
    assert_type(np.zeros((2, 3), np.uint8), np.ndarray[Any, np.dtype[np.uint8]])  # both, numpy 2


def worked_on(image: hr.Image) -> None:
    assert_type(image.shape, tuple[int, int, int])  # both, numpy 1
    assert_type(image.shape, tuple[int, ...])  # both, numpy 2
    caption(image.reshape(-1))  # both, numpy 2
    caption(image[0])


@hr.step
def blank(text: hr.Text) -> hr.Image:
    return np.zeros((4, 4), np.uint8)  # pyright, numpy 2


@hr.step
def flat(image: hr.Image) -> hr.Image:
    return image.reshape(-1)  # both, numpy 2
