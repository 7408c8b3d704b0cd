"""Declarations of class steps: the signature is that of a method, and configuration goes into the reference."""

from __future__ import annotations

import inspect
from dataclasses import replace
from types import FunctionType
from typing import Any

from headrace_dags.declare import sourcelines
from headrace_dags.declare.configure import configuration, defaults
from headrace_dags.declare.draft import Declared, Draft, snake_case
from headrace_dags.declare.instance import state_of
from headrace_dags.declare.reading import Reader
from headrace_dags.declare.stateful import Stateful, StatefulBatch
from headrace_dags.errors import Location
from headrace_dags.rules import classes, signature


def of_class(cls: type[Stateful]) -> Declared:
    """The declaration of a class step with the defaults of its configuration; computed once for each class."""
    if "__headrace_declared__" not in cls.__dict__:
        type.__setattr__(cls, "__headrace_declared__", _of_class(cls))
    found: Declared = cls.__dict__["__headrace_declared__"]
    return found


def of_instance(instance: Stateful) -> Declared:
    """The declaration of an instance: that of its class with the configuration it was given."""
    state = state_of(instance)
    if state.declared is None:
        base = of_class(type(instance))
        config, problems = configuration(type(instance), state)
        ref = config.into(base.declaration.ref)
        noted = (*base.declaration.problems, *problems)
        state.declared = replace(base, declaration=replace(base.declaration, ref=ref, problems=noted))
    return state.declared


def _of_class(cls: type[Stateful]) -> Declared:
    header = cls.__headrace__
    location = header.location or Location("<unknown>", 1)
    draft = Draft(cls, location, cls.__name__)
    draft.note(signature.not_importable(cls), _init(cls))
    _read(draft, cls, batched=header.options.batched)
    _check_setup(draft, cls)
    ref = draft.ref("stateful", header.options)
    config, problems = defaults(cls)
    draft.notes.add(problems)
    return draft.done(config.into(ref), snake_case(cls.__name__))


def _init(cls: type[Stateful]) -> Any:
    if cls.__init__ is Stateful.__init__:
        return None
    return classes.stateful_init(list(inspect.signature(cls.__init__).parameters)[1:])


def _read(draft: Draft, cls: type[Stateful], *, batched: bool) -> None:
    """Take the ports of the method that is the step."""
    fn = _method(cls, "batch" if batched else "__call__")
    if batched and cls.__call__ is not StatefulBatch.__call__:
        draft.note(classes.overridden_call())
    if fn is None:
        draft.note(classes.stateful_call(cls.__name__, batched=batched))
        return
    here = sourcelines.definition(fn)
    names = list(inspect.signature(fn).parameters)
    if not names:
        draft.notes.note(classes.no_self(), draft.name, here)
        return
    yields = inspect.isgeneratorfunction(fn)
    draft.notes.note(signature.async_step(fn), draft.name, here)
    if yields:
        draft.notes.note(classes.stateful_yield("..."), draft.name, here)
    if batched and len(names) != 2:
        draft.notes.note(classes.batch_parameters(len(names) - 1), draft.name, here)
    reader = Reader(fn, draft.name, "batched" if batched else "plain", draft.notes, method=True)
    draft.read(reader, yields=False)


def _method(cls: type[Stateful], name: str) -> FunctionType | None:
    """The user's own method, without what watches it; ``None`` where only the bases have it."""
    for base in cls.__mro__:
        if base in (Stateful, StatefulBatch):
            return None
        if name in base.__dict__:
            raw = inspect.unwrap(base.__dict__[name])
            return raw if isinstance(raw, FunctionType) else None
    return None


def _check_setup(draft: Draft, cls: type[Stateful]) -> None:
    fn = _method(cls, "setup")
    if fn is None:
        return
    parameters, waits = list(inspect.signature(fn).parameters), inspect.iscoroutinefunction(fn)
    if waits or len(parameters) != 1:
        misfit = classes.stateful_setup(parameters, waits=waits)
        draft.notes.note(misfit, f"{draft.name}.setup", sourcelines.definition(fn))
