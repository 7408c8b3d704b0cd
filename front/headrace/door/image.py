"""Decoded images from image files, in the channels the port wants."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from headrace.door.unfit import Unfit
from headrace_dags.graph import PortType

if TYPE_CHECKING:
    import numpy as np

    Pixels = np.ndarray[Any, np.dtype[np.uint8]]

_MODES = {0: "L", 1: "L", 2: "LA", 4: "RGBA"}


def image(kind: PortType, path: Path) -> Pixels:
    """The pixels, turned as the camera says; RGB where the port does not fix other channels.

    Raises:
        Unfit: no image that can be decoded.
    """
    import numpy as np
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with Image.open(path) as file:
            upright = ImageOps.exif_transpose(file)
            pixels = np.asarray(upright.convert(_mode(kind)))
    except UnidentifiedImageError:
        raise Unfit("input-image", f"expects {kind}", f"{path.name}, which is no image that Pillow knows") from None
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise Unfit("input-image", f"expects {kind}", f"{path.name}, which cannot be decoded ({error})") from None
    return pixels[..., np.newaxis] if pixels.ndim == 2 and len(kind.axes) == 3 else pixels


def _mode(kind: PortType) -> str:
    channels = kind.sizes[2] if len(kind.axes) == 3 else 0
    return "RGB" if len(kind.axes) == 3 and channels < 0 else _MODES.get(channels, "RGB")
