from collections.abc import Iterator

import headrace as hr


@hr.step
def words(text: hr.Text) -> Iterator[hr.Text]:
    yield from text.split()


@hr.step
def joined(words: hr.Many[hr.Text]) -> hr.Text:
    return " ".join(words)


@hr.dag
def line(text: hr.Text) -> hr.Text:
    return joined(words(text))


@hr.dag
def bad(texts: hr.Many[hr.Text]) -> hr.Many[hr.Text]:
    return line.map(texts)
