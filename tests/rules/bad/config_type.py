import threading

import headrace as hr


class Shout(hr.Stateful):
    suffix: str = "!"
    lock: threading.Event

    def __call__(self, text: hr.Text) -> hr.Text:
        return text.upper() + self.suffix


@hr.dag
def bad(text: hr.Text) -> hr.Text:
    return Shout(lock=threading.Event())(text)
