"""Model control of a running server over gRPC: who it is, what it loaded, load and unload. Decides nothing, bounds nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from headrace_serving.triton.errors import ControlFailed, LoadFailure, ModelLoadFailed
from headrace_serving.triton.settings import CHANNEL_OPTIONS

_READY = "READY"
_PREAMBLE = re.compile(
    r"^(?:load failed for model '[^']+': )?(?:version \d+ is at UNAVAILABLE state: )?(?:Internal|Invalid argument|Unknown): "
)
_REFUSED = ("StatusCode.INVALID_ARGUMENT", "StatusCode.INTERNAL")


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What a loaded model consists of.

    Attributes:
        in_stubs: whether it is served by stub processes.
        members: the models that it is an ensemble of; empty for others.
    """

    in_stubs: bool
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ModelState:
    """What the server's index says of one model.

    Attributes:
        ready: whether a version is loaded.
        reason: why not, where the server knows.
    """

    ready: bool
    reason: str


class Control:
    """A client of one server."""

    def __init__(self, client: Any) -> None:
        self._client = client

    @classmethod
    def connect(cls, address: str) -> Self:
        """A client for ``host:port``; connects when first used."""
        from tritonclient.grpc.aio import InferenceServerClient

        return cls(InferenceServerClient(address, channel_args=list(CHANNEL_OPTIONS)))

    async def identity(self) -> str:
        """The id that the server was started with."""
        return str((await self._ask("get_server_metadata")).name)

    async def index(self) -> Mapping[str, ModelState]:
        """All models of the repository; for one with several versions, the best of them."""
        states: dict[str, ModelState] = {}
        for entry in (await self._ask("get_model_repository_index")).models:
            if entry.name not in states or entry.state == _READY:
                states[entry.name] = ModelState(entry.state == _READY, plain_reason(entry.reason))
        return states

    async def facts(self, model: str) -> ModelFacts:
        """What a loaded model consists of."""
        config = (await self._ask("get_model_config", model)).config
        members = tuple(step.model_name for step in config.ensemble_scheduling.step)
        return ModelFacts(config.backend == "python", members)

    async def is_ready(self, model: str) -> bool:
        """Whether the server says so (it also does over a dead stub)."""
        return bool(await self._ask("is_model_ready", model))

    async def load(self, model: str) -> None:
        """Load a model; one that is loaded and unchanged stays as it is.

        Raises:
            ModelLoadFailed: the server refused, with its reason.
            ControlFailed: the server did not answer.
        """
        await self._change("load_model", model)

    async def unload(self, model: str) -> None:
        """Unload a model; returns at once, its processes live on for a second."""
        await self._change("unload_model", model)

    async def close(self) -> None:
        """Close the connection."""
        await self._client.close()

    async def _change(self, verb: str, model: str) -> None:
        from tritonclient.utils import InferenceServerException

        try:
            await getattr(self._client, verb)(model)
        except InferenceServerException as error:
            if error.status() in _REFUSED:
                raise ModelLoadFailed((LoadFailure(model, plain_reason(str(error.message()))),)) from None
            raise ControlFailed(f"{verb} of {model}: {error}") from None

    async def _ask(self, verb: str, *arguments: str) -> Any:
        from tritonclient.utils import InferenceServerException

        try:
            return await getattr(self._client, verb)(*arguments)
        except InferenceServerException as error:
            raise ControlFailed(f"{verb}: {error}") from None


def plain_reason(text: str) -> str:
    """Triton's reason for a failed load without the words it wraps around it."""
    return _PREAMBLE.sub("", text).removesuffix(";\n").strip()
