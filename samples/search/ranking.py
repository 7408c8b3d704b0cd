"""What an index answers, and how answers are put together. Plain data and arithmetic; no media and no models."""

from collections.abc import Iterable

from pydantic import BaseModel

DAMPING = 60  # of reciprocal rank fusion: how little the first places outweigh the next (Cormack et al., 2009)


class Ranking(BaseModel):
    """The pictures that one index finds, by name, the nearest first."""

    index: str
    names: list[str]


class Hit(BaseModel):
    """A picture that was found; ``score`` sums up its places: twice 1/61 is first in two rankings."""

    name: str
    caption: str
    score: float


class Found(BaseModel):
    """The answer to a query: the best pictures, and which indexes had a say."""

    answered: list[str]
    hits: list[Hit]


def fused(rankings: Iterable[Ranking]) -> list[tuple[str, float]]:
    """Reciprocal rank fusion: a picture scores ``1 / (60 + place)`` in each ranking. Ties go by name.

    Places can be summed where scores cannot: what "near" means differs from index to index.
    """
    scores: dict[str, float] = {}
    for ranking in rankings:
        for place, name in enumerate(ranking.names, 1):
            scores[name] = scores.get(name, 0.0) + 1 / (DAMPING + place)
    return sorted(scores.items(), key=lambda scored: (-scored[1], scored[0]))
