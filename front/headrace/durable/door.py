"""Submit a run to the engine of a state folder, and ask for the end of one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from headrace.cli.opening import make_plan, open_dag
from headrace.door.inputs import read_inputs
from headrace.durable.place import TOPICS, Place
from headrace.launch.drive import encoded
from headrace.runs import TENANT, State
from headrace.settings import resolve
from headrace_dags.declare.understand import declaration_of
from headrace_dags.errors import BadInput, Problem
from headrace_dags.plan.model import Plan
from headrace_events.ingress import Ingress, Rejected, Submission
from headrace_events.plans import Deployed, Plans, UnknownPlan
from headrace_events.worker.exchanging import Exchanging
from headrace_serving.codec import Sink


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be submitted.

    Attributes:
        spec: which dag.
        pairs: inputs as given.
        key: the same for a submission that is repeated; empty for one that is not.
        priority: the higher, the earlier its tasks are ordered.
        state: of the flag; ``None`` where it is not given.
        wait_s: how long to wait until the dag is up.
    """

    spec: str
    pairs: tuple[str, ...]
    key: str = ""
    priority: int = 0
    state: str | None = None
    wait_s: float = 30.0


@dataclass(frozen=True, slots=True)
class Accepted:
    """A run that will be answered.

    Attributes:
        run: its id.
        place: whose engine it is.
        plan: what it is pinned to.
        results: the folder for results of the project.
    """

    run: str
    place: Place
    plan: Plan
    results: Path


def submit(request: Request) -> Accepted:
    """Submit a run.

    Raises:
        BadInput: the file, the dag, an input or a setting is wrong, or the dag is not up, or is so as another version.
        EnvironmentLack: the state folder or its log cannot be used.
    """
    found = open_dag(request.spec)
    settings = resolve(found.import_root, {"state": request.state})
    signature = declaration_of(found.dag).signature
    plan = make_plan(found, "local", "")
    inputs = read_inputs(signature, request.pairs)
    place = Place(State(settings.state))

    async def accept() -> Accepted:
        async with _ingress(place) as ingress:
            deployed = await _deployed(ingress.plans, plan, request)
            submission = Submission(plan.graph.name, TENANT, request.key, request.priority)
            run = ingress.run_id(submission)
            tensors = await asyncio.to_thread(encoded, plan, signature, inputs, Sink(place.store, f"{TENANT}/{run}"))
            await ingress.accept(submission, run, deployed, tensors)
            return Accepted(str(run), place, plan, settings.results)

    return asyncio.run(accept())


def cancel(state: State, run: str, reason: str) -> None:
    """Ask for the end of a run.

    Raises:
        BadInput: the state folder gave out no such id.
        EnvironmentLack: the state folder or its log cannot be used.
    """

    async def ask() -> None:
        async with _ingress(Place(state)) as ingress:
            await ingress.cancel(run, reason)

    try:
        asyncio.run(ask())
    except Rejected as error:
        raise BadInput(Problem("no-run", run, str(error), write="`headrace logs` names the newest run")) from None


@asynccontextmanager
async def _ingress(place: Place) -> AsyncGenerator[Ingress]:
    async with place.log() as log:
        plans = Plans(log, TOPICS.name("plans"), place.store)
        following = asyncio.create_task(plans.follow())
        try:
            yield Ingress(log, TOPICS, plans, Exchanging(place.store), place.secret)
        finally:
            following.cancel()
            await asyncio.wait({following})


async def _deployed(plans: Plans, plan: Plan, request: Request) -> Deployed:
    """The plan of a dag that is up; the code here must be the code that is served."""
    try:
        deployed = await plans.of_dag(plan.graph.name, request.wait_s)
    except UnknownPlan as error:
        write = f"Start it in another terminal: headrace up {request.spec}"
        raise BadInput(Problem("not-up", plan.graph.name, "expects a dag that is up", str(error), write)) from None
    if deployed.plan.digest != plan.digest:
        got = f"version {plan.digest[:12]} here, {deployed.plan.digest[:12]} is up"
        write = f"Start it anew: headrace up {request.spec}"
        raise BadInput(Problem("other-version", plan.graph.name, "expects the version that is up", got, write))
    return deployed
