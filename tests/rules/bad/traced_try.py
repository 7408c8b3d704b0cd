import headrace as hr


@hr.step
def shout(text: str) -> str:
    return text.upper()


@hr.dag
def bad(text: str) -> str:
    try:
        loud = shout(text)
    except ValueError:
        loud = shout("nothing")
    return loud
