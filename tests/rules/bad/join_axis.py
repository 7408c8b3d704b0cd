import headrace as hr


@hr.step
def shout(text: hr.Text) -> hr.Text:
    return text.upper()


@hr.dag
def checked(text: hr.Text) -> hr.Text:
    return hr.first(shout(text), shout(text))


@hr.dag
def bad(texts: hr.Many[hr.Text]) -> hr.Many[hr.Text]:
    return checked.map(texts)
