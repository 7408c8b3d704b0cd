import threading

import headrace as hr


@hr.step
def measure(lock: threading.Thread) -> int:
    return 1


@hr.dag
def bad(text: hr.Text) -> int:
    return measure(text)
