import headrace as hr


@hr.step
def store(text: hr.Text) -> None:
    print(text)


@hr.dag
def bad(text: hr.Text) -> hr.Text:
    return store(text)
