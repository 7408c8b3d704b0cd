"""What moderation says of a post. Plain data; no media and no models."""

from enum import StrEnum

from pydantic import BaseModel


class Decision(StrEnum):
    """What happens to a post."""

    PUBLISH = "publish"
    ASK = "ask"
    REFUSE = "refuse"


class Look(BaseModel):
    """What is known of one attachment: its size in pixels, and which refused picture it is a copy of (or nothing)."""

    width: int
    height: int
    copy_of: str


class Verdict(BaseModel):
    """The decision and what it rests on; ``lost`` are the places of attachments that nobody could look at, from 0."""

    decision: Decision
    reasons: list[str]
    tone: str
    sure: float
    looks: list[Look | None]
    lost: list[int]
