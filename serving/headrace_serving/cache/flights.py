"""Single flight: of equal calls that are on their way at once one is made, and the others wait for what it gives."""

from __future__ import annotations

import asyncio
from collections.abc import Generator, Hashable, Iterable, Mapping
from contextlib import contextmanager
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Flights(Generic[K, V]):
    """The calls on their way, by key. For the tasks of one event loop."""

    def __init__(self) -> None:
        self._waiting: dict[K, asyncio.Future[V | None]] = {}

    @contextmanager
    def taken(self, keys: Iterable[K]) -> Generator[dict[K, V], None, None]:
        """Make the calls ``keys``, on which nobody is; what is put into the mapping is what those who wait are given.

        Leaving without a value for a key, as after a failure, lets one of them make that call.
        """
        mine = list(keys)
        loop = asyncio.get_running_loop()
        self._waiting |= {key: loop.create_future() for key in mine}
        made: dict[K, V] = {}
        try:
            yield made
        finally:
            for key in mine:
                self._waiting.pop(key).set_result(made.get(key))

    def under_way(self, keys: Iterable[K]) -> dict[K, asyncio.Future[V | None]]:
        """Those of the keys on which somebody is."""
        return {key: self._waiting[key] for key in keys if key in self._waiting}


async def landed(waiting: Mapping[K, asyncio.Future[V | None]]) -> dict[K, V]:
    """What calls that others make give, as far as they succeed; cancelling this disturbs none of them."""
    if waiting:
        await asyncio.wait(waiting.values())
    results = ((key, future.result()) for key, future in waiting.items())
    return {key: value for key, value in results if value is not None}
