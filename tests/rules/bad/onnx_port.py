import headrace as hr


@hr.onnx("empty.onnx")
def embed(
    text: hr.Text,
) -> hr.Embedding: ...


@hr.dag
def bad(text: hr.Text) -> hr.Embedding:
    return embed(text)
