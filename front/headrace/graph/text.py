"""How wide a text will be, without a font at hand: advance widths of a common sans-serif, in thousandths of its size."""

from __future__ import annotations

_NARROW = frozenset("iljtfrI.,:;'|!()[] ·-")
_WIDE = frozenset("mwMW@%—…")


def width_px(text: str, size_px: float, *, bold: bool = False) -> float:
    """Pixels that ``text`` takes at ``size_px``; a little too much rather than too little."""
    units = sum(
        0.34 if sign in _NARROW else 0.9 if sign in _WIDE else 0.66 if sign.isupper() else 0.56 for sign in text
    )
    return units * size_px * (1.07 if bold else 1.0)
