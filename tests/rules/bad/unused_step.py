import headrace as hr


@hr.step
def shout(text: hr.Text) -> hr.Text:
    return text.upper()


@hr.step
def count(text: hr.Text) -> int:
    return len(text)


@hr.dag
def bad(text: hr.Text) -> hr.Text:
    count(shout(text))
    return shout(text)
