"""Rules for a dag as a whole: what it returns, and that nothing in it is for nothing."""

from __future__ import annotations

from collections.abc import Iterable

from headrace_dags.graph import Port
from headrace_dags.misfit import Misfit
from headrace_dags.ports.spelling import annotated
from headrace_dags.rules.misuse import IN_A_STEP
from headrace_dags.rules.raised import at_fault, correction, said
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
    there, here = annotated(got), annotated(declared)
    write = many_for_list(declared, got) or f"Write -> {there}, or return a value that is {here}"
    return Misfit("dag-return-type", f"returns {declared}, as declared", shown, write)


def dag_return_fields(name: str, fields: Iterable[str], got: str) -> Misfit:
    """``dag-return-type``: several outputs are returned as the declared NamedTuple."""
    write = f"Return {name}({', '.join(f'{field}=...' for field in fields)})"
    return Misfit("dag-return-type", f"returns {name}, as declared", got, write)


def dag_body(error: Exception, file: str) -> Misfit:
    """``dag-body``: the body itself raises nothing while it is traced.

    Args:
        error: what it raised.
        file: the file of the body.
    """
    expected = "the body of a dag runs once, to be traced, and must not fail"
    if isinstance(error, KeyError) and "StandIn" in str(type(error.args[0])):
        return Misfit("dag-body", expected, f"a value of the dag as a key, {error.args[0]!r}", IN_A_STEP)
    if "StandIn" in str(error):
        return Misfit("dag-body", expected, said(error).replace("StandIn", "a value of the dag"), IN_A_STEP)
    what, code = said(error), at_fault(error, file)
    return Misfit("dag-body", expected, f"{what} in {code}" if code and code not in what else what, correction(error))


def dag_recursion(name: str) -> Misfit:
    """``dag-recursion``: a graph is finite."""
    return Misfit("dag-recursion", "a dag cannot contain itself", f"a call of {name}", "Loop inside a step instead")


def dag_at_import(name: str) -> Misfit:
    """``dag-at-import``: whoever imports the module, a server above all, would run the dag."""
    write = 'Write it below `if __name__ == "__main__":`'
    return Misfit("dag-at-import", "a module calls no dag of its own while it is imported", f"a call of {name}", write)


def unused_step(name: str) -> Misfit:
    """``unused-step``: every step reaches an output."""
    write = f"Return it or give it on, or leave out the call of {name}"
    return Misfit("unused-step", "expects its value to reach an output", "a value that nothing takes", write)


def unused_field(name: str) -> Misfit:
    """``unused-step``: a field that is read reaches an output."""
    write = f"Give .{name} to a step, or leave it out"
    return Misfit("unused-step", "expects its value to reach an output", "a value that nothing takes", write)


def unused_input(name: str) -> Misfit:
    """``unused-input``: every input is used."""
    write = f"Give {name} to a step, or take it out of the parameters"
    return Misfit("unused-input", "expects a step that uses it", "none", write)


def input_returned(name: str) -> Misfit:
    """``dag-return``: a dag's output comes from a step, not from its input."""
    return Misfit("dag-return", "a dag returns what its steps make", f"its input {name}", "Return the value of a step")


def dag_yield() -> Misfit:
    """``dag-return``: a dag returns."""
    return Misfit(
        "dag-return", "a dag returns what its steps make", "a body that yields", "Write return in place of yield"
    )
