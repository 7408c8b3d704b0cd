"""The peer: the same two trivial steps as a Ray Serve composition, at its best: called by a handle from the driver, without a proxy,
and with room for all requests in flight at each deployment (its default of five makes 64 in flight queue at the router).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module
from typing import Any

from benchmarks.rounds import Call


@asynccontextmanager
async def composition() -> AsyncIterator[Call]:
    """Two deployments, the first calling the second; no HTTP or gRPC proxy is started."""
    ray: Any = import_module("ray")  # Any: its decorators are untyped
    serve: Any = import_module("ray.serve")

    await asyncio.to_thread(
        ray.init, num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR
    )
    await asyncio.to_thread(serve.start, proxy_location="Disabled", logging_config={"log_level": "ERROR"})

    class Second:
        async def __call__(self, text: str) -> str:
            return text

    class First:
        def __init__(self, after: Any) -> None:
            self.after = after

        async def __call__(self, text: str) -> str:
            result: str = await self.after.remote(text)
            return result

    deployed: Any = serve.deployment(max_ongoing_requests=100, ray_actor_options={"num_cpus": 0.1})
    first, second = deployed(First), deployed(Second)
    handle = await asyncio.to_thread(serve.run, first.bind(second.bind()), route_prefix=None)

    async def call() -> object:
        return await handle.remote("hello")

    try:
        yield call
    finally:
        await asyncio.to_thread(serve.shutdown)
        await asyncio.to_thread(ray.shutdown)
