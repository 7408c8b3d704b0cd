"""Calls of steps outside a dag: the body runs, here and now, as a test or a notebook wants it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from headrace_dags.declare.steps import Step

T = TypeVar("T")


def call(step: Step[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """Run the body of ``step`` once: what it yields is collected, a batched body gets a batch of one.

    Raises:
        ValueError: a batched body does not return one item.
    """
    if step.options.batched:
        return _batch(step, [args], kwargs)[0]
    if step.options.is_opened:
        return _body(step)(_bound(step.fn, args, kwargs))
    result = step.fn(*args, **kwargs)
    return list(result) if isinstance(result, Iterator) else result


def map_(step: Any, axes: Sequence[Any], args: Sequence[Any], kwargs: Mapping[str, Any]) -> list[Any]:
    """Run ``step`` for each of the items, a batched one by slices of its size; the other arguments are repeated.

    Args:
        step: the step.
        axes: the items of each parameter that is mapped, as many of one as of the other.
        args: the other arguments.
        kwargs: those given by name.

    Raises:
        ValueError: a batched body does not return as many items as it was given; or the axes differ in length.
    """
    share = step.use.tolerant if step.use else None
    items = list(zip(*axes, strict=True))
    if not step.options.batched:
        return tolerated(share, [partial(step, *each, *args, **kwargs) for each in items])
    slices = cut([(*each, *args) for each in items], step.options.size)
    return _by_slices(share, slices, lambda some: _batch(step, some, kwargs))


def map_object(step: Any, axes: Sequence[Any], args: Sequence[Any], kwargs: Mapping[str, Any]) -> list[Any]:
    """Run a class step for each of the items, one that handles batches by slices of its size; see :func:`map_`."""
    from headrace_dags.declare.instance import state_of

    options, use = step.__headrace__.options, state_of(step).use
    share, items = use.tolerant if use else None, list(zip(*axes, strict=True))
    if not options.batched:
        return tolerated(share, [partial(step, *each, *args, **kwargs) for each in items])
    singles = [each[0] for each in items]
    return _by_slices(share, cut(singles, options.size), lambda some: _batched(step, some))


def _by_slices(share: Any, slices: Iterator[list[T]], run: Callable[[list[T]], list[Any]]) -> list[Any]:
    """The results of all slices; where items may fail, each is a slice of its own."""
    if share is None:
        return [result for some in slices for result in run(some)]
    return _enough(share, [result for some in slices for result in _apart(some, run)])


def _apart(items: list[T], run: Callable[[list[T]], list[Any]]) -> list[Any]:
    """The results of a slice, or of each of its items by itself."""
    found = _tried(partial(run, items))
    if not isinstance(found, _Lost):
        return list(found)
    return [found] if len(items) == 1 else [each for item in items for each in _apart([item], run)]


@dataclass(frozen=True, slots=True)
class _Lost:
    """Stands for what failed."""

    error: Exception


def _tried(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except Exception as error:  # noqa: BLE001  # of the user's body, item by item
        return _Lost(error)


def _enough(share: Any, results: Sequence[Any]) -> list[Any]:
    """The results, ``None`` in the place of those that are lost.

    Raises:
        Exception: of the first that was lost, where fewer succeed than must.
    """
    from headrace_dags.declare.shares import fall_short

    lost = [each for each in results if isinstance(each, _Lost)]
    if fall_short(share, len(results), len(lost)):
        raise lost[0].error
    return [None if isinstance(each, _Lost) else each for each in results]


def tolerated(share: Any, calls: Sequence[Callable[[], Any]]) -> list[Any]:
    """What the calls return; ``None`` in the place of one that fails, where a share of them may.

    Raises:
        Exception: of the first that failed, where fewer succeed than must, or none may fail.
    """
    if share is None:
        return [call() for call in calls]
    return _enough(share, [_tried(call) for call in calls])


def batch_of_one(step: Any, item: Any) -> Any:
    """Run a class step that handles batches on one item."""
    return _batched(step, [item])[0]


def _batched(step: Any, items: list[Any]) -> list[Any]:
    return counted(step.batch(items), len(items), f"{type(step).__name__}.batch")


def cut(items: Sequence[T], size: Any) -> Iterator[list[T]]:
    """Slices of at most ``size`` items; a size that makes no sense is one, since a rule objects to it elsewhere."""
    size = size if isinstance(size, int) and size > 0 else 1
    left = iter(items)
    while some := list(islice(left, size)):
        yield some


def counted(results: Any, items: int, name: str) -> list[Any]:
    """The results of a batched body, which must be one for each item.

    Raises:
        ValueError: they are more, fewer or no list.
    """
    if not isinstance(results, list) or len(results) != items:
        got = f"{len(results)} items" if isinstance(results, list) else type(results).__name__
        raise ValueError(f"{name} was given a batch of {items} and must return a list of as many items, got {got}")
    return results


def _batch(step: Step[..., Any], calls: Sequence[Sequence[Any]], kwargs: Mapping[str, Any]) -> list[Any]:
    """Call a batched body once for several calls: its batch parameters get lists, the others the first call's value."""
    from headrace_dags.declare.understand import declaration_of

    bound = [_bound(step.fn, args, kwargs) for args in calls]
    batches = declaration_of(step).ref.batch_ports
    given = {name: [each[name] for each in bound] if name in batches else value for name, value in bound[0].items()}
    return counted(_body(step)(given), len(calls), step.__name__)


def _bound(fn: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    return dict(inspect.signature(fn).bind(*args, **kwargs).arguments)


def _body(step: Step[..., Any]) -> Callable[[Mapping[str, Any]], Any]:
    """What runs the step by the names of its parameters; a model is opened once, and kept with the step."""
    from headrace_dags.declare.understand import declaration_of
    from headrace_dags.running.bodies import by_name, load, root_for

    if not step.options.is_opened:
        return by_name(step.fn)
    declaration = declaration_of(step)
    step.opened = step.opened or load(declaration, model_root=root_for(declaration)).call
    return step.opened
