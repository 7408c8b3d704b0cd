"""The check at every door: what comes in is validated, pinned to a plan and appended to the inbox. Accepted means: it is there."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from headrace_dags.record import canonical
from headrace_events.codec.events import Home
from headrace_events.codec.headers import NO_TRACE, Trace
from headrace_events.engine.events import Cancel, Submitted
from headrace_events.engine.runid import RunId, new_run_id, parse_run_id
from headrace_events.log.contract import Log
from headrace_events.plans import Deployed, Plans
from headrace_events.topics import Topics
from headrace_events.worker.exchanging import Exchanging
from headrace_serving.tensors import Tensor

DEFAULT_TENANT = "default"


class Rejected(ValueError):
    """Raised for a submission that cannot be handled, and so is not accepted: it says what was expected and what came."""


@dataclass(frozen=True, slots=True)
class Submission:
    """What somebody wants to be run.

    Attributes:
        dag: its name.
        tenant: who wants it.
        key: the same for a submission that is repeated: it is run once. Empty: each is a run of its own.
        priority: the higher, the earlier its tasks are ordered.
        trace: what it belongs to.
    """

    dag: str
    tenant: str = DEFAULT_TENANT
    key: str = ""
    priority: int = 0
    trace: Trace = NO_TRACE


@dataclass(frozen=True, slots=True)
class Ingress:
    """One door.

    Attributes:
        log: holds the inbox.
        topics: their names.
        plans: what is deployed.
        exchanging: puts large inputs into the store.
        secret: the installation's: run ids are signed with it.
    """

    log: Log
    topics: Topics
    plans: Plans
    exchanging: Exchanging
    secret: bytes

    def run_id(self, submission: Submission) -> RunId:
        """The id that a submission gets: a repeated one gets the same."""
        if not submission.key:
            return new_run_id(self.secret, self.topics.partitions)
        name = canonical([submission.tenant, submission.dag, submission.key])
        bits = hashlib.sha256(name).hexdigest()[:32]
        return new_run_id(self.secret, self.topics.partitions, bits)

    async def accept(
        self, submission: Submission, run: RunId, deployed: Deployed, inputs: Mapping[str, Tensor]
    ) -> None:
        """Append a run to the inbox; once this returns, it will be answered.

        Args:
            submission: what is wanted.
            run: its id, as :meth:`run_id` gave it; media among the inputs lie under it.
            deployed: the plan it is pinned to.
            inputs: by name, encoded as the plan says.

        Raises:
            Rejected: the inputs are not those of the dag.
            LogError: the log refuses; nothing is accepted.
        """
        plan = deployed.plan
        flows = {port.name: flow for port, flow in zip(plan.graph.inputs, plan.inputs, strict=True)}
        if strange := sorted(set(inputs) - set(flows)):
            raise Rejected(f"{submission.dag} has no input {', '.join(strange)}; it takes {', '.join(flows) or 'none'}")
        for name, tensor in inputs.items():
            if not flows[name].many and tensor.items != 1:
                raise Rejected(f"{submission.dag}.{name}: expects one item, got {tensor.items}")
        packed, parts = await self.exchanging.pack(f"{submission.tenant}/{run}", inputs, flows)
        event = Submitted(
            run=str(run), plan=plan.digest, inputs=packed, tenant=submission.tenant, priority=submission.priority
        )
        home = Home(self.topics.name("inbox"), run.partition, str(run), submission.trace)
        await self.log.append(home.draft(event, parts))

    async def cancel(self, run: str, reason: str = "") -> None:
        """Ask for the end of a run.

        Raises:
            Rejected: this installation did not give out such an id.
        """
        try:
            found = parse_run_id(run, self.secret)
        except ValueError as error:
            raise Rejected(str(error)) from None
        await self.log.append(Home(self.topics.name("inbox"), found.partition, run).draft(Cancel(reason=reason)))
