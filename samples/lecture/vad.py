"""Voice activity: where in a recording somebody speaks. Silero's ONNX model on onnxruntime, one thread."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from weights import weights

RATE_HZ = 16_000
WINDOW = 512  # samples the model judges at a time (32 ms) ...
CONTEXT = 64  # ... together with the last ones of the window before
BLOCK = 512  # windows in one call (16 s)
GAP_S = 0.25  # a shorter silence does not end an utterance
SHORTEST_S = 0.25  # a shorter sound is not an utterance
MARGIN_S = 0.12  # kept before and after, so that no consonant is lost


class Utterance(NamedTuple):
    """A stretch of speech, in seconds."""

    at_s: float
    until_s: float


class VoiceActivity:
    """Silero's voice activity model. The recurrent state lives within one recording only."""

    def __init__(self) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        path = weights("silero_vad", "data", "silero_vad_16k_sequence.onnx")
        self.session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

    def utterances(self, sound: NDArray[np.float32], threshold: float) -> list[Utterance]:
        """The utterances in ``sound`` (mono, 16 kHz) whose probability of speech is at least ``threshold``."""
        speech = np.pad(self.probabilities(sound) >= threshold, 1)
        edges = np.flatnonzero(speech[1:] != speech[:-1]) * (WINDOW / RATE_HZ)
        joined: list[Utterance] = []
        for at_s, until_s in edges.reshape(-1, 2).tolist():
            start_s = joined.pop().at_s if joined and at_s - joined[-1].until_s < GAP_S else at_s
            joined.append(Utterance(start_s, until_s))
        end_s = len(sound) / RATE_HZ
        return [
            Utterance(round(max(0.0, at_s - MARGIN_S), 3), round(min(end_s, until_s + MARGIN_S), 3))
            for at_s, until_s in joined
            if until_s - at_s >= SHORTEST_S
        ]

    def probabilities(self, sound: NDArray[np.float32]) -> NDArray[np.float32]:
        """The probability of speech in each window of 32 ms."""
        windows = np.pad(sound, (0, -len(sound) % WINDOW)).reshape(-1, WINDOW)
        before = np.zeros((1, CONTEXT), np.float32)
        h = c = np.zeros((1, 1, 128), np.float32)
        found = [np.zeros(0, np.float32)]
        for first in range(0, len(windows), BLOCK):
            block = windows[first : first + BLOCK]
            tails = np.concatenate([before, block[:-1, -CONTEXT:]])
            inputs = {"input": np.concatenate([tails, block], axis=1), "h": h, "c": c}
            speech, h, c = self.session.run(["speech_probs", "hn", "cn"], inputs)
            before = block[-1:, -CONTEXT:]
            found.append(np.asarray(speech, np.float32))
        return np.concatenate(found)
