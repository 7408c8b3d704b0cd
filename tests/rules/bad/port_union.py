import headrace as hr


@hr.step
def shout(text: hr.Text | int) -> hr.Text:
    return str(text).upper()


@hr.dag
def bad(text: hr.Text) -> hr.Text:
    return shout(text)
