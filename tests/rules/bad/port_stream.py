from collections.abc import Iterable

import headrace as hr


@hr.step
def words(text: hr.Text) -> Iterable[hr.Text]:
    return text.split()


@hr.step
def join(words: hr.Many[hr.Text]) -> hr.Text:
    return " ".join(words)


@hr.dag
def bad(text: hr.Text) -> hr.Text:
    return join(words(text))
