import headrace as hr


@hr.remote("https://models.example/v2/models/clip", headers={"X-Api-Key": "a1b2c3"})
def embed(text: hr.Text) -> hr.Embedding: ...


@hr.dag
def bad(text: hr.Text) -> hr.Embedding:
    return embed(text)
