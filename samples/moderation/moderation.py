"""Moderate a post: what its text says, and whether its pictures were refused before. Some attachments cannot be opened.

    text -> terms -> judge (ONNX) ----+
                 +-> judge_spare -----+-> the first that answers --+
    attachments ---> examine for each, of which some may be lost --+-> decide -> the verdict

The classifier and the pictures are made by the script beside this file; here are the steps and the dag that wires them.
"""

from typing import Annotated, TypeAlias

import headrace as hr
import numpy as np
from PIL import Image, UnidentifiedImageError

import pictures
import tone
from verdict import Decision, Look, Verdict

SURE = 0.6  # a tone with a smaller share is for a person to judge

Counts: TypeAlias = Annotated[np.ndarray[tuple[int], np.dtype[np.float32]], hr.Layout("embedding", "d=512")]
Scores: TypeAlias = Annotated[np.ndarray[tuple[int], np.dtype[np.float32]], hr.Layout("tensor", "tones=3")]


@hr.step
def terms(text: hr.Text) -> Counts:
    """The words of the post, counted."""
    return tone.counts(text)


@hr.onnx("models/tone.onnx", size=16)
def judge(counts: hr.Batch[Counts]) -> hr.Batch[Scores]:
    """The share of each tone, by onnxruntime."""
    raise NotImplementedError


@hr.step
def judge_spare(counts: Counts) -> Scores:
    """The share of each tone, by the same weights in plain numpy."""
    return tone.scores(counts)


@hr.step
def examine(attachment: hr.Blob) -> Look:
    """Look at an attachment; it is lost where it is no picture, or a damaged one."""
    try:
        with attachment.open() as file:
            return pictures.look(file)
    except UnidentifiedImageError as error:
        raise hr.InputError("it is no picture") from error
    except Image.DecompressionBombError as error:
        raise hr.InputError(f"the picture is too large: {error}") from error
    except (OSError, SyntaxError) as error:  # a broken chunk of a PNG is a SyntaxError
        raise hr.InputError(f"the picture is damaged: {error}") from error


@hr.step
def decide(scores: Scores, looks: hr.Many[Look | None]) -> Verdict:
    """Refuse what is sure to be bad, ask a person where nobody can be sure, publish the rest."""
    best = int(scores.argmax())
    said, sure = tone.TONES[best], round(float(scores[best]), 3)
    lost = [place for place, look in enumerate(looks) if look is None]
    bad = [f"the text is {said}"] if said != "fine" and sure >= SURE else []
    bad += [
        f"attachment {place} is a copy of {look.copy_of}" for place, look in enumerate(looks) if look and look.copy_of
    ]
    unsure = (
        [] if sure >= SURE else ["the tone of the text is unclear" if said == "fine" else f"the text may be {said}"]
    )
    unsure += [f"attachment {place} could not be opened" for place in lost]
    decision = Decision.REFUSE if bad else Decision.ASK if unsure else Decision.PUBLISH
    return Verdict(decision=decision, reasons=bad + unsure, tone=said, sure=sure, looks=list(looks), lost=lost)


@hr.dag(deadline="1m")
def moderate(text: hr.Text, attachments: hr.Many[hr.Blob]) -> Verdict:
    """Say what happens to a post."""
    counted = terms(text)
    scores = hr.first(judge(counted), judge_spare(counted))
    looks = examine.tolerant(min_success=0.5).map(attachments)
    return decide(scores, looks)
