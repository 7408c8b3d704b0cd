"""What can go wrong with a server, typed for the runtime that turns it into a step's failure."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from headrace_dags.errors import Exit, HeadraceError, Problem


@dataclass(frozen=True, slots=True)
class LoadFailure:
    """One model that did not load.

    Attributes:
        model: its name.
        message: Triton's reason, without Triton's own preamble: for a Python model the exception, its text and its frames.
    """

    model: str
    message: str


class ModelLoadFailed(HeadraceError, RuntimeError):
    """Raised when a model fails to load: a bad configuration, an import that fails, an ``initialize`` that raises.

    Attributes:
        model: the model; the first of :attr:`failures`.
        message: why.
        log_excerpt: the last lines of the server's log, what the models printed among them.
        failures: every model that failed, causes before those that only depend on them.
    """

    exit_code = Exit.STEP_FAILED

    def __init__(self, failures: tuple[LoadFailure, ...], log_excerpt: str = "") -> None:
        self.failures = failures
        self.model = failures[0].model
        self.message = failures[0].message
        self.log_excerpt = log_excerpt
        write = "Mend what the reason names; the server's log has what the model printed"
        super().__init__(Problem("model-load", each.model, "the model loads", each.message, write) for each in failures)


class ModelCrashed(HeadraceError, RuntimeError):
    """Raised when a model's process keeps dying: while it works on this one call alone, or however it is repaired.

    Attributes:
        model: the model that was called.
        how: what happened last, e.g. ``process 4711 of model ocr was killed by SIGSEGV``.
        times: how often.
    """

    exit_code = Exit.STEP_FAILED

    def __init__(self, model: str, how: str, times: int) -> None:
        self.model, self.how, self.times = model, how, times
        got = f"{how} ({times} time{'s' if times > 1 else ''})"
        write = "Look into the server's log for its last words, or at the memory that is left on this machine"
        super().__init__(Problem("model-crashed", model, "the model's process survives its work", got, write))


class ServerFailed(HeadraceError, RuntimeError):
    """Base of what ends a server as a whole.

    Attributes:
        log_excerpt: the last lines of its log.
    """

    exit_code = Exit.STEP_FAILED

    def __init__(self, problem: Problem, log_excerpt: str = "") -> None:
        self.log_excerpt = log_excerpt
        super().__init__(problem)


class ServerDead(ServerFailed):
    """Raised when the server cannot be started, or died more often than it may; no call will be answered again."""

    def __init__(self, how: str, log: Path, log_excerpt: str) -> None:
        super().__init__(Problem("server-dead", "tritonserver", "the server runs", how, f"See {log}"), log_excerpt)


class ServerStopped(ServerFailed):
    """Raised by calls on a server that was stopped, or not started."""

    def __init__(self) -> None:
        got = "a server that was stopped, or not started"
        super().__init__(Problem("server-stopped", "tritonserver", "the server runs", got, "Start another one"))


class StartTimedOut(ServerFailed):
    """Raised when the server is not ready in time.

    Attributes:
        loading: the models that were still loading.
    """

    def __init__(self, limit_s: float, loading: tuple[str, ...], log: Path, log_excerpt: str) -> None:
        self.loading = loading
        got = f"still loading: {', '.join(loading)}" if loading else "no answer"
        write = f"Look into {log}, or allow more time where a set-up is meant to take long"
        super().__init__(
            Problem("server-start", "tritonserver", f"the server is ready in {limit_s:g} s", got, write), log_excerpt
        )


class PortConflict(Exception):
    """Raised inside when another process took the port between the choice and the start; the start is tried again."""

    def __init__(self, port: int) -> None:
        self.port = port
        super().__init__(f"port {port} is in use")


class ControlFailed(Exception):
    """Raised inside when the server does not do what its model control is asked."""
