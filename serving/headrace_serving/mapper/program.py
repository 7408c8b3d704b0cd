"""What a mapper runs and calls, as data: written beside its model in place of a ``Program``. Loads nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from headrace_dags.graph import Batching, Node
from headrace_dags.plan.model import Call, Flow, Plan, Segment
from headrace_dags.record import Record
from headrace_serving.program import Program, program
from headrace_serving.runtimes.contract import Workplace

FORMAT: Literal["mapper/1"] = "mapper/1"


class MapperProgram(Record):
    """The stages of a mapper and the models that it calls.

    Attributes:
        name: the model's name.
        stages: what runs in its process; each is a program like that of a model of its own.
        calls: what it calls for items.
        models: the model behind each of ``calls``.
        inputs: values that come in.
        outputs: values that go out.
        path: folders that must be importable, as in a ``Program``.
    """

    format: Literal["mapper/1"] = FORMAT
    name: str
    stages: tuple[Program, ...]
    calls: tuple[Call, ...]
    models: tuple[str, ...]
    inputs: tuple[Flow, ...]
    outputs: tuple[Flow, ...]
    import_root: Path
    path: tuple[str, ...]

    @property
    def nodes(self) -> tuple[Node, ...]:
        """The nodes that run in its process."""
        return tuple(node for stage in self.stages for node in stage.nodes)

    @property
    def batching(self) -> Batching | None:
        """None: what it runs itself is not batched."""
        return None


def mapper_program(plan: Plan, segment: Segment, workplace: Workplace) -> MapperProgram:
    """The program of a segment's mapper, which it has.

    Args:
        plan: where the nodes are described.
        segment: whose mapper.
        workplace: where user code and objects are.
    """
    mapper, name = segment.mapper, segment.mapper_model
    assert mapper
    members = {member.name: member for member in segment.members}
    any_stage = program(plan, name, segment.members[0], workplace)
    return MapperProgram(
        name=name,
        stages=tuple(program(plan, name, members[each], workplace) for each in mapper.inline),
        calls=mapper.calls,
        models=tuple(segment.model_of_call(call) for call in mapper.calls),
        inputs=mapper.inputs,
        outputs=mapper.outputs,
        import_root=any_stage.import_root,
        path=any_stage.path,
    )
