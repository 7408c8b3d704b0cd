import headrace as hr


@hr.step
def shout(text: hr.Text):
    return text.upper()


@hr.step
def whisper(text: hr.Text) -> hr.Text:
    return text.lower()


@hr.dag
def bad(text: hr.Text) -> hr.Text:
    return whisper(shout(text))
