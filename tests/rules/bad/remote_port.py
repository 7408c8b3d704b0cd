import headrace as hr


@hr.remote("https://models.example/v2/models/clip")
def embed(
    texts: hr.Many[hr.Text],
) -> hr.Embedding: ...


@hr.dag
def bad(texts: hr.Many[hr.Text]) -> hr.Embedding:
    return embed(texts)
