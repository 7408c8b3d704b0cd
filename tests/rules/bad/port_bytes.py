import headrace as hr


@hr.step
def measure(video: bytes) -> int:
    return len(video)


@hr.dag
def bad(video: hr.Video) -> int:
    return measure(video)
