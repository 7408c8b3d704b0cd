import headrace as hr


@hr.step
def shout(text: hr.Text) -> hr.Text:
    return text.upper()


@hr.step
def is_long(text: hr.Text) -> bool:
    return len(text) > 80


@hr.dag
def bad(text: hr.Text) -> hr.Text:
    return shout(hr.when(is_long(text), shout(text)))  # type: ignore[arg-type]
