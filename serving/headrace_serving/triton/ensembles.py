"""The ensembles of a plan as data: of a segment's models, and of those that a mapper calls together. Writes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from headrace_dags.plan.model import Call, Flow, Mapper, Member, Plan, Segment


@dataclass(frozen=True, slots=True)
class Ensemble:
    """Models that Triton calls one after another.

    Attributes:
        name: the ensemble's own, as a model.
        inputs: values that come in.
        outputs: values that go out.
        stations: each model's name, and what it takes and gives.
    """

    name: str
    inputs: tuple[Flow, ...]
    outputs: tuple[Flow, ...]
    stations: tuple[tuple[str, Member | Mapper], ...]


def ensembles(plan: Plan) -> Iterator[Ensemble]:
    """Every ensemble, those that a mapper calls before those that it stands in."""
    for segment in plan.served:
        calls = segment.mapper.calls if segment.mapper else ()
        yield from (_of_call(call, segment) for call in calls if len(call.members) > 1)
        if segment.lowering == "ensemble":
            stations = tuple((_model(station, segment), station) for station in segment.stations)
            yield Ensemble(segment.model, segment.inputs, segment.outputs, stations)


def _of_call(call: Call, segment: Segment) -> Ensemble:
    members = (member for member in segment.members if member.name in call.members)
    stations = tuple((segment.model_of(member), member) for member in members)
    return Ensemble(segment.model_of_call(call), call.inputs, call.outputs, stations)


def _model(station: Member | Mapper, segment: Segment) -> str:
    return segment.mapper_model if isinstance(station, Mapper) else segment.model_of(station)
