"""Where in the user's source the dag's body is right now. Walks frames only; reading source would be slow."""

from __future__ import annotations

import dis
import sys
from collections.abc import Iterator
from types import FrameType, TracebackType

from headrace_dags.errors import Location

_UNPACK = dis.opmap["UNPACK_SEQUENCE"]
_UNPACK_REST = dis.opmap["UNPACK_EX"]
_SPREAD = frozenset(dis.opmap[name] for name in ("CALL_FUNCTION_EX", "LIST_EXTEND", "SET_UPDATE"))
_KEYWORDS = frozenset(dis.opmap[name] for name in ("DICT_MERGE", "DICT_UPDATE"))


def frame_in(file: str) -> FrameType | None:
    """The innermost frame that runs code of ``file``: the dag's body, or a function beside it that helps to wire."""
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  # inspect.stack() reads files
    while frame is not None and frame.f_code.co_filename != file:
        frame = frame.f_back
    return frame


def caller_opens() -> bool:
    """Whether the code that called the function which asks may be opening a file."""
    frame = sys._getframe(2)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
    return "open" in frame.f_code.co_names


def unpacked(frame: FrameType | None) -> int:
    """How many values the frame is about to unpack; 0 where it unpacks nothing."""
    if frame is None:
        return 0
    code, at = frame.f_code.co_code, frame.f_lasti
    if code[at] == _UNPACK:
        return code[at + 1]
    return code[at + 1] + 1 if code[at] == _UNPACK_REST else 0


def spread(frame: FrameType | None) -> bool:
    """Whether the frame is about to spread a value with ``*``."""
    return frame is not None and frame.f_code.co_code[frame.f_lasti] in _SPREAD


def caller_spreads_keywords() -> bool:
    """Whether the code that called the function which asks is about to spread a value with ``**``."""
    frame = sys._getframe(2)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
    return frame.f_code.co_code[frame.f_lasti] in _KEYWORDS


def importing(module: str) -> Location | None:
    """The line of ``module`` that runs while it is imported; ``None`` where it has been, or runs as a script."""
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
    while frame is not None:
        if frame.f_code.co_name == "<module>" and frame.f_globals.get("__name__") == module:
            scripts = module == "__main__" or module.startswith("<")
            return None if scripts else Location(frame.f_code.co_filename, frame.f_lineno)
        frame = frame.f_back
    return None


def raised_in(trace: TracebackType | None, file: str) -> Location | None:
    """The innermost line of ``file`` that an exception went through."""
    lines = [line for frame, line in _walk(trace) if frame.f_code.co_filename == file]
    return Location(file, lines[-1]) if lines else None


def _walk(trace: TracebackType | None) -> Iterator[tuple[FrameType, int]]:
    while trace is not None:
        yield trace.tb_frame, trace.tb_lineno
        trace = trace.tb_next
