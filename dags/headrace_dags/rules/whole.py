"""Rules for a dag as a whole: what it returns, and that nothing in it is for nothing."""

from __future__ import annotations

from collections.abc import Iterable

from headrace_dags.graph import Port
from headrace_dags.misfit import Misfit
from headrace_dags.rules.misuse import IN_A_STEP
from headrace_dags.rules.raised import correction, said
from headrace_dags.rules.wiring import many_for_list


def dag_return(got: str, write: str = "Return the value of a step") -> Misfit:
    """``dag-return``: a dag returns values that its steps made."""
    return Misfit("dag-return", "a dag returns what its steps make", got, write)


def dag_return_type(declared: Port, got: Port, shown: str) -> Misfit:
    """``dag-return-type``: a dag returns what it declares.

    Args:
        declared: the port that gives it.
        got: what the returned value is.
        shown: how messages call the value.
    """
    write = many_for_list(declared, got) or "Return that, or change the annotation"
    return Misfit("dag-return-type", f"returns {declared}, as declared", shown, write)


def dag_return_fields(name: str, fields: Iterable[str], got: str) -> Misfit:
    """``dag-return-type``: several outputs are returned as the declared NamedTuple."""
    write = f"Return {name}({', '.join(f'{field}=...' for field in fields)})"
    return Misfit("dag-return-type", f"returns {name}, as declared", got, write)


def dag_body(error: Exception) -> Misfit:
    """``dag-body``: the body itself raises nothing while it is traced."""
    expected = "the body of a dag runs once, to be traced, and must not fail"
    if "StandIn" in str(error):
        return Misfit("dag-body", expected, said(error).replace("StandIn", "a value of the dag"), IN_A_STEP)
    return Misfit("dag-body", expected, said(error), correction(error))


def dag_recursion(name: str) -> Misfit:
    """``dag-recursion``: a graph is finite."""
    return Misfit("dag-recursion", "a dag cannot contain itself", f"a call of {name}", "Loop inside a step instead")


def unused_step(name: str) -> Misfit:
    """``unused-step``: every step reaches an output."""
    write = f"Return it or give it on, or leave out the call of {name}"
    return Misfit("unused-step", "expects its value to reach an output", "", write)


def unused_input() -> Misfit:
    """``unused-input``: every input is used."""
    return Misfit("unused-input", "expects a step that uses it", "", "Give it to a step, or leave it out")


def input_returned(name: str) -> Misfit:
    """``dag-return``: a dag's output comes from a step, not from its input."""
    return Misfit("dag-return", "a dag returns what its steps make", f"its input {name}", "Return the value of a step")


def dag_yield() -> Misfit:
    """``dag-return``: a dag returns."""
    return Misfit(
        "dag-return", "a dag returns what its steps make", "a body that yields", "Write return in place of yield"
    )
