import headrace as hr


class Shout(hr.Stateful):
    def setup(self, suffix: str) -> None:
        self.suffix = suffix

    def __call__(self, text: hr.Text) -> hr.Text:
        return text.upper() + self.suffix


@hr.dag
def bad(text: hr.Text) -> hr.Text:
    return Shout()(text)
