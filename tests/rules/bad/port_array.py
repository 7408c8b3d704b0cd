import numpy as np

import headrace as hr


@hr.step
def show(value: np.ndarray) -> hr.Text:
    return str(value.shape)


@hr.dag
def bad(image: hr.Image) -> hr.Text:
    return show(image)
