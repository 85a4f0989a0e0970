"""Digests of a graph whose nodes may reach each other in circles, as recursive functions do.

The digest of a node is a hash of its own content and of the digests of what it reaches. Nodes of
one circle (a strongly connected group) have no such order: they get colours from their own content
and what leaves the group, refined by the colours that they reach until nothing more is told apart.
So a digest depends neither on where the walk began nor on its order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from weft.fingerprint.encoding import digest
from weft.model.job import Digest


@dataclass(slots=True, eq=False)
class Node:
    """A piece of code and what it reaches."""

    own: list[bytes] = field(default_factory=list)
    """Encodings of its own content."""
    edges: list[tuple[bytes, Node]] = field(default_factory=list)
    """Label (how it is reached) and node."""
    digest: Digest | None = None
    given: Digest | None = None
    """The digest that it has in the process that it came from."""


@dataclass(slots=True)
class _Visit:
    node: Node
    order: int
    low: int
    edges: Iterator[tuple[bytes, Node]]


def settle(root: Node, expand: Callable[[Node], None]) -> Digest:
    """Digest of ``root``; also sets that of everything it reaches.

    Tarjan's algorithm, iterative.

    Parameters
    ----------
    root
        Where to begin.
    expand
        Fills ``own`` and ``edges`` of a node; called once, on the first visit.
    """
    if root.digest is not None:
        return root.digest
    visits: dict[int, _Visit] = {}
    group: list[Node] = []
    path = [_enter(root, visits, group, expand)]
    while path:
        visit = path[-1]
        for _, target in visit.edges:
            if target.digest is not None:
                continue
            seen = visits.get(id(target))
            if seen is None:
                path.append(_enter(target, visits, group, expand))
                break
            visit.low = min(visit.low, seen.order)
        else:
            path.pop()
            if path:
                path[-1].low = min(path[-1].low, visit.low)
            if visit.low == visit.order:
                _settle_group(_take(group, visit.node))
    return root.digest or b""


def _enter(
    node: Node, visits: dict[int, _Visit], group: list[Node], expand: Callable[[Node], None]
) -> _Visit:
    expand(node)
    order = len(visits)
    visit = visits[id(node)] = _Visit(node, order, order, iter(node.edges))
    group.append(node)
    return visit


def _take(group: list[Node], first: Node) -> list[Node]:
    """Remove the nodes from ``first`` on: they form one strongly connected group."""
    members: list[Node] = []
    while not members or members[-1] is not first:
        members.append(group.pop())
    return members


def _settle_group(members: list[Node]) -> None:
    inside = {id(node) for node in members}
    if len(members) == 1 and not any(target is members[0] for _, target in members[0].edges):
        members[0].digest = members[0].given or _hash(members[0], {})
        return
    colours = dict.fromkeys(inside, b"*")
    told_apart = 0
    while True:
        colours = {id(node): _hash(node, colours) for node in members}
        if len(set(colours.values())) == told_apart:
            break
        told_apart = len(set(colours.values()))
    whole = digest(b"group", *sorted(colours.values()))
    for node in members:
        node.digest = node.given or digest(colours[id(node)], whole)


def _hash(node: Node, colours: dict[int, bytes]) -> Digest:
    reached = sorted(label + (target.digest or colours[id(target)]) for label, target in node.edges)
    return digest(*encoded_node(node.own, reached))


def encoded_node(own: Sequence[bytes], reached: Sequence[bytes]) -> list[bytes]:
    """What the digest of a node is made of: its own content and, in order, what it reaches."""
    return [b"node%d;%d;" % (len(own), len(reached)), *own, *reached]
