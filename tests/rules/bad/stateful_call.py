import headrace as hr


class Shout(hr.Stateful):
    def call(self, text: hr.Text) -> hr.Text:
        return text.upper()


@hr.dag
def bad(text: hr.Text) -> hr.Text:
    return Shout()(text)
