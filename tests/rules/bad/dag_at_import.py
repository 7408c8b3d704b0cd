import headrace as hr


@hr.step
def shout(text: hr.Text) -> hr.Text:
    return text.upper()


@hr.dag
def bad(text: hr.Text) -> hr.Text:
    return shout(text)


print(bad("hello"))
