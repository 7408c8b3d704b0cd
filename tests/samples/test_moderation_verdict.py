"""The moderation sample judges posts: by their text, by their pictures, and by what nobody could open."""

from __future__ import annotations

import io
from itertools import pairwise

import make_classifier
import moderation
import numpy as np
import onnx
import pictures
import pytest
import tone
from conftest import MODERATION
from PIL import Image
from verdict import Decision, Look, Verdict

import headrace as hr
from headrace_dags.running.failing import NodeFailed

MEDIA = MODERATION / "media"
GOOD = Look(width=160, height=120, copy_of="")
UNSEEN = {
    "fine": [
        "thank you for the recipe, the cake was lovely",
        "the river was beautiful this morning",
        "does anybody know when the library opens",
        "our team painted the old bicycle",
    ],
    "spam": [
        "click the link to win free money",
        "buy cheap pills now, best price",
        "claim your bonus today, guaranteed",
        "order now and save money",
    ],
    "threat": [
        "I will find you and break your arm",
        "you will be sorry, I know your address",
        "I am coming to hurt you",
        "watch out, I will make you regret this",
    ],
}


def attached(*names: str) -> list[hr.Blob]:
    return [hr.Blob(MEDIA / name) for name in names]


@pytest.mark.parametrize(("said", "text"), [(said, text) for said, texts in UNSEEN.items() for text in texts])
def test_the_tone_of_sentences_that_it_has_not_seen(said: str, text: str) -> None:
    counted = moderation.terms(text)
    assert tone.TONES[int(moderation.judge(counted).argmax())] == said


def test_both_classifiers_are_one() -> None:
    for _, text in make_classifier.examples():
        counted = moderation.terms(text)
        assert moderation.judge(counted) == pytest.approx(moderation.judge_spare(counted), abs=1e-5)


def test_a_good_post_is_published() -> None:
    verdict = moderation.moderate("look at our lovely garden this summer", attached("garden.png"))
    assert (verdict.decision, verdict.reasons, verdict.looks, verdict.lost) == (Decision.PUBLISH, [], [GOOD], [])


def test_a_post_without_attachments_is_judged_by_its_text() -> None:
    assert moderation.moderate("win a free prize, click the link", []).reasons == ["the text is spam"]
    assert moderation.moderate("I will find you and hurt you", []).decision == Decision.REFUSE
    assert moderation.moderate("mumble", []).decision == Decision.ASK


def test_what_cannot_be_opened_is_lost_and_a_person_is_asked() -> None:
    verdict = moderation.moderate(
        "our garden in the old town", attached("letter.txt", "garden.png", "cut.jpg", "garden.png")
    )
    assert verdict.looks == [None, GOOD, None, GOOD]
    assert verdict.lost == [0, 2]
    assert verdict.decision == Decision.ASK
    assert verdict.reasons == ["attachment 0 could not be opened", "attachment 2 could not be opened"]


def test_a_refused_picture_outweighs_what_is_lost() -> None:
    verdict = moderation.moderate("our garden in the old town", attached("cut.jpg", "poster.jpg"))
    assert verdict.decision == Decision.REFUSE
    assert verdict.reasons == ["attachment 1 is a copy of poster", "attachment 0 could not be opened"]


def test_a_text_in_letters_that_it_does_not_know_is_for_a_person() -> None:
    verdict = moderation.moderate("привет, давай дружить", attached("garden.png"))
    assert (verdict.decision, verdict.reasons) == (Decision.ASK, ["the tone of the text is unclear"])


def test_a_picture_that_is_too_large_to_decode_is_the_inputs_fault() -> None:
    file = io.BytesIO()
    Image.new("1", (20_000, 10_000)).save(file, "PNG")
    with pytest.raises(hr.InputError, match="the picture is too large"):
        moderation.examine(hr.Blob(file.getvalue()))


def test_too_many_that_cannot_be_opened_give_no_verdict() -> None:
    with pytest.raises(
        NodeFailed, match=r"2 of 3 items failed, min_success=0\.5 allows fewer; the first: it is no picture"
    ):
        moderation.moderate("hello", attached("letter.txt", "cut.jpg", "garden.png"))


@pytest.mark.parametrize("size", [(640, 480), (200, 150), (64, 48)])
@pytest.mark.parametrize("quality", [20, 90])
def test_copies_of_another_size_and_quality_are_known(size: tuple[int, int], quality: int) -> None:
    file = io.BytesIO()
    make_classifier.poster().resize(size).save(file, "JPEG", quality=quality)
    assert moderation.examine(hr.Blob(file.getvalue())) == Look(width=size[0], height=size[1], copy_of="poster")


def test_other_pictures_are_not_known() -> None:
    noise = np.random.default_rng(3).integers(0, 255, (8, 60, 80, 3), np.uint8)
    bits = [pictures.fingerprint(Image.fromarray(each)) for each in noise]
    assert [pictures.known(each) for each in bits] == [""] * 8
    assert len({*bits}) == 8
    assert all((one ^ other).bit_count() > pictures.NEAR for one, other in pairwise(bits))


def test_models_are_those_that_the_script_trains() -> None:
    weights, offsets = make_classifier.train(make_classifier.examples())
    with np.load(MODERATION / "models" / "tone.npz") as saved:
        assert saved["weights"] == pytest.approx(weights, abs=1e-5)
        assert saved["offsets"] == pytest.approx(offsets, abs=1e-5)
        assert (
            onnx.load(MODERATION / "models" / "tone.onnx").graph
            == make_classifier.model(saved["weights"], saved["offsets"]).graph
        )
    assert pictures.known(pictures.fingerprint(make_classifier.poster())) == "poster"


def test_a_verdict_is_a_record() -> None:
    verdict = moderation.moderate("hello", [])
    assert Verdict.model_validate_json(verdict.model_dump_json()) == verdict
