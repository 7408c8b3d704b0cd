import headrace as hr


@hr.step
def is_long(text: hr.Text) -> bool:
    return len(text) > 100


@hr.step
def shorten(text: hr.Text) -> hr.Text:
    return text[:100]


@hr.dag
def bad(text: hr.Text) -> hr.Text:
    if is_long(text):
        text = shorten(text)
    return text
