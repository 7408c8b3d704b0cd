"""How far something is that has steps, as text."""

from __future__ import annotations


def counted(what: str, step: int, steps: int) -> str:
    """``what``, and the step that it is at; before the first only ``what``."""
    return f"{what} (step {step} of {steps})" if step else what
