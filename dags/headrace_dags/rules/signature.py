"""Rules for the signature of a step or dag: what a function must look like so that its ports can be known."""

from __future__ import annotations

import inspect
import sys
from types import FunctionType
from typing import Any

from headrace_dags.declare.dag import Dag
from headrace_dags.declare.sourcelines import own
from headrace_dags.declare.steps import Step
from headrace_dags.misfit import Misfit
from headrace_dags.ports.spelling import written
from headrace_dags.rules.names import listed, meant

_VARIADIC = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def step_target(target: Any) -> Misfit | None:
    """``step-target``: a decorator stands on a function written with ``def``.

    Args:
        target: what it stands on; below decorators that use ``functools.wraps`` there may be a function.
    """
    if isinstance(target, type):
        write = f"Write class {target.__name__}(hr.Stateful), without the decorator"
        return Misfit("step-target", "expects a function", f"the class {target.__name__}", write)
    if isinstance(target, (Step, Dag)):
        got = f"a function that is a {type(target).__name__.lower()} already"
        return Misfit("step-target", "expects a function", got, "Keep one of the decorators")
    fn = own(target)
    if fn is None:
        write = "Write a function with def that calls it, and decorate that"
        return Misfit("step-target", "expects a function written with def", f"a {type(target).__name__}", write)
    return _no_plain_function(fn)


def _no_plain_function(fn: FunctionType) -> Misfit | None:
    """A lambda, a method, or what a decorator put in place of the function."""
    parameters = inspect.signature(fn).parameters.values()
    if fn.__name__ == "<lambda>":
        return Misfit(
            "step-target",
            "expects a function written with def",
            "a lambda",
            "Write def name(text: hr.Text) -> hr.Text: and its body",
        )
    if "<locals>" in fn.__qualname__ and parameters and all(each.kind in _VARIADIC for each in parameters):
        got = f"{fn.__name__}, which a decorator put in its place"
        return Misfit("step-target", "expects a function", got, f"Put @functools.wraps above def {fn.__name__}")
    if "." in fn.__qualname__ and next(iter(fn.__code__.co_varnames), "") in ("self", "cls"):
        write = "Move it out of the class; for a step that keeps something write class ...(hr.Stateful) with __call__"
        return Misfit("step-target", "expects a function", f"the method {fn.__qualname__}", write)
    return None


def async_step(fn: Any) -> Misfit | None:
    """``async-step``: bodies are ordinary functions; waiting is the engine's work."""
    if not (inspect.iscoroutinefunction(fn) or inspect.isasyncgenfunction(fn)):
        return None
    write = f"Write def {fn.__name__}(...), and wait inside the body: asyncio.run(...)"
    return Misfit("async-step", "expects an ordinary function", "async def", write)


def not_importable(target: Any) -> Misfit | None:
    """``not-importable``: a server finds a step again by importing its module, so it lies at the module's top level.

    Args:
        target: the function as it was written with ``def``, or the class.
    """
    if "<locals>" in target.__qualname__:
        write = "Move it to the top level of the module, and give what it closes over as arguments"
        return Misfit("not-importable", "expects a step at the top level of a module", "one inside a function", write)
    found = _reached(target)
    if isinstance(target, type):
        return None if found is target else _renamed(target)
    if own(found) is not target or found is target:
        return _renamed(target)
    return None if isinstance(found, Step) else _covered(target)


def _reached(target: Any) -> Any:
    """What the module holds under the target's name."""
    first, *rest = target.__qualname__.split(".")
    found = (target.__globals__ if isinstance(target, FunctionType) else target.__headrace__.namespace).get(first)
    for part in rest:
        found = getattr(found, part, None)
    return found


def _covered(target: Any) -> Misfit:
    got, write = f"{target.__name__} decorated again", "Put the decorator of the step above all others"
    return Misfit("not-importable", "expects to find the step under its own name", got, write)


def _renamed(target: Any) -> Misfit:
    got = f"another {target.__qualname__} in {target.__module__}"
    write = f"Keep the step under the name {target.__qualname__}, and use the name only once"
    return Misfit("not-importable", "expects to find the step under its own name", got, write)


def variadic_parameter(parameter: inspect.Parameter) -> Misfit | None:
    """``variadic-parameter``: every port has a name and a type."""
    if parameter.kind not in _VARIADIC:
        return None
    stars = "*" if parameter.kind is inspect.Parameter.VAR_POSITIONAL else "**"
    write = "Write each parameter with its name, or one hr.Many[...] for any number"
    return Misfit("variadic-parameter", "expects parameters with a name each", f"{stars}{parameter.name}", write)


def missing_annotation(name: str) -> Misfit:
    """``missing-annotation``: a parameter, field or attribute says its type."""
    write = f"Write {name}: hr.Text, {name}: int, or whatever it is"
    return Misfit("missing-annotation", "expects a type annotation", "none", write)


def missing_return(*, is_dag: bool) -> Misfit:
    """``missing-return``: a step or dag says what it gives."""
    what = "dag" if is_dag else "step"
    return Misfit(
        "missing-return", f"expects the type that the {what} returns", "none", "Write -> hr.Text, or whatever it is"
    )


def unresolved_name(annotation: Any, error: Exception, namespace: dict[str, Any]) -> Misfit:
    """``unresolved-name``: an annotation means something where the module is imported, not only to a type checker."""
    text = annotation if isinstance(annotation, str) else written(annotation)
    expected = f"expects a type that can be found, in {text!r}"
    if isinstance(error, NameError) and error.name:
        near = meant(error.name, [*namespace, *vars(sys.modules["builtins"])])
        write = f"Write {near}" if near else f"Import {error.name} in the module, outside `if TYPE_CHECKING:`"
        return Misfit("unresolved-name", expected, f"the unknown name {error.name}", write)
    got = f"{type(error).__name__}: {str(error).partition(chr(10))[0].rstrip('.')}"
    return Misfit("unresolved-name", expected, got, "Correct the annotation")


def iterator_annotation(returned: Any, *, yields: bool, streams: bool) -> Misfit | None:
    """``iterator-annotation``: a body that yields says so, and nothing else does.

    Args:
        returned: the return annotation.
        yields: whether the body is a generator.
        streams: whether the annotation is ``Iterator[...]``.
    """
    if yields == streams or (streams and not yields):
        return None
    item = listed_item(returned)
    write = f"Write -> Iterator[{item}], which is of collections.abc"
    return Misfit("iterator-annotation", "a body that yields returns an Iterator", written(returned), write)


def listed_item(annotation: Any) -> str:
    """How the item of a list, or the thing itself, is written."""
    text = written(annotation)
    inside = text.partition("[")[2].removesuffix("]")
    return inside if text.startswith(("list[", "hr.Many[", "hr.Batch[")) and inside else text


def iterator_parameter(item: Any) -> Misfit:
    """``iterator-annotation``: only a return may be an Iterator; what a step takes is there, in order."""
    inner = written(item)
    return Misfit(
        "iterator-annotation", "expects a value that is there", f"Iterator[{inner}]", f"Write hr.Many[{inner}]"
    )


def batch_in_plain(item: Any, *, is_dag: bool) -> Misfit:
    """``batch-signature``: only a batched body sees batches."""
    inner = written(item)
    if is_dag:
        return Misfit(
            "batch-signature", "a dag handles single items", f"hr.Batch[{inner}]", f"Write {inner}, or hr.Many[{inner}]"
        )
    write = f"Decorate with @hr.batched(size=8), or write hr.Many[{inner}]"
    return Misfit("batch-signature", "expects a single item or hr.Many", f"hr.Batch[{inner}]", write)


def batch_first(name: str) -> Misfit:
    """``batch-signature``: a batched body takes its batch as the first parameter."""
    return Misfit(
        "batch-signature",
        "a batched body takes a batch first",
        name,
        "Write hr.Batch[...] around the type of the first parameter",
    )


def batch_after_single() -> Misfit:
    """``batch-signature``: batches come before the parameters that all items share."""
    return Misfit(
        "batch-signature", "batches come first", "a batch after a single value", "Move it before the single values"
    )


def batch_return(returned: Any) -> Misfit:
    """``batch-signature``: a batched body returns a batch, one result for each item."""
    return Misfit(
        "batch-signature",
        "a batched body returns a batch",
        written(returned),
        f"Write -> hr.Batch[{listed_item(returned)}]",
    )


def several_per_item(returned: Any) -> Misfit:
    """``several-outputs``: items of an axis are single values."""
    write = "Give a pydantic model per item, or make a step of each output"
    return Misfit("several-outputs", "many items have one output each", written(returned), write)


def default_type(expected: str, got: str) -> Misfit:
    """``default-type``: a default is a value of its port, and can be written down as JSON."""
    return Misfit(
        "default-type",
        f"expects a default that is {expected}",
        got,
        f"Give a default that is {expected}, or leave it out",
    )


def dag_without_outputs() -> Misfit:
    """``dag-return``: a dag gives something."""
    return Misfit(
        "dag-return", "a dag returns what it makes", "None", "Return the value of the last step, and write its type"
    )


def unknown_option(name: str, known: list[str]) -> Misfit:
    """``unknown-option``: options are spelled as they are documented, each with its name.

    Args:
        name: the option; a value where it was given without a name.
        known: what there is.
    """
    near = meant(name, known)
    write = f"Write {near}" if near else f"Choose among {listed(known)}"
    expected = "expects an option that exists" if name.isidentifier() else "expects each option with its name"
    return Misfit("unknown-option", expected, name, write)
