import headrace as hr


@hr.remote("https://me:pass@models.example/v2/models/clip")
def embed(text: hr.Text) -> hr.Embedding: ...


@hr.dag
def bad(text: hr.Text) -> hr.Embedding:
    return embed(text)
