"""The decoded types that users write on ports. Static checkers see numpy's types; at run time numpy is not loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, TypeAlias, TypeVar

from headrace_dags.layout import Axis, BatchAxis, Layout

T = TypeVar("T")

Text: TypeAlias = str
"""Text. ``str`` on a port means the same."""

if TYPE_CHECKING:
    import numpy as np

    Image: TypeAlias = Annotated[np.ndarray[tuple[int, int, int], np.dtype[np.uint8]], Layout("image", "h w c")]
    """A decoded image: uint8, height x width x channels (3: RGB)."""
    Audio: TypeAlias = Annotated[np.ndarray[tuple[int], np.dtype[np.float32]], Layout("audio", "t", rate=16_000)]
    """Decoded mono sound: float32 in -1 to 1, 16,000 samples per second."""
    Embedding: TypeAlias = Annotated[np.ndarray[tuple[int], np.dtype[np.float32]], Layout("embedding", "d")]
    """A vector: float32, of any length; ``Annotated`` with a :class:`Layout` of one's own fixes the length."""
else:
    Image = Annotated[Any, Layout("image", "h w c", dtype="uint8")]
    Audio = Annotated[Any, Layout("audio", "t", rate=16_000, dtype="float32")]
    Embedding = Annotated[Any, Layout("embedding", "d", dtype="float32")]

Many: TypeAlias = Annotated[list[T], Axis()]
"""Many items, in order: an axis of the dag. ``.map`` runs a step for each."""

Batch: TypeAlias = Annotated[list[T], BatchAxis()]
"""The items that a batched body handles together; its callers see single items."""
