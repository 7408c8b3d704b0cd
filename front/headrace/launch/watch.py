"""``headrace run --watch``: a run in a process of its own, and another one after each change. Ctrl-C ends both.

A process a run: whatever an edit breaks or leaves behind in memory, the next run begins anew.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from watchfiles import watch

from headrace.launch.watched import Watched
from headrace.terminal import Ink, near, remark
from headrace_dags.errors import Exit, HeadraceError

_LOOK_MS = 100
_MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class Loop:
    """What is run again and again.

    Attributes:
        command: the arguments of ``headrace``.
        depends: tells which files count; asked again before each run, for an edit may import more.
        paint: for what is said on the standard error.
    """

    command: Sequence[str]
    depends: Callable[[], Watched]
    paint: Ink

    def go(self) -> Exit:
        """Run, wait for a change, run again.

        Returns:
            That somebody pressed Ctrl-C while a run was going on; the run has said so, and has ended.

        Raises:
            KeyboardInterrupt: Ctrl-C while nothing ran.
            BadInput: there is nothing to run to begin with.
        """
        files = self.depends()
        while True:
            with closing(_changes(files)) as changes:
                next(changes)  # from here on no change is missed
                with _running(self.command) as run:
                    try:
                        changed = self._wait(run, changes, files)
                    except KeyboardInterrupt:
                        if run.poll() is None:
                            return Exit.INTERRUPTED
                        raise
            self._say(f"Changed: {_named(changed)}")
            files = self._after(files)

    def _wait(
        self, run: subprocess.Popen[bytes], changes: Iterable[frozenset[Path]], files: Watched
    ) -> frozenset[Path]:
        """The files of the next change that concerns the run; says when the run is over."""
        over = False
        for changed in changes:
            if not over and run.poll() is not None:
                over = True
                count = len([file for file in files.files if file.exists()])
                self._say(f"Watching {count} file{'s' if count != 1 else ''}; Ctrl-C ends.")
            if concerned := frozenset(path for path in changed if files.concerns(path)):
                return concerned
        raise KeyboardInterrupt

    def _after(self, before: Watched) -> Watched:
        """What counts after a change. What counted before still does: a broken file imports nothing while it is broken."""
        try:
            return before.also(self.depends().files)
        except HeadraceError:  # the file is gone, which the next run tells
            return before

    def _say(self, text: str) -> None:
        remark(self.paint("soft", text))


def _changes(files: Watched) -> Generator[frozenset[Path]]:
    """The paths of each change, an edit's several events together; nothing, now and then, while there is none."""
    places = sorted(files.places)
    for changes in watch(*places, watch_filter=None, rust_timeout=_LOOK_MS, yield_on_timeout=True, recursive=False):
        yield frozenset(Path(path) for _, path in changes)


@contextmanager
def _running(command: Sequence[str]) -> Generator[subprocess.Popen[bytes]]:
    """A run while inside; leaving ends it as Ctrl-C does, which a second Ctrl-C cuts short.

    It has a process group of its own, so that a terminal's Ctrl-C reaches it once, from here.
    """
    words = [sys.executable, "-P", "-m", "headrace", *command]
    run = subprocess.Popen(words, stdin=subprocess.DEVNULL, process_group=0)  # noqa: S603  # ourselves
    try:
        yield run
    finally:
        _end(run)


def _end(run: subprocess.Popen[bytes]) -> None:
    if run.poll() is None:
        run.send_signal(signal.SIGINT)
    try:
        run.wait()
    except KeyboardInterrupt:
        run.kill()
        run.wait()
        raise


def _named(paths: Iterable[Path]) -> str:
    names = sorted(near(path) for path in paths)
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return f"{', '.join(names[:_MOST_NAMED])}{more}"
