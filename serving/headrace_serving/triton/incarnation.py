"""One start of the server: process, control, stubs and what was loaded. It reports deaths, and repairs one model when told to."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Self

from headrace_serving.triton.control import Control, ModelFacts
from headrace_serving.triton.errors import (
    ControlFailed,
    ModelCrashed,
    StartTimedOut,
)
from headrace_serving.triton.housing import Housing, Running
from headrace_serving.triton.log import ServerLog
from headrace_serving.triton.settings import Endpoint, ServerSettings
from headrace_serving.triton.start import Start
from headrace_serving.triton.stubs import Stub

Probe = Callable[[], Awaitable[None]]

_STOP_MARGIN_S = 2.0
_CONFIRM_S = 0.3


@dataclass(frozen=True, slots=True)
class Death:
    """A process that died by itself.

    Attributes:
        model: the model whose stub it was; empty for the server.
        how: a sentence.
    """

    model: str
    how: str


class Incarnation:
    """A running server.

    Attributes:
        facts: what each loaded model consists of.
        on_death: told of each death the moment it happens.
    """

    def __init__(self, settings: ServerSettings, process: Running, start: Start) -> None:
        self.facts: Mapping[str, ModelFacts] = {}
        self.on_death: Callable[[Death], None] = lambda _death: None
        self._deaths: dict[str, Death] = {}
        self._news = asyncio.Event()
        self._abandoned: set[str] = set()
        self._settings = settings
        self._process = process
        self._log = start.log
        self._control = start.control
        self._start = start
        process.on_stub_death = self._stub_died
        process.exited.add_done_callback(self._server_died)

    @classmethod
    async def start(cls, settings: ServerSettings, housing: Housing, endpoint: Endpoint, probe: Probe | None) -> Self:
        """Start a server and wait until it answers; leaves nothing behind when it fails.

        Raises:
            PortConflict: a port of ``endpoint`` is in use.
            ModelLoadFailed, EnvironmentLack, ModelCrashed, ServerDead, StartTimedOut: as their docstrings say.
            Exception: whatever ``probe`` raises.
        """
        identity = f"headrace-{secrets.token_hex(6)}-"
        log = ServerLog.from_now(settings.log)
        control = Control.connect(endpoint.grpc)
        process = await housing.start(settings, endpoint, identity)
        started = cls(settings, process, Start(settings, process, control, endpoint, log, housing.lack))
        try:
            await started._become_ready(identity, probe)
        except BaseException:
            await started.kill()
            raise
        return started

    @property
    def pid(self) -> int:
        """Process id of the server."""
        return self._process.pid

    @property
    def wounded(self) -> frozenset[str]:
        """The models that have died and were not repaired since; the empty name is the server."""
        return frozenset(self._deaths)

    async def death(self) -> Death:
        """Wait until something has died that was not repaired since; the server before its models."""
        while not self._deaths:
            self._news.clear()
            await self._news.wait()
        return self._deaths.get("") or next(iter(self._deaths.values()))

    def dependents(self, model: str) -> frozenset[str]:
        """``model`` and every model that cannot answer without it."""
        needs = {name: (*facts.members, *self._settings.needs.get(name, ())) for name, facts in self.facts.items()}
        found = {model}
        while grown := {name for name, needed in needs.items() if name not in found and found.intersection(needed)}:
            found |= grown
        return frozenset(found)

    async def repair(self, model: str) -> None:
        """Unload and load ``model``, and load again what Triton dropped with it.

        Raises:
            ModelLoadFailed, ControlFailed: it did not come back.
        """
        limit_s = self._settings.start_timeout_s
        self._process.retire(model)
        died = self._deaths.pop(model, None)
        try:
            async with asyncio.timeout(limit_s):
                await self._reload(model)
        except BaseException as error:
            if died:
                self._deaths.setdefault(model, died)
            if isinstance(error, TimeoutError):
                raise ControlFailed(f"repair of {model}: not done in {limit_s:g} s") from None
            raise
        await self._adopt()

    async def _reload(self, model: str) -> None:
        await self._control.unload(model)
        await self._control.load(model)
        for dependent in self.dependents(model) - {model}:
            if not await self._control.is_ready(dependent):
                await self._control.load(dependent)

    def abandon(self, model: str) -> None:
        """Let a model be: it stays dead and is not reported again."""
        self._abandoned.add(model)
        self._process.retire(model)
        self._deaths.pop(model, None)

    def end_stubs(self, model: str) -> None:
        """Kill the stubs of a model that hangs; their deaths are reported like any other."""
        self._process.end_stubs(model)

    def excerpt(self) -> str:
        """The last lines of the log."""
        return self._log.excerpt()

    async def stop(self) -> None:
        """Stop in order; kills what does not stop in time. Leaves no process, no shared memory and no port."""
        patience_s = self._settings.exit_timeout_s
        await self._close(self._process.stop(patience_s + _STOP_MARGIN_S if patience_s else 0))

    async def kill(self) -> None:
        """Kill everything at once; leaves as little behind as :meth:`stop`."""
        await self._close(self._process.stop(grace_s=0))

    async def _close(self, ending: Awaitable[None]) -> None:
        self._process.exited.remove_done_callback(self._server_died)
        self.on_death = lambda _death: None
        try:
            await ending
        finally:
            with contextlib.suppress(Exception):
                await self._control.close()

    async def _become_ready(self, identity: str, probe: Probe | None) -> None:
        limit_s = self._settings.start_timeout_s
        limit = asyncio.timeout(limit_s)
        try:
            async with limit:
                self.facts = await self._start.loaded(identity)
                await self._adopt()
                if probe:
                    await self._pass(probe)
        except TimeoutError:
            if not limit.expired():
                raise  # the probe's own
            raise StartTimedOut(limit_s, self._log.still_loading(), self._log.path, self.excerpt()) from None
        except ControlFailed as error:
            raise self._start.failed(str(error)) from None

    async def _adopt(self) -> None:
        """Watch the new stubs; one that should be there and is not has died already."""
        living = await self._process.adopt()
        for model, facts in self.facts.items():
            if facts.in_stubs and model not in self._abandoned and not living.get(model):
                self._report(Death(model, f"the process of model {model} died as soon as it had loaded"))

    async def _pass(self, probe: Probe) -> None:
        """Run the probe; a death meanwhile ends it, for a call on a dead stub fails late or never."""
        probing = asyncio.ensure_future(probe())
        death = asyncio.ensure_future(self.death())
        try:
            await asyncio.wait({probing, death}, return_when=asyncio.FIRST_COMPLETED)
            if probing.done() and probing.exception():
                await asyncio.wait({death}, timeout=_CONFIRM_S)  # the error may come before the news that explains it
            if death.done():
                # Stubs die with their server, and the news of them may come first.
                await asyncio.wait({self._process.exited}, timeout=_CONFIRM_S)
                raise self._fatal(await self.death())
            probing.result()
        finally:
            for task in (probing, death):
                task.cancel()
            await asyncio.gather(probing, death, return_exceptions=True)

    def _fatal(self, death: Death) -> Exception:
        return ModelCrashed(death.model, death.how, 1) if death.model else self._start.failed(death.how)

    def _stub_died(self, stub: Stub, how: str) -> None:
        self._report(Death(stub.model, f"process {stub.pid} of model {stub.model} {how}"))

    def _server_died(self, exited: asyncio.Future[str]) -> None:
        self._report(Death("", f"the server (process {self.pid}) {exited.result()}"))

    def _report(self, death: Death) -> None:
        self._deaths[death.model] = death
        self._news.set()
        self.on_death(death)
