from collections.abc import Iterator

import headrace as hr


@hr.step
def words(text: hr.Text) -> Iterator[hr.Text]:
    yield from text.split()


@hr.dag
def bad(text: hr.Text) -> hr.Many[hr.Text]:
    return words.with_(cache=True)(text)
