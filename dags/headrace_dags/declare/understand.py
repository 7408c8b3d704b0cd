"""Declarations: what is known of a step or dag, computed on first use and kept with it. Never raises; problems are data."""

from __future__ import annotations

import inspect
from types import FunctionType
from typing import Any

from headrace_dags.declare import sourcelines
from headrace_dags.declare.classes import of_class, of_instance
from headrace_dags.declare.dag import Dag
from headrace_dags.declare.declaration import Declaration
from headrace_dags.declare.draft import Declared, Draft
from headrace_dags.declare.modelled import modelled
from headrace_dags.declare.reading import Reader
from headrace_dags.declare.stateful import Stateful
from headrace_dags.declare.steps import Step
from headrace_dags.errors import Location
from headrace_dags.graph import StepRef
from headrace_dags.rules import blind, options, signature, whole


def declaration_of(target: Any) -> Declaration:
    """The declaration of a step, a class step (instance or class) or a dag.

    Raises:
        TypeError: ``target`` is none of these.
    """
    return declared_of(target).declaration


def declared_of(target: Any) -> Declared:
    """As :func:`declaration_of`, with what tracing needs besides.

    Raises:
        TypeError: ``target`` is neither step nor dag.
    """
    if isinstance(target, Step):
        target.declared = target.declared or _of_step(target)
        return target.declared
    if isinstance(target, Dag):
        target.declared = target.declared or _of_dag(target)
        return target.declared
    if isinstance(target, Stateful):
        return of_instance(target)
    if isinstance(target, type) and issubclass(target, Stateful):
        return of_class(target)
    raise TypeError(f"expects a step or a dag, got {type(target).__name__}")


def _of_step(step: Step[..., Any]) -> Declared:
    draft, fn = _draft(step)
    if fn is None:
        return draft.done(StepRef(target=draft.name))
    draft.note(signature.async_step(step.fn), signature.not_importable(fn))
    reader = Reader(fn, draft.name, "batched" if step.options.batched else "plain", draft.notes)
    draft.read(reader, yields=inspect.isgeneratorfunction(fn))
    ref = draft.ref(step.options.form, step.options)
    return draft.done(ref if step.options.form == "function" else modelled(draft, ref, fn, step.options))


def _draft(target: Step[..., Any] | Dag[..., Any]) -> tuple[Draft, FunctionType | None]:
    """A draft, and the function whose signature counts; none where the decorator stands on something else, which is noted."""
    fn = sourcelines.own(target.fn)
    draft = Draft(target.fn, sourcelines.definition(fn) if fn else Location(*target.line), target.__name__)
    misfit = signature.step_target(target.fn)
    draft.note(misfit)
    return draft, None if misfit else fn


def _of_dag(dag: Dag[..., Any]) -> Declared:
    draft, fn = _draft(dag)
    if fn is None:
        return draft.done(StepRef(target=draft.name))
    draft.note(signature.async_step(dag.fn), *(signature.unknown_option(name, ["deadline"]) for name in dag.unknown))
    options.duration("deadline", dag.deadline, draft.note)
    draft.note(whole.dag_yield() if inspect.isgeneratorfunction(fn) else None)
    for misfit, line in blind.unseen(fn):
        draft.notes.note(misfit, draft.name, Location(fn.__code__.co_filename, line))
    draft.read(Reader(fn, draft.name, "dag", draft.notes))
    return draft.done(StepRef(target=f"{fn.__module__}:{fn.__qualname__}"))
