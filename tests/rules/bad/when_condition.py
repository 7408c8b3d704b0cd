import headrace as hr


@hr.step
def shout(text: hr.Text) -> hr.Text:
    return text.upper()


@hr.step
def told(text: hr.Text | None) -> hr.Text:
    return str(text)


@hr.dag
def bad(text: hr.Text) -> hr.Text:
    return told(hr.when(shout(text), shout(text)))  # type: ignore[arg-type]
