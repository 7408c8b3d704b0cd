"""Values of secrets kept out of what is written down: failures, what steps print, the server's log."""

from __future__ import annotations

import sys
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Self, TextIO, cast

from headrace_dags.graph import Node
from headrace_dags.secrets.environment import Environment
from headrace_dags.secrets.naming import named, redactor
from headrace_dags.secrets.redact import Redactor
from headrace_serving.failure import TaskFailed, TaskFailure
from headrace_serving.runtimes.contract import Executor, Take, Task
from headrace_serving.tensors import Tensor


def redactor_of(nodes: Iterable[Node], root: Path) -> Redactor:
    """What blacks out the secrets of ``nodes``, whose code lies below the import root ``root``."""
    uses = tuple(named(nodes))
    return redactor(uses, Environment.at(root)) if uses else Redactor()


def redacted(failure: TaskFailure, redact: Redactor) -> TaskFailure:
    """The failure without values of secrets."""
    return failure.retold(redact) if redact else failure


def redact_file(path: Path, redact: Redactor) -> None:
    """Black values out of a text file that nobody writes to any more; one that cannot be written stays as it is."""
    with suppress(OSError):
        if redact and path.is_file():
            text = path.read_text(encoding="utf-8", errors="surrogateescape")
            if (clean := redact(text)) != text:
                path.write_text(clean, encoding="utf-8", errors="surrogateescape")


class _Covered:
    """A text stream that writes no secret; all else is the stream's own."""

    def __init__(self, stream: TextIO, redact: Redactor) -> None:
        self._stream, self._redact = stream, redact

    def write(self, text: str) -> int:
        self._stream.write(self._redact(text))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        self._stream.writelines(map(self._redact, lines))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def cover_output(redact: Redactor) -> None:
    """Let nothing that this process prints show a secret, from now on to its end."""
    if redact:
        sys.stdout = cast("TextIO", _Covered(sys.stdout, redact))
        sys.stderr = cast("TextIO", _Covered(sys.stderr, redact))


@contextmanager
def covered_output(redact: Redactor) -> Generator[None]:
    """As :func:`cover_output`, while inside."""
    before = sys.stdout, sys.stderr
    cover_output(redact)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before


class RedactingExecutor:
    """An executor whose failures show no secret, whatever the server or an endpoint said.

    Args:
        inner: the executor.
        redact: knows the values.
    """

    def __init__(self, inner: Executor, redact: Redactor) -> None:
        self.name = inner.name
        self._inner = inner
        self._redact = redact

    async def __aenter__(self) -> Self:
        """Start; see the contract."""
        with self._redacting():
            await self._inner.__aenter__()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._inner.__aexit__(*exc)

    async def call(self, task: Task, inputs: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """Execute one task; see the contract."""
        with self._redacting():
            return await self._inner.call(task, inputs)

    async def stream(self, task: Task, inputs: Mapping[str, Tensor], take: Take) -> None:
        """Execute one task on a segment that streams; see the contract."""
        with self._redacting():
            await self._inner.stream(task, inputs, take)

    @contextmanager
    def _redacting(self) -> Generator[None]:
        try:
            yield
        except TaskFailed as failed:
            raise TaskFailed(redacted(failed.failure, self._redact)) from None
