"""Which choices must fall so that a node is needed. Worked out once from the graph; interpreter, planner and engine read it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple, TypeAlias

from headrace_dags.graph import ON, Node, Use


class Take(NamedTuple):
    """A join takes a key; ``key`` is ``None`` where it takes ``otherwise``.

    Where the join chooses for each item, it does so for the very item that is asked about; with ``some`` for any item,
    because what is asked about takes all of them whole.
    """

    join: str
    key: str | None
    some: bool = False


Term: TypeAlias = frozenset[Take]
Demand: TypeAlias = frozenset[Term]
"""Needed where one of the terms holds; a term holds where all that it names is taken. The empty term always holds."""

ALWAYS: Demand = frozenset((frozenset(),))


def demands(nodes: Iterable[Node], outputs: Iterable[Use]) -> dict[str, Demand]:
    """The demand of every node.

    Args:
        nodes: of one graph, each after those that feed it.
        outputs: values that are needed always.
    """
    nodes = tuple(nodes)
    needed: dict[str, set[Term]] = {node.name: set() for node in nodes}
    joins = {node.name: node for node in nodes if node.join and node.join.decides}
    before = {name: _ancestors(node, nodes) for name, node in joins.items()}
    for use in outputs:
        if use.node:
            needed[use.node] |= ALWAYS
    found: dict[str, Demand] = {}
    for node in reversed(nodes):
        free = {name for name, names in before.items() if node.name in names}
        own = found[node.name] = without(simplified(needed[node.name], joins), free)
        for use, takes, by_item in _takes(node):
            if use.node:
                needed[use.node] |= {(term if by_item else _of_any(term, joins)) | takes for term in own}
    return found


def _of_any(term: Term, joins: Mapping[str, Node]) -> Term:
    """The term as it holds for what is taken whole: what must fall for an item may fall for any."""
    return frozenset(take._replace(some=_chooses_by_item(joins[take.join])) for take in term)


def _chooses_by_item(join: Node) -> bool:
    return ON in join.mapped


def _ancestors(join: Node, nodes: tuple[Node, ...]) -> set[str]:
    """The nodes that a choice may come from. They cannot wait for it: it is as if it took every key of theirs."""
    found = {join.on.node} if join.on and join.on.node else set[str]()
    for node in reversed(nodes):
        if node.name in found:
            found |= {use.node for use in node.uses() if use.node}
    return found


def _takes(node: Node) -> Iterator[tuple[Use, Term, bool]]:
    """The values that a node takes, what must be taken so that it does, and whether it takes them item by item."""
    decides = node.join is not None and node.join.decides
    keys = iter(node.join.keys if node.join else ())
    for each in node.inputs:
        by_item, takes = each.port.name in node.mapped, frozenset[Take]()
        if decides and each.port.name != ON:
            takes = frozenset((Take(node.name, next(keys), some=_chooses_by_item(node) and not by_item),))
        if isinstance(each.binding, Use):
            yield each.binding, takes, by_item


def simplified(terms: Iterable[Term], joins: Mapping[str, Node]) -> Demand:
    """The same demand without terms that say nothing: those that another one covers, and all keys of one join together."""
    kept, size = set(terms), -1
    while len(kept) != size:
        size = len(kept)
        kept |= {term - {take} for term in kept for take in term if _whole(term - {take}, take, kept, joins)}
    return _least(kept)


def _whole(rest: Term, take: Take, terms: set[Term], joins: Mapping[str, Node]) -> bool:
    """Whether ``rest`` is needed whichever key the join of ``take`` takes."""
    join = joins[take.join].join if take.join in joins else None
    if join is None or not join.total:
        return False
    each_key = (rest | {take._replace(key=key)} for key in join.keys)
    return all(any(other <= term for other in terms) for term in each_key)


def joins_of(demand: Demand) -> frozenset[str]:
    """The joins that a demand names."""
    return frozenset(take.join for term in demand for take in term)


def without(demand: Demand, joins: frozenset[str] | set[str]) -> Demand:
    """The demand as far as it does not lie with ``joins``: as if they took every key."""
    return _least({frozenset(take for take in term if take.join not in joins) for term in demand})


def _least(terms: set[Term]) -> Demand:
    """The terms that no other one covers."""
    return frozenset(term for term in terms if not any(other < term for other in terms))
