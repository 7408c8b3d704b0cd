import headrace as hr


@hr.step
def transcribe(sound: hr.Audio) -> hr.Text:
    return f"{sound.size} samples"


@hr.step
def caption(image: hr.Image) -> hr.Text:
    return f"{image.shape} pixels"


@hr.dag
def bad(sound: hr.Audio) -> hr.Text:
    return caption(transcribe(sound))
