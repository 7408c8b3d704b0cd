import headrace as hr


def make(suffix: str) -> hr.Step[[hr.Text], hr.Text]:
    @hr.step
    def add(text: hr.Text) -> hr.Text:
        return text + suffix

    return add


exclaim = make("!")


@hr.dag
def bad(text: hr.Text) -> hr.Text:
    return exclaim(text)
