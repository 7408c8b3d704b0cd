import headrace as hr


@hr.step
def shout(text: hr.Text | None) -> hr.Text:
    return (text or "").upper()


@hr.dag
def bad(text: hr.Text) -> hr.Text:
    return shout(text)
