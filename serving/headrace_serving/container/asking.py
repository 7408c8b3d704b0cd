"""One question to a container engine: its program is run, and what it says is taken down."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from headrace_serving.container.engine import Engine


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


async def ask(engine: Engine, *words: str) -> Said:
    """Run the engine's program with ``words``; it is ended when the question is cancelled."""
    process = await asyncio.create_subprocess_exec(
        engine.path,
        *words,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,  # Ctrl-C in a terminal reaches the driver alone
    )
    try:
        text, complaint = await process.communicate()
    except asyncio.CancelledError:
        process.kill()
        await process.wait()
        raise
    return Said(process.returncode or 0, text.decode(errors="replace"), complaint.decode(errors="replace").strip())
