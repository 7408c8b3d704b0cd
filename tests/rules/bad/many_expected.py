import headrace as hr


@hr.step
def join(texts: hr.Many[hr.Text]) -> hr.Text:
    return " ".join(texts)


@hr.dag
def bad(text: hr.Text) -> hr.Text:
    return join(text)
