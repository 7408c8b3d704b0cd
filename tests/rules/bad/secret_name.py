import headrace as hr


class Fetch(hr.Stateful):
    token: hr.Secret = hr.Secret("sk-4f9a 77")

    def __call__(self, text: hr.Text) -> hr.Text:
        return text


@hr.dag
def bad(text: hr.Text) -> hr.Text:
    return Fetch()(text)
