"""All inputs of a dag from what was given: everything is looked at before anything is said, and all is said at once."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from headrace.door.array import array
from headrace.door.assign import meant, taken_apart, unknown
from headrace.door.files import expanded
from headrace.door.media import handle
from headrace.door.plain import value, words
from headrace.door.unfit import Unfit
from headrace_dags.declare.declaration import Signature
from headrace_dags.errors import BadInput
from headrace_dags.graph import Port
from headrace_dags.ports.values import ValueMisfit, check_value, from_json_bytes


def read_inputs(signature: Signature, pairs: Iterable[str]) -> Mapping[str, Any]:
    """The value of each input; defaults where nothing was given.

    Args:
        signature: of the dag.
        pairs: ``name=value`` or ``name=@file``, as given.

    Raises:
        BadInput: with every problem of every input.
    """
    given, problems = taken_apart(pairs)
    known = [port.name for port in signature.inputs]
    strange = {name: texts for name, texts in given.items() if name not in known}
    problems += [unknown(name, texts, known) for name, texts in strange.items()]
    told = {meant(name, known) for name in strange}
    values: dict[str, Any] = {}
    for port in signature.inputs:
        annotation = signature.annotations[f"in:{port.name}"]
        try:
            values[port.name] = _value(port, annotation, given.get(port.name, ()))
        except Unfit as unfit:
            if unfit.misfit.code == "input-missing" and port.name in told:
                continue  # it was given under a name that is nearly right
            problems.append(unfit.misfit.at(f"--input {port.name}"))
    if problems:
        raise BadInput(problems)
    return values


def _value(port: Port, annotation: Any, given: Sequence[str]) -> Any:
    if not given:
        return _default(port, annotation)
    try:
        return check_value(port, annotation, _read(port, annotation, given))
    except ValueMisfit as misfit:
        item = f" (item {misfit.item})" if misfit.item >= 0 else ""
        raise Unfit("input-value", f"expects {misfit.expected}", f"{misfit.got}{item}") from None


def _default(port: Port, annotation: Any) -> Any:
    if not port.has_default:
        raise Unfit("input-missing", f"expects {port}", "nothing", f"Write --input {port.name}={_example(port)}")
    if port.type.kind == "json" and not port.many:
        return from_json_bytes(annotation, json.dumps(port.default).encode())
    return port.default


def _read(port: Port, annotation: Any, given: Sequence[str]) -> Any:
    if not port.many:
        if len(given) > 1:
            raise Unfit("input-twice", f"expects one {port.type}", f"{len(given)}", "Give it once")
        return _one(port, annotation, given[0])
    if (listed := _listed(port, given)) is not None:
        return [_one(port, annotation, text) for text in listed]
    return [_one(port, annotation, text) for text in expanded(port, given)]


def _listed(port: Port, texts: Sequence[str]) -> list[str] | None:
    """A single JSON list stands for its items."""
    if len(texts) != 1 or not texts[0].startswith("["):
        return None
    try:
        items = json.loads(texts[0])
    except (ValueError, RecursionError):
        return None
    return [item if port.type.kind == "text" and isinstance(item, str) else json.dumps(item) for item in items]


def _one(port: Port, annotation: Any, text: str) -> Any:
    if port.type.is_handle:
        return handle(port, annotation, text)
    if port.type.is_array:
        return array(port, text)
    return words(port, text) if port.type.kind == "text" else value(port, annotation, text)


def _example(port: Port) -> str:
    if port.type.is_handle or port.type.is_array:
        return "@FILE"
    return "TEXT" if port.type.kind == "text" else "JSON"
