import headrace as hr


@hr.step
def repeat(
    text: hr.Text,
    times: int = "twice",
) -> hr.Text:
    return text * times


@hr.dag
def bad(text: hr.Text) -> hr.Text:
    return repeat(text)
