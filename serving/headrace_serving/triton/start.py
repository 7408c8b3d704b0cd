"""From a process that was spawned to a server that has loaded its models, or to the reason why not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from headrace_dags.errors import EnvironmentLack
from headrace_serving.triton.control import Control, ModelFacts, ModelState
from headrace_serving.triton.errors import LoadFailure, ModelLoadFailed, PortConflict, ServerDead
from headrace_serving.triton.housing import Running
from headrace_serving.triton.log import ServerLog
from headrace_serving.triton.settings import Endpoint, ServerSettings

_CONFLICT_S = 3.0


@dataclass(frozen=True, slots=True)
class Start:
    """One start of a server: what was asked for, and what to ask about it.

    Attributes:
        settings: what was asked for.
        process: what was started.
        control: its model control.
        endpoint: where it is to answer.
        log: what it prints.
        lack: the error for a message that says that shared memory ran out.
    """

    settings: ServerSettings
    process: Running
    control: Control
    endpoint: Endpoint
    log: ServerLog
    lack: Callable[[str], EnvironmentLack | None]

    async def loaded(self, identity: str) -> Mapping[str, ModelFacts]:
        """Wait until the server answers under ``identity`` with every model loaded; what each model consists of.

        Raises:
            ModelLoadFailed: models that did not load.
            EnvironmentLack: they did not because shared memory ran out.
            PortConflict, ServerDead: it does not answer.
            ControlFailed: it stopped answering.
        """
        await self._listening()
        await self._check_identity(identity)
        return await self._check_loaded()

    def failed(self, how: str) -> Exception:
        """The error for a server that does not come up; a port that was taken is told apart."""
        port = self.log.taken_port()
        return PortConflict(port) if port else ServerDead(how, self.log.path, self.log.excerpt())

    async def _listening(self) -> None:
        await self.process.listening()
        if self.process.exited.done():
            raise self.failed(f"a server that {self.process.exited.result()} before it was ready")

    async def _check_identity(self, identity: str) -> None:
        """Make sure that it is our server that answers, not one that took the port a moment before ours."""
        asking = asyncio.ensure_future(self.control.identity())
        try:
            await asyncio.wait({asking, self.process.exited}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            asking.cancel()  # who took the port may never answer; ours then ends
        (answered,) = await asyncio.gather(asking, return_exceptions=True)
        if answered != identity:
            await asyncio.wait({self.process.exited}, timeout=_CONFLICT_S)
            raise self.failed(f"something else at {self.endpoint.grpc} ({answered or 'no answer'})")

    async def _check_loaded(self) -> Mapping[str, ModelFacts]:
        index = await self.control.index()
        failures = self._failures(index)
        if failures:
            lack = next(filter(None, (self.lack(each.message) for each in failures)), None)
            raise lack or ModelLoadFailed(failures, self.log.excerpt())
        return {model: await self.control.facts(model) for model, state in index.items() if state.ready}

    def _failures(self, index: Mapping[str, ModelState]) -> tuple[LoadFailure, ...]:
        """Models that failed with a reason of their own first, then those that only lack a member."""
        unknown = ModelState(ready=False, reason="")
        reasons = {model: state.reason for model, state in index.items() if state.reason and not state.ready}
        for model in self.settings.models:
            if model not in reasons and not index.get(model, unknown).ready:
                reasons[model] = self.log.complaints(model) or "not in the model repository"
        return tuple(LoadFailure(model, reason) for model, reason in reasons.items())
