"""The command that serves a repository without supervision, for a person's shell. Starts nothing."""

from __future__ import annotations

import shlex
from collections.abc import Iterable

from headrace_serving.triton.ports import LOOPBACK
from headrace_serving.triton.probe import Installation


def command_by_hand(models: Iterable[str], parts: Installation) -> str:
    """A line for a POSIX shell in the folder that holds ``models/`` and ``backends/``. Only this machine can connect.

    Args:
        models: what to load.
        parts: the server of the wheel.
    """
    arguments = (
        str(parts.server),
        "--model-repository=models",
        "--backend-directory=backends",
        "--model-control-mode=explicit",
        "--disable-auto-complete-config",
        *(f"--{service}-address={LOOPBACK}" for service in ("http", "grpc", "metrics")),
        *(f"--load-model={model}" for model in models),
    )
    programs, libraries = shlex.quote(str(parts.programs)), shlex.quote(":".join(map(str, parts.libraries)))
    return f'PATH={programs}:"$PATH" LD_LIBRARY_PATH={libraries} {shlex.join(arguments)}'
