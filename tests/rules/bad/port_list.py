import headrace as hr


@hr.step
def count(images: list[hr.Image]) -> int:
    return len(images)


@hr.dag
def bad(images: hr.Many[hr.Image]) -> int:
    return count(images)
