import headrace as hr


@hr.step
def shout(text: hr.Text) -> hr.Text:
    return text.upper()


@hr.step
def told(text: hr.Text | None) -> hr.Text:
    return str(text)


@hr.dag
def bad(text: hr.Text) -> hr.Text:
    return told(shout.tolerant(min_success=0.9)(text))
