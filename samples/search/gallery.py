"""Find a picture by words, by a picture like it, or by both: three indexes are asked, and the first two answers count.

    picture -> thumbnail -> colours (ONNX) -> by_colours --+
                        +-> edges (ONNX) ---> by_edges ----+-> two of three -> fuse -> the best pictures
    text ------------------------------------> by_caption -+

The models and the index are made by the scripts beside this file; here are the steps and the dag that wires them.
"""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, NamedTuple, TypeAlias

import headrace as hr
import numpy as np
from PIL import Image, UnidentifiedImageError

from ranking import Found, Hit, Ranking, fused
from wording import letter_groups, named_colours

HERE = Path(__file__).parent
SIDE = 64
SHOWN = 5
ALIKE = 0.25  # what a query has in common (a cosine) with the nearest picture at least: less is chance

Thumbnail: TypeAlias = Annotated[
    np.ndarray[tuple[int, int, int], np.dtype[np.uint8]], hr.Layout("image", "h=64 w=64 c=3")
]
Colours: TypeAlias = Annotated[np.ndarray[tuple[int], np.dtype[np.float32]], hr.Layout("embedding", "d=8")]
Edges: TypeAlias = Annotated[np.ndarray[tuple[int], np.dtype[np.float32]], hr.Layout("embedding", "d=256")]


class Asked(StrEnum):
    """What a query brings."""

    PICTURE = "picture"
    WORDS = "words"


class Answer(NamedTuple):
    """What comes out: the best picture, and the list it heads."""

    best: hr.Png
    found: Found


@hr.step
def asked(picture: hr.ImageFile | None) -> Asked:
    """Whether there is a picture to compare with."""
    return Asked.WORDS if picture is None else Asked.PICTURE


@hr.step
def thumbnail(picture: hr.ImageFile | None) -> Thumbnail:
    """The query's picture at the size at which pictures are compared."""
    if picture is None:
        raise hr.InputError("the query has no picture")
    try:
        with picture.open() as file:
            return np.asarray(Image.open(file).convert("RGB").resize((SIDE, SIDE), Image.Resampling.BOX), np.uint8)
    except UnidentifiedImageError as error:
        raise hr.InputError("the query's picture is no picture") from error
    except Image.DecompressionBombError as error:
        raise hr.InputError(f"the query's picture is too large: {error}") from error
    except (OSError, SyntaxError) as error:  # a broken chunk of a PNG is a SyntaxError
        raise hr.InputError(f"the query's picture is damaged: {error}") from error


@hr.onnx("models/colours.onnx", size=8)
def colours(thumbnail: hr.Batch[Thumbnail]) -> hr.Batch[Colours]:
    """The share of each colour of the palette in a picture."""
    raise NotImplementedError


@hr.onnx("models/edges.onnx", size=8)
def edges(thumbnail: hr.Batch[Thumbnail]) -> hr.Batch[Edges]:
    """The strength of edges in four directions in each of 8 x 8 cells of a picture, of length 1."""
    raise NotImplementedError


@hr.step
def colour_words(text: hr.Text) -> Colours:
    """The colours that the query names."""
    shares = named_colours(text)
    if not shares.any():
        raise hr.InputError("the query names no colour")
    return shares


@hr.step
def by_colours(query: Colours) -> Ranking:
    """Pictures with the colours of the query."""
    return nearest("colours", query)


@hr.step
def by_edges(query: Edges) -> Ranking:
    """Pictures with the outlines of the query."""
    return nearest("edges", query, alike=ALIKE)


@hr.step
def by_caption(text: hr.Text) -> Ranking:
    """Pictures whose caption is written like the query."""
    if not text.strip():
        raise hr.InputError("the query has no words")
    return nearest("captions", letter_groups(text), alike=ALIKE)


@hr.step
def fuse(rankings: hr.Many[Ranking | None]) -> Answer:
    """One list out of the rankings that are there."""
    there = [ranking for ranking in rankings if ranking is not None]
    captions = caption_of()
    hits = [Hit(name=name, caption=captions[name], score=round(score, 5)) for name, score in fused(there)[:SHOWN]]
    found = Found(answered=[ranking.index for ranking in there], hits=hits)
    return Answer(hr.Png(HERE / "media" / f"{hits[0].name}.png"), found)


@hr.dag(deadline="1m")
def find(text: hr.Text = "", picture: hr.ImageFile | None = None) -> Answer:
    """Find a picture by words, by a picture like it, or by both."""
    pixels = thumbnail(picture)
    tones = hr.switch(asked(picture)).case(Asked.PICTURE, colours(pixels)).otherwise(colour_words(text))
    return fuse(hr.quorum(2, by_colours(tones), by_edges(edges(pixels)), by_caption(text), within="30s"))


def nearest(index: str, query: np.ndarray[tuple[int], np.dtype[np.float32]], alike: float = 0.0) -> Ranking:
    """Rank all pictures of ``index`` by how near they are to ``query``.

    The file is read at every query (it is small), so a new index is taken up without a restart.

    Raises:
        InputError: even the nearest is less like the query than ``alike``, so any order would be chance.
    """
    with np.load(HERE / "index" / f"{index}.npz") as saved:
        if float((saved["vectors"] @ query).max()) < alike:
            raise hr.InputError(f"no picture has {index} like the query's")
        distances = np.linalg.norm(saved["vectors"] - query, axis=1)
        order = np.argsort(distances, kind="stable")
        return Ranking(index=index, names=[str(saved["names"][place]) for place in order])


def caption_of() -> dict[str, str]:
    """The caption of each picture, by its name."""
    lines = (HERE / "media" / "captions.txt").read_text(encoding="utf-8").splitlines()
    return dict(line.split(": ", 1) for line in lines)
