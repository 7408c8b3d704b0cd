import headrace as hr


@hr.step
def shout(text: hr.Text) -> hr.Text:
    return text.upper()


@hr.step
def join(texts: hr.Many[hr.Text]) -> hr.Text:
    return " ".join(texts)


@hr.dag
def bad(texts: hr.Many[hr.Text]) -> hr.Text:
    louder = [shout(text) for text in texts]
    return join(louder)
