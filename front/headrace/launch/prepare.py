"""Everything that is looked at before a run starts: the dag, its inputs, its plan, the runtime. Starts nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from headrace.cli.opening import make_plan, open_dag
from headrace.disk import look_at
from headrace.door.inputs import read_inputs
from headrace.launch.container import container_settings
from headrace.launch.runtime import Chosen, choose
from headrace.output.save import ELSEWHERE
from headrace.settings import Settings, resolve
from headrace_dags.declare.declaration import Signature
from headrace_dags.declare.understand import declaration_of
from headrace_dags.plan.model import Plan
from headrace_dags.project.discover import Found
from headrace_dags.remote.address import Address, require_addresses
from headrace_dags.secrets.environment import Environment
from headrace_dags.secrets.naming import require
from headrace_dags.secrets.redact import Redactor
from headrace_serving.cache.limits import Limits


@dataclass(frozen=True, slots=True)
class Request:
    """What the command line asks for.

    Attributes:
        spec: which dag.
        pairs: inputs as given.
        runtime: of the flag; ``None`` where it is not given.
        state: of the flag, likewise.
        out: where the results go, likewise.
        cache: whether kept results may be used, and results be kept.
    """

    spec: str
    pairs: tuple[str, ...]
    runtime: str | None = None
    state: str | None = None
    out: Path | None = None
    cache: bool = True


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
        redact: blacks the values of the dag's secrets out of texts.
        out: the folder for the results; ``None`` for one of the run's own.
        limits: of the cache; ``None`` where it is neither read nor written.
        addresses: where each remote step is called, by the node's name.
    """

    plan: Plan
    signature: Signature
    inputs: Mapping[str, Any]
    import_root: Path
    settings: Settings
    chosen: Chosen
    redact: Redactor = field(default_factory=Redactor)
    out: Path | None = None
    limits: Limits | None = None
    addresses: Mapping[str, Address] = field(default_factory=dict[str, Address])

    def results(self, run: str) -> Path:
        """Where the results of a run go."""
        return (self.out or self.settings.results / run).absolute()


def check(request: Request) -> Checked:
    """Look at everything.

    Raises:
        BadInput: the file, the dag, an input or a setting is wrong.
        DefinitionError: the dag is declared wrongly.
        PlanError: this machine cannot run it.
        EnvironmentLack: a secret or an address has no value, the runtime that was asked for cannot run here, or the results have no place.
    """
    found, settings, plan = _opened(request)
    inputs = read_inputs(declaration_of(found.dag).signature, request.pairs)
    look_at(request.out or settings.results, "results", ELSEWHERE)
    return replace(_served(found, settings, plan, request), inputs=inputs, out=request.out)


def served(request: Request) -> Checked:
    """Look at all that serving a dag needs; inputs are none of it.

    Raises:
        BadInput: the file, the dag or a setting is wrong.
        DefinitionError: the dag is declared wrongly.
        PlanError: this machine cannot run it.
        EnvironmentLack: a secret or an address has no value, or the runtime that was asked for cannot run here.
    """
    return _served(*_opened(request), request)


def _opened(request: Request) -> tuple[Found, Settings, Plan]:
    found = open_dag(request.spec)
    settings = resolve(found.import_root, {"runtime": request.runtime, "state": request.state})
    return found, settings, make_plan(found, "local", "")


def _served(found: Found, settings: Settings, plan: Plan, request: Request) -> Checked:
    environment = Environment.at(found.import_root)
    redact = require(plan.graph, environment)
    addresses = require_addresses(plan.graph, environment)
    chosen = choose(settings.runtime, container_settings(settings).engine)
    limits = Limits(settings.cache_bytes, settings.cache_age_s) if request.cache and settings.cache_bytes else None
    signature = declaration_of(found.dag).signature
    return Checked(plan, signature, {}, found.import_root, settings, chosen, redact, None, limits, addresses)
