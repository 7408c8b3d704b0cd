import headrace as hr


@hr.step
class Shout:
    def __call__(self, text: hr.Text) -> hr.Text:
        return text.upper()


@hr.dag
def bad(text: hr.Text) -> hr.Text:
    return Shout(text)
