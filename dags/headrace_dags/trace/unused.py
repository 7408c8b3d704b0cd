"""Find what a traced dag holds for nothing: steps that reach no output, inputs that reach no step."""

from __future__ import annotations

from collections.abc import Iterable

from headrace_dags.declare import sourcelines
from headrace_dags.declare.notes import Notes
from headrace_dags.errors import Problem
from headrace_dags.graph import Node, Use
from headrace_dags.misfit import Misfit
from headrace_dags.rules import whole
from headrace_dags.trace.tracer import Tracer
from headrace_dags.trace.witness import Scope


def live(nodes: dict[str, Node], roots: Iterable[Use]) -> set[str]:
    """Names of the nodes that the values ``roots`` come from, directly or not."""
    found: set[str] = set()
    waiting = [use.node for use in roots if use.node]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += [use.node for use in nodes[name].uses() if use.node]
    return found


def unused(tracer: Tracer, outputs: Iterable[Use]) -> tuple[Problem, ...]:
    """Problems with the traced dag's own steps and inputs; what is concerned by a problem already is excused."""
    notes, outputs = Notes(), list(outputs)
    alive = live(tracer.nodes, [*outputs, *tracer.excused])
    idle = _idle_dags(tracer, alive)
    dead = [name for name in tracer.nodes if name not in alive and tracer.scope_of[name] in (tracer.scope, *idle)]
    given_on = {use.node for name in dead for use in tracer.nodes[name].uses()}
    for name in dead:
        if tracer.scope_of[name] is tracer.scope and name not in given_on:
            notes.note(_unused(name, tracer.nodes[name]), name, tracer.sources[name])
    for scope in idle:
        notes.note(whole.unused_step(scope.declared.where), scope.declared.where, scope.call)
    _inputs(tracer, outputs, notes)
    return notes.problems


def _unused(name: str, node: Node) -> Misfit:
    if node.step.form == "field":
        return whole.unused_field(str(node.step.config["field"]))
    return whole.unused_step(name)


def _idle_dags(tracer: Tracer, alive: set[str]) -> list[Scope]:
    """The dags called in the traced one of which no step reaches an output."""
    busy = [tracer.scope_of[name] for name in alive]
    called = dict.fromkeys(tracer.scope_of.values())
    return [scope for scope in called if scope is not tracer.scope and scope not in busy]


def _inputs(tracer: Tracer, outputs: Iterable[Use], notes: Notes) -> None:
    declared, fn = tracer.scope.declared, tracer.scope.own()
    used = tracer.excused.union(outputs, *(node.uses() for node in tracer.nodes.values()))
    for each in declared.parameters:
        if each.port and Use(node="", port=each.name) not in used and fn:
            location = sourcelines.parameter(fn, each.name)
            notes.note(whole.unused_input(each.name), f"{declared.where}.{each.name}", location)
