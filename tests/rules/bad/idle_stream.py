from collections.abc import Iterator

import headrace as hr


@hr.step
def words(text: hr.Text) -> Iterator[hr.Text]:
    yield from text.split()


@hr.step
def joined(words: hr.Many[hr.Text]) -> hr.Text:
    return "+".join(words)


@hr.dag
def bad(text: hr.Text) -> hr.Text:
    return joined(words.with_(idle="5s")(text))
