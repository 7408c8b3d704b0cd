import headrace as hr


@hr.step
def count(text: hr.Text) -> int:
    return len(text)


@hr.dag
def bad(text: hr.Text) -> hr.Text:
    return count(text)
