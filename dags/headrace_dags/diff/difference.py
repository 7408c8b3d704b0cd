"""The difference between two plans as data. Made by ``compare``, put into words by ``words``."""

from __future__ import annotations

from typing import Literal

from pydantic import JsonValue

from headrace_dags.record import Record

FORMAT: Literal["diff/1"] = "diff/1"

Kind = Literal[
    "file",
    "distribution",
    "model",
    "version",
    "step",
    "configuration",
    "batching",
    "resources",
    "wiring",
    "cut",
    "target",
    "input",
    "output",
    "dag",
    "option",
    "join",
    "gate",
    "unrecorded",
]
"""What a change concerns.

=================  ================================================================================================
kind               ``what``, and what ``old`` and ``new`` hold
=================  ================================================================================================
``file``           path of the import closure below the import root; hex SHA-256
``distribution``   name; version
``model``          path of a model file below the import root; hex SHA-256
``version``        ``headrace``, ``server``, ``python`` or ``onnx`` (who runs ONNX models); version
``step``           ``node``, which was written or deleted; or ``node.attribute`` of its step
``configuration``  ``node.attribute`` of a class step, or ``node.input`` that is given a constant; value
``batching``       ``node.attribute``
``resources``      ``node.attribute`` (bytes), or ``slice``
``wiring``         ``node.attribute``, ``value.attribute`` or ``gives``: what goes in and out, and how it travels
``cut``            ``node`` that came or left, and the code of the rule; or ``models``
``target``         attribute
``input``          ``name`` (type), ``name.default``
``output``         ``name`` (type), ``name.from``
``dag``            ``name``
``option``         ``node.attribute`` of ``with_``, or ``deadline_s``: what the engine heeds, for which no server changes
``join``           name of a join between segments; how it decides
``gate``           name of a segment that a join may leave out; when it runs
``unrecorded``     ``digest`` that changed for something that one of the plans does not hold; digest
=================  ================================================================================================
"""


class Change(Record):
    """One thing that differs.

    Attributes:
        kind: what it concerns.
        what: which one.
        change: whether it is on both sides.
        old: what it was; ``None`` where it was added.
        new: what it is; ``None`` where it was removed.
        why: the planner's reason, of a cut.
        breaks: of inputs, outputs and the dag: whether those who call the dag must change. ``maybe`` where its type is
            another one that no longer takes, or gives, all that the old one did, as far as types tell.
    """

    kind: Kind
    what: str
    change: Literal["changed", "added", "removed"] = "changed"
    old: JsonValue = None
    new: JsonValue = None
    why: str = ""
    breaks: Literal["no", "maybe", "yes"] = "no"


Fate = Literal["unchanged", "redeployed", "new", "removed"]
"""What becomes of a segment: an unchanged one keeps its server, topic and name."""


class SegmentChange(Record):
    """What becomes of one segment.

    Attributes:
        fate: what becomes of it.
        old: its name in the old plan; empty for a new one.
        new: its name in the new plan; empty for a removed one.
        old_digest: its digest in the old plan.
        new_digest: its digest in the new plan.
        causes: why; none for an unchanged one.
    """

    fate: Fate
    old: str = ""
    new: str = ""
    old_digest: str = ""
    new_digest: str = ""
    causes: tuple[Change, ...] = ()


class Difference(Record):
    """The difference between two plans.

    Attributes:
        dag: name of the new plan's dag.
        where: the new plan's platform, or its kind of target.
        old_plan: digest of the old plan.
        new_plan: digest of the new plan; the same where nothing differs.
        interface: what those who call the dag see.
        target: what is another in the target.
        segments: the new plan's segments in its order, then those removed.
        engine: what is another for the engine alone.
    """

    format: Literal["diff/1"] = FORMAT
    dag: str
    where: str
    old_plan: str
    new_plan: str
    interface: tuple[Change, ...] = ()
    target: tuple[Change, ...] = ()
    segments: tuple[SegmentChange, ...] = ()
    engine: tuple[Change, ...] = ()

    @property
    def redeploys(self) -> bool:
        """Whether any segment does not stay as it is."""
        return any(each.fate != "unchanged" for each in self.segments)
