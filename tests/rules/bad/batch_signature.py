import headrace as hr


@hr.batched(size=8)
def shout(texts: hr.Batch[hr.Text]) -> list[str]:
    return [text.upper() for text in texts]


@hr.dag
def bad(text: hr.Text) -> hr.Text:
    return shout(text)
