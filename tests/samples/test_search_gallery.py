"""The search sample finds the right picture, whichever two of its indexes answer, and its files are what its scripts make."""

from __future__ import annotations

import io
from itertools import combinations

import gallery
import make_gallery
import make_models
import numpy as np
import onnx
import pytest
from conftest import SEARCH
from PIL import Image
from ranking import Ranking, fused

import headrace as hr
from headrace_dags.running.failing import NodeFailed

SCENES = make_gallery.scenes()


def jpeg(scene: make_gallery.Scene, seed: int) -> hr.Jpeg:
    file = io.BytesIO()
    make_gallery.crooked(scene, seed).save(file, "JPEG", quality=80)
    return hr.Jpeg(file.getvalue())


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_any_two_indexes_find_a_picture_by_a_crooked_copy_and_words(scene: make_gallery.Scene) -> None:
    pixels = gallery.thumbnail(jpeg(scene, 107))
    words = " and ".join(f"{paint} {shape}" for paint, shape in zip(scene.paints, scene.shapes, strict=True))
    rankings = [
        gallery.by_colours(gallery.colours(pixels)),
        gallery.by_edges(gallery.edges(pixels)),
        gallery.by_caption(words),
    ]
    assert [fused(pair)[0][0] for pair in combinations(rankings, 2)] == [scene.name] * 3


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_words_alone_find_a_picture(scene: make_gallery.Scene) -> None:
    best, found = gallery.find(scene.caption)
    assert found.answered == ["colours", "captions"]
    assert found.hits[0].name == scene.name
    assert best.read() == (SEARCH / "media" / f"{scene.name}.png").read_bytes()


def test_a_picture_alone_finds_its_like() -> None:
    found = gallery.find(picture=hr.ImageFile(SEARCH / "media" / "query.jpg")).found
    assert found.answered == ["colours", "edges"]
    assert found.hits[0].caption == "a blue circle beside a purple square on black"


def test_a_query_that_only_one_index_understands_is_refused() -> None:
    for query, why in (("square", "names no colour"), ("", "has no picture|has no words|names no colour")):
        with pytest.raises(NodeFailed, match=why) as refused:
            gallery.find(query)
        assert isinstance(refused.value.__cause__, hr.InputError)


def test_a_picture_that_cannot_be_decoded_leaves_one_index_and_is_refused() -> None:
    with pytest.raises(NodeFailed, match="the query's picture is no picture"):
        gallery.find("blue circle", hr.ImageFile(b"no picture"))


@pytest.mark.parametrize("words", ["синий круг", "wer ist das", "rnig"])
def test_words_that_no_caption_has_are_no_answer(words: str) -> None:
    with pytest.raises(hr.InputError, match="no picture has captions like the query's"):
        gallery.by_caption(words)
    with pytest.raises(NodeFailed, match=r"names no colour|no picture has captions"):
        gallery.find(words)


def test_a_picture_without_edges_is_no_answer_of_their_index() -> None:
    file = io.BytesIO()
    Image.new("RGB", (1, 1), (40, 70, 190)).save(file, "PNG")
    found = gallery.find("blue circle", hr.ImageFile(file.getvalue())).found
    assert found.answered == ["colours", "captions"]
    with pytest.raises(NodeFailed, match="no picture has edges like the query's"):
        gallery.find(picture=hr.ImageFile(file.getvalue()))


def test_a_picture_that_is_too_large_to_decode_is_refused() -> None:
    file = io.BytesIO()
    Image.new("1", (20_000, 10_000)).save(file, "PNG")
    with pytest.raises(NodeFailed, match="the query's picture is too large") as refused:
        gallery.find(picture=hr.ImageFile(file.getvalue()))
    assert isinstance(refused.value.__cause__, hr.InputError)


def test_places_are_summed_and_ties_go_by_name() -> None:
    one, other = Ranking(index="a", names=["x", "y", "z"]), Ranking(index="b", names=["y", "x", "z"])
    assert fused([one, other]) == [("x", 1 / 61 + 1 / 62), ("y", 1 / 61 + 1 / 62), ("z", 2 / 63)]


def test_models_are_those_that_the_script_makes() -> None:
    for made in (make_models.colours(), make_models.edges()):
        assert onnx.load(SEARCH / "models" / f"{made.graph.name}.onnx").graph == made.graph


def test_colours_are_shares_and_edges_have_length_one() -> None:
    white = np.full((64, 64, 3), (245, 245, 240), np.uint8)
    half = white.copy()
    half[:, 32:] = (200, 40, 40)
    shares = gallery.colours(half)
    assert shares.sum() == pytest.approx(1, abs=1e-4)
    assert (shares[0], shares[5]) == (pytest.approx(0.5, abs=0.05), pytest.approx(0.5, abs=0.05))
    assert np.linalg.norm(gallery.edges(half)) == pytest.approx(1, abs=1e-5)
    assert gallery.edges(white).max() < 0.01  # nothing to see: rounding alone


def test_pictures_are_those_that_the_script_draws() -> None:
    chance = make_gallery.seeded(make_gallery.SEED)
    for scene in SCENES:
        saved = Image.open(SEARCH / "media" / f"{scene.name}.png").convert("RGB")
        assert np.array_equal(np.asarray(saved), np.asarray(make_gallery.draw(scene, chance)))
    assert gallery.caption_of() == {scene.name: scene.caption for scene in SCENES}


def test_the_index_is_that_of_the_pictures() -> None:
    looks = gallery.thumbnail.map([hr.Png(SEARCH / "media" / f"{scene.name}.png") for scene in SCENES])
    wanted = {
        "colours": gallery.colours.map(looks),
        "edges": gallery.edges.map(looks),
        "captions": [make_gallery.letter_groups(scene.caption) for scene in SCENES],
    }
    for kind, vectors in wanted.items():
        with np.load(SEARCH / "index" / f"{kind}.npz") as saved:
            assert saved["names"].tolist() == [scene.name for scene in SCENES]
            assert saved["vectors"] == pytest.approx(np.stack(vectors), abs=1e-5)
