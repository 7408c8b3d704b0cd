from PIL import Image

import headrace as hr


@hr.step
def measure(picture: Image) -> int:
    return picture.width


@hr.dag
def bad(picture: hr.Image) -> int:
    return measure(picture)
