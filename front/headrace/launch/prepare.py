"""Everything that is looked at before a run starts: the dag, its inputs, its plan, the runtime. Starts nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from headrace.cli.opening import make_plan, open_dag
from headrace.door.inputs import read_inputs
from headrace.launch.runtime import Chosen, choose
from headrace.settings import Settings, resolve
from headrace_dags.declaration import Signature
from headrace_dags.declare import declaration_of
from headrace_dags.plan.model import Plan


@dataclass(frozen=True, slots=True)
class Request:
    """What the command line asks for.

    Attributes:
        spec: which dag.
        pairs: inputs as given.
        runtime: of the flag; ``None`` where it is not given.
        state: of the flag, likewise.
    """

    spec: str
    pairs: tuple[str, ...]
    runtime: str | None = None
    state: str | None = None


@dataclass(frozen=True, slots=True)
class Checked:
    """A request that can be run.

    Attributes:
        plan: for this machine.
        signature: of the dag.
        inputs: checked values by name.
        import_root: where user code is imported from.
        settings: what holds there.
        chosen: the runtime.
    """

    plan: Plan
    signature: Signature
    inputs: Mapping[str, Any]
    import_root: Path
    settings: Settings
    chosen: Chosen


def check(request: Request) -> Checked:
    """Look at everything.

    Raises:
        BadInput: the file, the dag, an input or a setting is wrong.
        DefinitionError: the dag is declared wrongly.
        PlanError: this machine cannot run it.
        EnvironmentLack: the runtime that was asked for cannot run here.
    """
    found = open_dag(request.spec)
    settings = resolve(found.import_root, {"runtime": request.runtime, "state": request.state})
    plan = make_plan(found, "local", "")
    signature = declaration_of(found.dag).signature
    inputs = read_inputs(signature, request.pairs)
    return Checked(plan, signature, inputs, found.import_root, settings, choose(settings.runtime))
