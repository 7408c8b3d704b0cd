import headrace as hr


@hr.tensorrt("tiny.plan")
def embed(
    text: hr.Text,
) -> hr.Embedding: ...


@hr.dag
def bad(text: hr.Text) -> hr.Embedding:
    return embed(text)
