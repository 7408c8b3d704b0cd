import headrace as hr


@hr.torchscript("models/missing.pt")
def embed(sound: hr.Audio) -> hr.Embedding: ...


@hr.dag
def bad(sound: hr.Audio) -> hr.Embedding:
    return embed(sound)
