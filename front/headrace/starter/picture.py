"""The sample input: a sunset, painted by arithmetic."""

from __future__ import annotations

import io

WIDTH_PX, HEIGHT_PX = 480, 320
_SUN = (300.0, 178.0, 42.0)
"""Centre and radius of the sun, in pixels."""


def sunset() -> bytes:
    """A PNG of a low sun over water."""
    import numpy as np
    from PIL import Image

    down, across = np.mgrid[0:HEIGHT_PX, 0:WIDTH_PX].astype(np.float32)
    height = down / HEIGHT_PX
    sky = np.stack([150 + 105 * height, 60 + 110 * height, 110 - 40 * height], axis=-1)
    distance = np.hypot(across - _SUN[0], down - _SUN[1])
    glow = np.exp(-distance / 90)[..., None] * np.array([60, 70, 20])
    image = np.where((distance < _SUN[2])[..., None], np.array([255, 225, 140]), sky + glow)
    ripple = 22 * np.sin(down * 0.9 + 0.5 * np.sin(across / 23)) * np.exp(-np.abs(across - _SUN[0]) / 70)
    water = np.stack([120 + 0.3 * across * 0.3 + ripple, 55 + ripple, 80 + 0.6 * ripple], axis=-1)
    image = np.where((down > 200)[..., None], water, image)
    stream = io.BytesIO()
    Image.fromarray(image.clip(0, 255).astype(np.uint8)).save(stream, "PNG", optimize=True)
    return stream.getvalue()
