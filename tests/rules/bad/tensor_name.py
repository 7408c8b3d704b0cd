import headrace as hr


@hr.tensorrt("tiny.plan")
def embed(sound: hr.Audio) -> hr.Embedding: ...


@hr.dag
def bad(sound: hr.Audio) -> hr.Embedding:
    return embed(sound)
