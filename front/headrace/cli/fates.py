"""Whether what went wrong is tried again, and how runs end. What the engine decides is read from the engine."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from headrace.cli.codes import GROUP_OF
from headrace_events.engine.retry import INFRASTRUCTURE, MAX_FAULTS, OWN_FAULT

ENDINGS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "succeeded": "its outputs are there, though a join may have done without something",
        "failed": "an output cannot be made, because a step failed for good",
        "expired": "its `deadline=` passed",
        "cancelled": "somebody stopped it",
    }
)
"""How a run ends, as a clause each."""

_USUAL: Mapping[str, str] = {
    "The machine": "Final: nothing has started, or the run ends with it.",
    "The server and the engine": "Final.",
    "Failures of steps": "Final.",
}
_NOTHING_BEGAN = "Final: nothing has started."
_OF_STEP = "Tried again as often as the step's `with_(retry=)` says, by default never."
_OF_SERVER = f"Tried again up to {MAX_FAULTS} times, whatever `retry=` says; final where no task had begun."
_OTHERS: Mapping[str, str] = {
    **dict.fromkeys(OWN_FAULT, _OF_STEP),
    **dict.fromkeys(INFRASTRUCTURE, _OF_SERVER),
    "model-crashed": f"The process is replaced and the call made again, alone; then it counts as `step`. {_OF_STEP}",
    "server-dead": "Final, once the server has been started again as often as it may be.",
    "server-stopped": _OF_SERVER,
}


def again(code: str) -> str:
    """Whether what ended with ``code`` is tried again, as sentences.

    Raises:
        KeyError: no error carries it, or a rule does.
    """
    usual = _USUAL.get(GROUP_OF[code], _NOTHING_BEGAN)
    return _OTHERS.get(code, usual)
