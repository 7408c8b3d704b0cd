"""The lecture sample understands its video: what is on the slides, what is said, and when."""

import lecture
import make_media
import numpy as np
import pytest
from conftest import SAMPLE
from embedding import SentenceEncoder
from scoring import edits, letter_error, word_error
from story import Span, Spans, Timeline

import headrace as hr

WORD_ERROR = 0.2
LETTER_ERROR = 0.05
LATE_S = 0.41  # a new slide is noticed at the next look, 0.4 s later at most


def test_the_video_is_small_and_as_long_as_its_script(slides: lecture.Slides, script: make_media.Script) -> None:
    assert (SAMPLE / "media" / "lecture.mp4").stat().st_size < 1_000_000
    assert slides.shown.spans[-1].until_s == pytest.approx(script.slides[-1].until_s, abs=0.05)


def test_the_video_shows_what_its_script_draws(slides: lecture.Slides, script: make_media.Script) -> None:
    assert len(slides.frames) == len(script.slides)
    for frame, slide in zip(slides.frames, script.slides, strict=True):
        drawn = make_media.draw(slide)
        assert (frame.shape, frame.dtype) == (drawn.shape, drawn.dtype)
        assert np.abs(frame.astype(np.int16) - drawn).mean() < 2  # of 255: what H.264 costs


def test_slides_are_found_when_they_change(slides: lecture.Slides, script: make_media.Script) -> None:
    for span, slide in zip(slides.shown.spans, script.slides, strict=True):
        assert slide.at_s - 0.01 <= span.at_s <= slide.at_s + LATE_S
        assert slide.until_s - 0.01 <= span.until_s <= slide.until_s + LATE_S


def test_every_line_of_every_slide_is_read(texts: list[str], script: make_media.Script) -> None:
    for text, slide in zip(texts, script.slides, strict=True):
        wanted, got = [slide.title, *slide.lines], text.splitlines()
        assert len(got) == len(wanted)
        assert max(letter_error(line, read) for line, read in zip(wanted, got, strict=True)) <= LETTER_ERROR


def test_word_error(words: list[str], script: make_media.Script) -> None:
    said = " ".join(sentence for slide in script.slides for sentence in slide.spoken)
    assert word_error(said, " ".join(words)) < WORD_ERROR


def test_words_stand_beside_the_slide_on_which_they_are_said(story: Timeline, script: make_media.Script) -> None:
    for entry, slide in zip(story.entries, script.slides, strict=True):
        assert len(entry.said) == len(slide.spoken)
        assert word_error(" ".join(slide.spoken), " ".join(said.words for said in entry.said)) < WORD_ERROR
        assert all(entry.at_s <= said.at_s < said.until_s <= entry.until_s + 0.2 for said in entry.said)


def test_speech_before_the_first_slide_and_after_the_last_is_kept() -> None:
    story = lecture.timeline(
        Spans(spans=[Span(at_s=2, until_s=3), Span(at_s=3, until_s=4)]),
        ["one", "two"],
        Spans(spans=[Span(at_s=0, until_s=1), Span(at_s=8, until_s=9)]),
        ["early", "late"],
    )
    assert [[said.words for said in entry.said] for entry in story.entries] == [["early"], ["late"]]


def test_an_utterance_does_not_influence_the_next(speech: lecture.Speech, words: list[str]) -> None:
    assert lecture.Transcribe()(speech.sounds[4]) == words[4]


def test_passages_follow_the_timeline(story: Timeline) -> None:
    assert lecture.passages(story) == [passage.text for entry in story.entries for passage in entry.passages()]
    assert [passage.at_s for passage in story.entries[1].passages()] == [
        story.entries[1].at_s,
        *(said.at_s for said in story.entries[1].said),
    ]


def test_vectors_have_length_one_and_do_not_depend_on_the_batch(story: Timeline) -> None:
    texts = lecture.passages(story)
    vectors = lecture.stack(list(SentenceEncoder().encode(texts)))
    assert vectors.shape == (len(texts), 384)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)
    embed = lecture.Embed()
    alone = embed.map(texts)
    assert np.stack(alone) == pytest.approx(vectors, abs=1e-5)


def test_similarities_are_those_that_the_model_publishes() -> None:
    sunny, weather, stadium = SentenceEncoder().encode(
        ["The weather is lovely today.", "It's so sunny outside!", "He drove to the stadium."]
    )
    assert [sunny @ weather, sunny @ stadium, weather @ stadium] == pytest.approx([0.6660, 0.1046, 0.1411], abs=1e-4)


def test_the_dag_is_its_steps(video: hr.Video, story: Timeline) -> None:
    found = lecture.lecture(video)
    assert found.timeline == story
    assert found.vectors == pytest.approx(SentenceEncoder().encode(lecture.passages(story)), abs=1e-5)


def test_edits_counts_what_people_count() -> None:
    assert edits("kitten", "sitting") == 3
    assert word_error("The water, rises!", "the water rises") == 0
    assert letter_error("Gate and wheel", "gateandwheel.") == 0
