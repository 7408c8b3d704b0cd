import headrace as hr


@hr.batched(size=0, wait="5ms")
def shout(texts: hr.Batch[hr.Text]) -> hr.Batch[hr.Text]:
    return [text.upper() for text in texts]


@hr.dag
def bad(text: hr.Text) -> hr.Text:
    return shout(text)
