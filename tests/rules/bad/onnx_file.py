import headrace as hr


@hr.onnx("models/missing.onnx")
def embed(sound: hr.Audio) -> hr.Embedding: ...


@hr.dag
def bad(sound: hr.Audio) -> hr.Embedding:
    return embed(sound)
