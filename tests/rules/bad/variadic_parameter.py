import headrace as hr


@hr.step
def join(*texts: hr.Text) -> hr.Text:
    return " ".join(texts)


@hr.dag
def bad(text: hr.Text, other: hr.Text) -> hr.Text:
    return join(text, other)
