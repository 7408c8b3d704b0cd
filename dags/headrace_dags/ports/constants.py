"""The inputs of a node that the graph itself gives: constants and defaults, from JSON to Python values."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from enum import Enum
from typing import Any, Optional

from headrace_dags.declare.declaration import Declaration
from headrace_dags.graph import Const, Node, Port
from headrace_dags.ports.values import from_json_bytes

_IMMUTABLE = (str, int, float, bool, Enum, type(None))


def fixed_inputs(node: Node, declaration: Declaration) -> Callable[[], dict[str, Any]]:
    """A function that gives the constant inputs by port name; every call gets its own lists and models.

    Raises:
        ValueMisfit: a constant is not what its port declares.
    """
    annotations = declaration.signature.annotations
    values = {
        each.port.name: from_json(
            each.port,
            annotations.get(f"in:{each.port.name}"),
            each.binding.value,
            many=each.port.many or each.port.name in node.mapped,
        )
        for each in node.inputs
        if isinstance(each.binding, Const)
    }
    if all(isinstance(value, _IMMUTABLE) for value in values.values()):
        return values.copy
    return lambda: copy.deepcopy(values)


def from_json(port: Port, annotation: Any, value: Any, *, many: bool = False) -> Any:
    """The Python value of a port that JSON stands for; with ``many`` a list of them.

    Raises:
        ValueMisfit: it is not what ``annotation`` says.
    """
    if port.type.kind not in ("json", "text") or annotation is None:
        return value
    item: Any = Optional[annotation] if port.optional else annotation  # noqa: UP045  # for annotations that know no |
    expected: Any = list[item] if many else item
    return from_json_bytes(expected, json.dumps(value).encode())
