"""Steps ready to be called: functions as they are, classes constructed and set up, models loaded. Found again by import."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import reduce
from importlib import import_module
from pathlib import Path
from typing import Any

from headrace_dags.declare.declaration import Declaration
from headrace_dags.declare.modelfile import no_backend, root_of
from headrace_dags.errors import DefinitionError, EnvironmentLack, Problem
from headrace_dags.graph import MODEL_FORMS, StepRef
from headrace_dags.project.importroot import import_root


@dataclass(frozen=True, slots=True)
class Body:
    """A step that is ready.

    Attributes:
        declaration: what it is.
        call: runs it once, with an argument for each input port by name; batch ports take lists. What it returns is not
            checked; a body that yields returns its generator.
    """

    declaration: Declaration
    call: Callable[[Mapping[str, Any]], Any]


def load(declaration: Declaration, *, model_root: Path) -> Body:
    """Make a step ready: construct a class and run its ``setup``, open a model file, ask an endpoint what it serves.

    Args:
        declaration: the step; a class step is configured by ``declaration.ref``.
        model_root: the import root: the folder that paths of model files start from, and that may hold ``.env``.

    Raises:
        DefinitionError: a model file is not there, or the inputs and outputs of a model are not those of the step.
        EnvironmentLack: something is not installed, a secret has no value, an endpoint does not answer, or nothing here runs
            the model's format.
        Exception: whatever the user's constructor or ``setup`` raises, as it is.
    """
    form = declaration.ref.form
    if form == "onnx":
        from headrace_dags.running.onnxbody import onnx_call

        return Body(declaration, onnx_call(declaration, model_root))
    if form == "remote":
        from headrace_dags.remote.body import remote_call

        return Body(declaration, remote_call(declaration, model_root))
    if form in MODEL_FORMS:
        raise EnvironmentLack(no_backend(form, declaration.body.__name__, declaration.location))
    target = _serving(declaration, model_root) if form == "stateful" else declaration.body
    return Body(declaration, by_name(target))


def root_for(declaration: Declaration) -> Path:
    """The import root of a step that is run outside a plan; of one that reads nothing from there nobody asks."""
    ref = declaration.ref
    if ref.model_file:
        return root_of(declaration.body)
    return import_root(Path(declaration.location.file)) if ref.secrets or ref.remote else Path()


def resolve(ref: StepRef) -> Declaration:
    """Import the step that ``ref`` names.

    Returns:
        Its declaration, with the configuration and options of ``ref``.

    Raises:
        DefinitionError: the module has no such step.
        Exception: whatever the import of the user's module raises, as it is.
    """
    from headrace_dags.declare.understand import declaration_of

    module, _, qualname = ref.target.partition(":")
    try:
        step: Any = reduce(getattr, qualname.split("."), import_module(module))
    except AttributeError as error:
        if getattr(error, "name", None) not in qualname.split("."):
            raise
        problem = Problem(
            "step-missing", ref.target, f"expects a step {qualname!r} in module {module}", "none", "Plan again"
        )
        raise DefinitionError(problem) from error
    if ref.form == "field":
        return _projection(ref, step)
    declaration: Declaration = declaration_of(step)
    return replace(declaration, ref=ref)


def _projection(ref: StepRef, model: Any) -> Declaration:
    """The step that reads a field of a model as it is today.

    Raises:
        DefinitionError: the model has no such field, or one that does not travel.
    """
    from headrace_dags.declare import fields

    name = str(ref.config["field"])
    found = fields.projection(model, name) if fields.is_model(model) and name in fields.names(model) else None
    if isinstance(found, Declaration):
        return replace(found, ref=ref)
    problem = Problem("step-missing", ref.target, f"expects a model with a field {name!r}", "none", "Plan again")
    raise DefinitionError(problem)


def _serving(declaration: Declaration, root: Path) -> Callable[..., Any]:
    """The method of a configured class step that serves, after ``setup``."""
    from headrace_dags.declare.configure import configured
    from headrace_dags.secrets.environment import Environment

    cls: Any = declaration.body
    instance: Any = configured(cls, declaration.ref, Environment.at(root))
    instance.setup()
    method: Any = instance.batch if declaration.ref.batching else instance.__call__
    raw = inspect.unwrap(method.__func__)  # what is set up and never traced needs neither looked after
    served: Callable[..., Any] = raw.__get__(instance)
    return served


def by_name(function: Callable[..., Any]) -> Callable[[Mapping[str, Any]], Any]:
    """A call by argument names, also where parameters are positional-only."""
    kinds = {name: parameter.kind for name, parameter in inspect.signature(function).parameters.items()}
    first = tuple(name for name, kind in kinds.items() if kind is inspect.Parameter.POSITIONAL_ONLY)
    if not first:
        return lambda arguments: function(**arguments)
    return lambda arguments: function(
        *(arguments[name] for name in first if name in arguments),
        **{name: value for name, value in arguments.items() if name not in first},
    )
