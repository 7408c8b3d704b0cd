"""Rules for streams: what is asked of a stream is asked of a step whose items leave the dag one by one."""

from __future__ import annotations

from headrace_dags.misfit import Misfit


def idle_stream(step: str, *, yields: bool) -> Misfit:
    """``idle-stream``: only what leaves the dag item by item can fall silent between two items.

    Args:
        step: how messages call it.
        yields: whether its body makes items one by one.
    """
    if yields:
        write = f"Return what {step} gives from the dag itself, or write .with_(timeout=...), which bounds all of it, in place of idle"
        got = f"{step}, whose items another step takes all at once"
        return Misfit("idle-stream", "idle is for a step whose items leave the dag one by one", got, write)
    write = "Write .with_(timeout=...), which bounds the whole, in place of idle"
    return Misfit("idle-stream", "idle is for a step whose items leave the dag one by one", "a single value", write)


def cache_stream(step: str) -> Misfit:
    """``cache-stream``: what leaves the dag item by item is made anew for each run.

    Args:
        step: how messages call it.
    """
    return Misfit(
        "cache-stream",
        "cache=True is for results that are kept as one",
        f"a stream: the items of {step} leave the dag one by one",
        f"Return hr.collect of what {step} gives, which keeps all items as one result, or leave out cache=True",
    )


def idle_longer() -> Misfit:
    """``option-value``: a time between two items that is not shorter than that of all of them ends nothing."""
    return Misfit(
        "option-value", "idle expects less than timeout", "as much, or more", "Write a shorter idle, or leave it out"
    )
