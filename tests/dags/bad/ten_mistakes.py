import headrace as hr


@hr.step
def shorten(text: hr.Text, most: int = 100) -> hr.Text:
    return text[:most]


@hr.step
def measure(
    text: hr.Text,
    video: bytes,
) -> int:
    return len(text) + len(video)


@hr.step
def caption(image: hr.Image, style: hr.Text) -> hr.Text:
    return f"{style} {image.shape}"


@hr.step
def title(first: hr.Text, second: hr.Text) -> hr.Text:
    return f"{first}: {second}"


@hr.step
def words(text: hr.Text) -> hr.Many[hr.Text]:
    return text.split()


@hr.step
def join(texts: hr.Many[hr.Text], first: hr.Text = "") -> hr.Text:
    return first + " ".join(texts)


class Translate(hr.Stateful):
    language: str = "en"

    def __call__(self, text: hr.Text) -> hr.Text:
        return f"{self.language}: {text}"


@hr.dag
def captioned(image: hr.Image, images: hr.Many[hr.Image], sound: hr.Audio) -> hr.Text:
    first = caption(image, stile="long")
    every = caption.map(images, sound)
    if first:
        first = shorten(first)
    other = caption(images, "short")
    return join(every, title(first, other))


@hr.dag(deadline="soon")
def summed(
    text: hr.Text,
    video: hr.Video,
) -> int:
    loud = Translate(langage="de")(text)
    short = shorten(loud, "all")
    return join(words(short))
