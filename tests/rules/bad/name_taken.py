import headrace as hr


@hr.step
def shout(text: hr.Text) -> hr.Text:
    return text.upper()


@hr.step
def both(a: hr.Text, b: hr.Text) -> hr.Text:
    return a + b


@hr.dag
def bad(text: hr.Text) -> hr.Text:
    return both(shout.with_(name="cover")(text), shout.with_(name="cover")(text))
