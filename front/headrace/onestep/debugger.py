"""What ``--pdb`` opens at a failure."""

from __future__ import annotations

from dataclasses import dataclass

from headrace.terminal import remark
from headrace_dags.running.failing import NodeFailed


@dataclass(frozen=True, slots=True)
class Debugger:
    """Looks at what was raised, if it is wanted."""

    on: bool = False

    def look(self, error: BaseException) -> None:
        """Open the debugger where the user's code raised; returns when it is left."""
        if not self.on:
            return
        if isinstance(error, NodeFailed) and error.fault == "output":
            remark(f"{error}. The body had returned: there is no frame to look at.")
            return
        import pdb  # noqa: T100  # what was asked for

        cause = error.__cause__ if isinstance(error, NodeFailed) and error.__cause__ else error
        remark(f"{type(cause).__name__}: {cause}")
        pdb.post_mortem(cause.__traceback__)
