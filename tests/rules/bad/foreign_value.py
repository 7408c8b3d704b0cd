import headrace as hr

seen = []


@hr.step
def shout(text: hr.Text) -> hr.Text:
    return text.upper()


@hr.dag
def good(text: hr.Text) -> hr.Text:
    seen.append(text)
    return shout(text)


@hr.dag
def bad(text: hr.Text) -> hr.Text:
    good.graph
    return join(text, seen[0])


@hr.step
def join(text: hr.Text, other: hr.Text) -> hr.Text:
    return text + other
