import headrace as hr


@hr.step
def flatten(pages: hr.Many[hr.Many[hr.Text]]) -> hr.Text:
    return " ".join(word for page in pages for word in page)


@hr.dag
def bad(pages: hr.Many[hr.Text]) -> hr.Text:
    return flatten(pages)
