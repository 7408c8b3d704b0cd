import headrace as hr

STYLES = {"loud": 2}


@hr.step
def repeat(text: hr.Text, times: int) -> hr.Text:
    return text * times


@hr.dag
def bad(text: hr.Text) -> hr.Text:
    return repeat(text, STYLES["louder"])
