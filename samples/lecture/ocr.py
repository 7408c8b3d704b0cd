"""Optical character recognition: RapidOCR's PP-OCR models on onnxruntime, one thread."""

import numpy as np
from numpy.typing import NDArray


class SlideReader:
    """Reads the lines of text on a picture."""

    def __init__(self) -> None:
        from rapidocr_onnxruntime import RapidOCR

        self.engine = RapidOCR(intra_op_num_threads=1, inter_op_num_threads=1)

    def lines(self, picture: NDArray[np.uint8]) -> list[str]:
        """The lines on ``picture`` (uint8 ``h w c``, RGB), from top to bottom."""
        found, _ = self.engine(picture[:, :, ::-1])  # the models were trained on BGR
        return [text for _, text, _ in found or []]
