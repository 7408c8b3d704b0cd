"""Speech to text: CMU PocketSphinx with the English model inside its package."""

import numpy as np
from numpy.typing import NDArray

RATE_HZ = 16_000


class SpeechRecognizer:
    """A decoder for English. Utterances do not influence each other, so their order does not matter."""

    def __init__(self) -> None:
        from pocketsphinx import Decoder

        # cmn=batch normalises each utterance by itself; the default carries a running mean into the next.
        self.decoder = Decoder(samprate=RATE_HZ, cmn="batch", loglevel="FATAL")

    def words(self, sound: NDArray[np.float32]) -> str:
        """The words of one utterance (mono, 16 kHz): lower case, no punctuation, empty when nothing is understood."""
        pcm = np.clip(sound * 32768.0, -32768, 32767).astype("<i2")
        self.decoder.start_utt()
        self.decoder.process_raw(pcm.tobytes(), full_utt=True)
        self.decoder.end_utt()
        heard = self.decoder.hyp()
        return str(heard.hypstr) if heard else ""
