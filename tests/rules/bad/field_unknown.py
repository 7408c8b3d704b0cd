from pydantic import BaseModel

import headrace as hr


class Word(BaseModel):
    text: str
    at: float


@hr.step
def hear(sound: hr.Audio) -> Word:
    return Word(text="hello", at=0.5)


@hr.step
def shout(text: hr.Text) -> hr.Text:
    return text.upper()


@hr.dag
def bad(sound: hr.Audio) -> hr.Text:
    return shout(hear(sound).word)  # type: ignore[attr-defined]
