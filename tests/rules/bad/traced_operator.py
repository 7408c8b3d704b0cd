import headrace as hr


@hr.step
def count(text: hr.Text) -> int:
    return len(text)


@hr.step
def show(number: int) -> hr.Text:
    return f"{number} letters"


@hr.dag
def bad(text: hr.Text) -> hr.Text:
    return show(count(text) + 1)
