"""One question to a container engine: its program is run, and what it says is taken down."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass

from headrace_dags.errors import EnvironmentLack, Problem
from headrace_serving.container.engine import Engine

ANSWER_LIMIT_S = 60.0
"""Most seconds that a question takes: engines on busy machines take their time, and one that hangs never answers."""


@dataclass(frozen=True, slots=True)
class Said:
    """What an engine answered.

    Attributes:
        code: exit code of its program.
        text: standard output.
        complaint: standard error.
    """

    code: int
    text: str
    complaint: str


async def ask(engine: Engine, *words: str, limit_s: float = ANSWER_LIMIT_S) -> Said:
    """Run the engine's program with ``words``; it is ended when the question is cancelled.

    Args:
        engine: what is asked.
        words: the question.
        limit_s: most seconds that it takes.

    Raises:
        EnvironmentLack: code ``container-engine``: it took longer.
    """
    process = await asyncio.create_subprocess_exec(
        engine.path,
        *words,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,  # Ctrl-C in a terminal reaches the driver alone
    )
    try:
        async with asyncio.timeout(limit_s):
            text, complaint = await process.communicate()
    except TimeoutError:
        raise unanswered(engine, f"{engine.kind} {' '.join(words[:2])}", limit_s) from None
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    return Said(process.returncode or 0, text.decode(errors="replace"), complaint.decode(errors="replace").strip())


def unanswered(engine: Engine, question: str, limit_s: float) -> EnvironmentLack:
    """The error for an engine that did not answer in time.

    Args:
        engine: which did not.
        question: what it was asked, in its own words.
        limit_s: seconds that were waited.
    """
    write = f"See whether {engine.kind} info answers, restart the engine, or use the runtime inprocess"
    got = f"no answer in {limit_s:g} s"
    return EnvironmentLack(Problem("container-engine", "runtime container", f"expects `{question}` to end", got, write))
