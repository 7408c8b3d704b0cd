"""Cut a traceback to what the user wrote: no frames of Headrace, of libraries or of Python itself while others are left."""

from __future__ import annotations

import sys
import sysconfig
import traceback
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from headrace_dags.errors import Location
from headrace_dags.running.failing import NodeFailed

MOST_CHARACTERS = 3_000
"""How long a traceback may be in a record or a report."""

_LINE_CHARACTERS = 400
_OURS = ("headrace", "headrace_dags", "headrace_modelmesh", "headrace_serving", "headrace_events", "headrace_pipelines")
_LIBRARIES = {"site-packages", "dist-packages"}


def user_frames(exc: BaseException, roots: Iterable[Path] = ()) -> str:
    """The traceback of ``exc`` as text, cut to the user's frames, oldest first; its causes come before it.

    Args:
        exc: what was raised; of a NodeFailed its cause is taken.
        roots: the import roots; without any, all code counts as the user's that is not Headrace's or a library's.

    Returns:
        At most :data:`MOST_CHARACTERS` characters; where there are more, the oldest lines are left out.
    """
    report = traceback.TracebackException.from_exception(_users(exc))
    folders = [root.resolve() for root in roots]
    waiting, seen = [report], set[int]()
    while waiting:
        each = waiting.pop()
        if id(each) not in seen:
            seen.add(id(each))
            each.stack = traceback.StackSummary.from_list(_kept(each.stack, folders))
            waiting.extend(_linked(each))
    return _shortened("".join(report.format()).splitlines())


def _linked(report: traceback.TracebackException) -> Iterator[traceback.TracebackException]:
    """What is shown beside an exception: what it came from, and the exceptions of a group."""
    yield from report.exceptions or ()
    if report.__cause__:
        yield report.__cause__
    elif report.__context__ and not report.__suppress_context__:
        yield report.__context__


def innermost_location(exc: BaseException, roots: Iterable[Path] = ()) -> Location | None:
    """The line of the user's code where ``exc`` was raised; ``None`` where no line of theirs is known.

    Args:
        exc: what was raised; of a NodeFailed its cause is taken; of a SyntaxError the line is the one at fault.
        roots: the import roots, as in :func:`user_frames`.
    """
    error = _users(exc)
    if isinstance(error, SyntaxError) and error.filename:
        return Location(error.filename, error.lineno or 1)
    folders = [root.resolve() for root in roots]
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if _is_users(frame.filename, folders)]
    return Location(frames[-1].filename, frames[-1].lineno or 1) if frames else None


def _users(exc: BaseException) -> BaseException:
    return exc.__cause__ if isinstance(exc, NodeFailed) and exc.__cause__ else exc


def _kept(frames: Sequence[traceback.FrameSummary], roots: Sequence[Path]) -> list[traceback.FrameSummary]:
    """The user's frames; where there are none, those that are not ours; where there are none either, the innermost."""
    users = [frame for frame in frames if _is_users(frame.filename, roots)]
    return users or [frame for frame in frames if not _is_ours(Path(frame.filename))] or list(frames[-1:])


def _is_users(file: str, roots: Sequence[Path]) -> bool:
    path = Path(file)
    if file.startswith("<") or _is_ours(path) or _LIBRARIES & set(path.parts):
        return False
    if roots:
        return any(path.is_relative_to(root) for root in roots)
    return not path.is_relative_to(sysconfig.get_path("stdlib"))


def _is_ours(path: Path) -> bool:
    modules = [sys.modules[name] for name in _OURS if name in sys.modules]
    return any(path.is_relative_to(Path(module.__file__).parent) for module in modules if module.__file__)


def _shortened(lines: Sequence[str]) -> str:
    """The last lines that fit, each cut where it is very long."""
    kept: list[str] = []
    left = MOST_CHARACTERS - len("...\n")
    for line in reversed(lines):
        cut = line if len(line) <= _LINE_CHARACTERS else f"{line[: _LINE_CHARACTERS - 3]}..."
        left -= len(cut) + 1
        if left < 0:
            kept.append("...")
            break
        kept.append(cut)
    return "\n".join(reversed(kept))
