"""Rules for class steps: the methods they write, and their configuration."""

from __future__ import annotations

from collections.abc import Iterable

from headrace_dags.misfit import Misfit
from headrace_dags.rules.names import listed, meant


def stateful_call(name: str, *, batched: bool) -> Misfit:
    """``stateful-call``: a class step writes ``__call__``; one that handles batches writes ``batch``."""
    method = "batch(self, items: hr.Batch[...]) -> hr.Batch[...]" if batched else "__call__(self, ...) -> ..."
    return Misfit(
        "stateful-call", f"expects the method {method.partition('(')[0]}", "none", f"Write def {method} in {name}"
    )


def overridden_call() -> Misfit:
    """``stateful-call``: the base gives ``__call__`` where the class writes ``batch``."""
    return Misfit(
        "stateful-call",
        "hr.StatefulBatch gives __call__ itself",
        "another one",
        "Leave it out, or derive from hr.Stateful",
    )


def no_self() -> Misfit:
    """``stateful-call``: the method is an ordinary one."""
    return Misfit(
        "stateful-call", "expects an ordinary method", "one without self", "Write self as the first parameter"
    )


def stateful_yield(item: str) -> Misfit:
    """``stateful-call``: a class step returns its items, since checkers see what ``__call__`` says."""
    write = f"Return a list, and write -> hr.Many[{item}]"
    return Misfit("stateful-call", "a class step returns its items", "a body that yields", write)


def batch_parameters(count: int) -> Misfit:
    """``batch-signature``: ``batch`` takes the items and nothing else."""
    write = "Write def batch(self, items: hr.Batch[...]), and make the rest configuration"
    return Misfit("batch-signature", "batch takes one batch", f"{count} parameters", write)


def stateful_init(parameters: Iterable[str]) -> Misfit:
    """``stateful-init``: the constructor is given by the base.

    Args:
        parameters: what the constructor takes, without ``self``.
    """
    names = list(parameters)
    attributes = f"Write {listed(f'{name}: ...' for name in names)} in the class" if names else "Leave it out"
    write = f"{attributes}, and do the work in def setup(self)"
    return Misfit("stateful-init", "configuration is annotated attributes", "a constructor of its own", write)


def stateful_setup(parameters: Iterable[str], *, waits: bool) -> Misfit:
    """``stateful-setup``: ``setup`` takes nothing and is no coroutine.

    Args:
        parameters: what it takes.
        waits: whether it is ``async def``.
    """
    names = list(parameters)
    got = f"{'async ' if waits else ''}def setup({', '.join(names)})"
    kept = f", and {listed(f'{name}: ...' for name in names[1:])} in the class" if names[1:] else ""
    return Misfit("stateful-setup", "expects def setup(self)", got, f"Write def setup(self) -> None{kept}")


def config_type(name: str, shown: str) -> Misfit:
    """``config-type``: configuration is JSON, so that it can be written down."""
    write = f"Write a str, int, float, bool or pydantic model; make anything else in def setup(self) -> None, as self.{name} = ..., and leave out its annotation"
    return Misfit("config-type", "expects configuration that is JSON", shown, write)


def config_value(expected: str, got: str) -> Misfit:
    """``config-value``: a value is what its attribute says."""
    return Misfit("config-value", f"expects {expected}", got, f"Give a value that is {expected}")


def config_traced(got: str) -> Misfit:
    """``config-value``: configuration is known before a run."""
    write = "Give it to the call instead: make it a parameter of __call__"
    return Misfit("config-value", "expects a value that is known before a run", got, write)


def config_unknown(name: str, known: Iterable[str]) -> Misfit:
    """``config-value``: only what the class declares."""
    names = list(known)
    near = meant(name, names)
    write = f"Write {near}" if near else f"Give {listed(names)}" if names else f"Declare it in the class: {name}: str"
    return Misfit("config-value", "expects an attribute that the class declares", name, write)


def config_missing(name: str) -> Misfit:
    """``config-value``: what has no default is given."""
    return Misfit(
        "config-value", "expects a value, since it has no default", "none", f"Give {name} when the step is made"
    )


def config_positional(got: str) -> Misfit:
    """``config-value``: configuration goes by name."""
    return Misfit("config-value", "configuration is given by name", got, "Write name=value")
