"""Rules for values of a dag: while it is traced there are no values yet, only what will give them."""

from __future__ import annotations

from dataclasses import replace

from headrace_dags.misfit import Misfit

IN_A_STEP = "Do it in a step, and give the value to that"
"""What to write where a value is used that a dag does not have."""


def undecorated(misfit: Misfit, function: str) -> Misfit:
    """The same misuse in a function beside the dag, which is no step: often its decorator was forgotten.

    Args:
        misfit: the misuse.
        function: the qualified name of the function.
    """
    owner, _, method = function.rpartition(".")
    if not owner:
        return replace(misfit, write=f"Decorate {function} with @hr.step, and it sees the value")
    return replace(misfit, write=f"Write class {owner}(hr.Stateful)") if method == "__call__" else misfit


def traced_bool(got: str) -> Misfit:
    """``traced-bool``: no branch on a value that does not exist yet."""
    branch = "Write hr.when(condition, value), which is None where the condition is false, or decide in a step, which sees the value"
    write = (
        branch
        if got.startswith("bool")
        else "Decide in a step, and give the bool it returns to hr.when(condition, value)"
    )
    return Misfit("traced-bool", "a dag cannot branch on a value", f"the truth of {got}", write)


def traced_iteration(got: str) -> Misfit:
    """``traced-iteration``: no loop over items that do not exist yet."""
    many = got.startswith("Many[")
    each = "Write step.map(values), which runs the step for each, or give all to a step that takes hr.Many[...]"
    write = each if many else IN_A_STEP
    return Misfit("traced-iteration", "a dag cannot loop over a value", got, write)


def traced_unpacking(got: str) -> Misfit:
    """``traced-iteration``: only several outputs can be taken apart."""
    write = "Let the step return a NamedTuple, whose fields are values of the dag"
    return Misfit("traced-iteration", "a dag cannot take a value apart", got, write)


def traced_spread(got: str) -> Misfit:
    """``traced-iteration``: how many parameters a value would fill is not known yet."""
    whole = "Give it whole, to a parameter that is hr.Many[...]"
    write = whole if got.startswith("Many[") else IN_A_STEP
    return Misfit("traced-iteration", "a dag cannot spread a value over parameters", f"*({got})", write)


def traced_keywords(got: str) -> Misfit:
    """``traced-iteration``: which names a value holds is not known yet."""
    write = "Give it whole, or let the step return a NamedTuple and give its fields one by one"
    return Misfit("traced-iteration", "a dag cannot spread a value over parameters", f"**({got})", write)


def traced_length(got: str) -> Misfit:
    """``traced-length``: how many items there are is not known yet."""
    return Misfit("traced-length", "a dag cannot count a value", f"the length of {got}", IN_A_STEP)


def traced_index(got: str) -> Misfit:
    """``traced-index``: no item can be picked from a value that does not exist yet."""
    return Misfit("traced-index", "a dag cannot pick from a value", f"an index into {got}", IN_A_STEP)


def traced_attribute(got: str, name: str) -> Misfit:
    """``traced-attribute``: what a value has is seen by steps only."""
    return Misfit("traced-attribute", "a dag cannot look into a value", f".{name} of {got}", IN_A_STEP)


def traced_field(got: str, name: str) -> Misfit:
    """``traced-attribute``: the fields of a JSON value are seen by steps only."""
    write = (
        f"Give the whole value to a step that uses .{name}, or let the step return a pydantic model with a field {name}"
    )
    return Misfit("traced-attribute", "a dag cannot look into a value", f".{name} of {got}", write)


def traced_operator(got: str, sign: str) -> Misfit:
    """``traced-operator``: no sum, no comparison of values that do not exist yet."""
    return Misfit("traced-operator", "a dag cannot compute with a value", f"{sign} on {got}", IN_A_STEP)


def traced_call(got: str) -> Misfit:
    """``traced-call``: a value is no step."""
    return Misfit(
        "traced-call",
        "a dag cannot call a value",
        f"a call of {got}",
        "Call a step, and give the value to that: step(value)",
    )


def traced_await(got: str) -> Misfit:
    """``traced-await``: waiting is the engine's work."""
    return Misfit("traced-await", "a dag waits for nothing", f"await of {got}", "Leave out await")


def traced_with(got: str) -> Misfit:
    """``traced-call``: a value cannot be opened in a dag."""
    return Misfit("traced-call", "a dag cannot open a value", f"with on {got}", IN_A_STEP)


def traced_format(got: str) -> Misfit:
    """``traced-format``: a value that does not exist yet has no text."""
    write = "Make the text in a step; to look at a value while you write the dag, print its repr()"
    return Misfit("traced-format", "a dag cannot make text of a value", f"the text of {got}", write)


def traced_number(got: str, kind: str) -> Misfit:
    """``traced-operator``: no conversion of a value that does not exist yet."""
    return Misfit("traced-operator", "a dag cannot compute with a value", f"{kind}() of {got}", IN_A_STEP)


def traced_array(got: str) -> Misfit:
    """``traced-array``: numpy sees values in steps only."""
    return Misfit("traced-array", "a dag cannot give a value to numpy", got, IN_A_STEP)


def traced_direct(name: str, method: str) -> Misfit:
    """``traced-call``: a dag calls the step, not a method of it."""
    return Misfit("traced-call", "a dag calls a step itself", f"{name}.{method}(...)", f"Write {name}()(...)")
