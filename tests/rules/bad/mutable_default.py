import headrace as hr


@hr.step
def collect(text: hr.Text, seen: list[str] = []) -> hr.Text:
    seen.append(text)
    return " ".join(seen)


@hr.dag
def bad(text: hr.Text) -> hr.Text:
    return collect(text)
