import headrace as hr


@hr.step
def shout(text: hr.Text) -> hr.Text:
    return text.upper()


@hr.dag
def bad(text: hr.Text) -> hr.Text:
    async def wired() -> hr.Text:
        return await shout(text)

    try:
        wired().send(None)
    except StopIteration as stop:
        return stop.value
