import headrace as hr


@hr.remote("https://models.example/v2/models/clip", inputs={"image": "INPUT__0"})
def embed(picture: hr.Jpeg) -> hr.Embedding: ...


@hr.dag
def bad(picture: hr.Jpeg) -> hr.Embedding:
    return embed(picture)
