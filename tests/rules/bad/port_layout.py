from typing import Annotated

import numpy as np

import headrace as hr


@hr.step
def norm(vector: Annotated[np.ndarray[tuple[int], np.dtype[np.float32]], hr.Layout("embedding", "d=384 d=2")]) -> float:
    return float(np.linalg.norm(vector))


@hr.dag
def bad(vector: hr.Embedding) -> float:
    return norm(vector)
