"""A graph in layers: which box stands in which layer, and in which order.

Boxes go below what they depend on (longest path); an arrow over several layers bends once in each;
sweeps that put each vertex at the mean place of its neighbours take crossings out. Nothing here is
recursive, and equal graphs give equal ladders.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

Ends = tuple[int, int]

_BENDS_AT_MOST = 20_000
"""Bends for the sweeps to order in about a second; longer arrows than fit are drawn straight."""
_SWEEPS = 12
_MANY = 8_000
"""Parts of arrows from which two sweeps have to do."""


@dataclass(frozen=True, slots=True)
class Ladder:
    """Vertices in layers; those from ``boxes`` on are bends of arrows.

    Attributes
    ----------
    chains
        Of each arrow, the vertices that it goes through, from the upper to the lower layer. Empty
        for one from a box to itself.
    upwards
        Of each arrow, whether it points from the lower to the upper layer, closing a cycle.
    """

    boxes: int
    layers: tuple[tuple[int, ...], ...]
    chains: tuple[tuple[int, ...], ...]
    upwards: tuple[bool, ...]

    @property
    def steps(self) -> list[Ends]:
        """Upper and lower vertex of all parts of arrows that go just one layer down."""
        parts = [pair for chain in self.chains for pair in pairwise(chain)]
        layer = self.layer_of()
        return [(a, b) for a, b in parts if layer[b] - layer[a] == 1]

    def layer_of(self) -> dict[int, int]:
        """The layer of each vertex."""
        return {v: depth for depth, layer in enumerate(self.layers) for v in layer}


def ladder_of(boxes: int, edges: Sequence[Ends]) -> Ladder:
    """Put boxes and arrows into layers.

    >>> ladder_of(3, [(0, 1), (1, 2), (0, 2)]).layers
    ((0,), (1, 3), (2,))
    """
    upwards = _closing(boxes, edges)
    down = [(b, a) if up else (a, b) for (a, b), up in zip(edges, upwards, strict=True)]
    depth = _depths(boxes, [ends for ends in down if ends[0] != ends[1]])
    layers, chains = _with_bends(boxes, down, depth)
    ladder = Ladder(boxes, layers, chains, tuple(upwards))
    return _ordered(ladder)


def _closing(boxes: int, edges: Sequence[Ends]) -> list[bool]:
    """Which arrows lead back to where a walk along the arrows came from."""
    out: list[list[tuple[int, int]]] = [[] for _ in range(boxes)]
    has_upstream = [False] * boxes
    for number, (a, b) in enumerate(edges):
        if a != b:
            out[a].append((b, number))
            has_upstream[b] = True
    closing, state = [False] * len(edges), [0] * boxes  # 0 unknown, 1 on the way, 2 left
    for start in sorted(range(boxes), key=lambda box: has_upstream[box]):
        if state[start]:
            continue
        state[start] = 1
        way = [(start, iter(out[start]))]
        while way:
            box, rest = way[-1]
            step = next(rest, None)
            if step is None:
                state[box] = 2
                way.pop()
            elif state[step[0]] == 0:
                state[step[0]] = 1
                way.append((step[0], iter(out[step[0]])))
            elif state[step[0]] == 1:
                closing[step[1]] = True
    return closing


def _depths(boxes: int, edges: Sequence[Ends]) -> list[int]:
    """The layer of each box: one below the lowest that it follows.

    A box that follows none stands right above the first that follows it.
    """
    after: list[list[int]] = [[] for _ in range(boxes)]
    missing = [0] * boxes
    for a, b in edges:
        after[a].append(b)
        missing[b] += 1
    first = [box for box in range(boxes) if not missing[box]]
    ready, depth = list(first), [0] * boxes
    for box in ready:  # it grows while it is walked
        for below in after[box]:
            depth[below] = max(depth[below], depth[box] + 1)
            missing[below] -= 1
            if not missing[below]:
                ready.append(below)
    for box in first:
        if after[box]:
            depth[box] = min(depth[below] for below in after[box]) - 1
    return depth


def _with_bends(
    boxes: int, down: Sequence[Ends], depth: Sequence[int]
) -> tuple[tuple[tuple[int, ...], ...], tuple[tuple[int, ...], ...]]:
    layers: list[list[int]] = [[] for _ in range(max(depth, default=-1) + 1)]
    for box in _walked(boxes, down):
        layers[depth[box]].append(box)
    chains: list[tuple[int, ...]] = [()] * len(down)
    following = boxes
    for number in sorted(range(len(down)), key=lambda n: depth[down[n][1]] - depth[down[n][0]]):
        a, b = down[number]
        span = depth[b] - depth[a]
        if a == b:
            continue
        if following - boxes + span - 1 > _BENDS_AT_MOST:
            chains[number] = (a, b)
            continue
        bends = range(following, following + span - 1)
        following += span - 1
        for place, bend in enumerate(bends):
            layers[depth[a] + 1 + place].append(bend)
        chains[number] = (a, *bends, b)
    return tuple(map(tuple, layers)), tuple(chains)


def _walked(boxes: int, down: Sequence[Ends]) -> list[int]:
    """All boxes in the order of a walk into the depth: neighbours come near each other."""
    after: list[list[int]] = [[] for _ in range(boxes)]
    follows = [False] * boxes
    for a, b in down:
        after[a].append(b)
        follows[b] = follows[b] or a != b
    found: dict[int, None] = {}
    for start in sorted(range(boxes), key=lambda box: follows[box]):
        stack = [start]
        while stack:
            box = stack.pop()
            if box not in found:
                found[box] = None
                stack.extend(reversed(after[box]))
    return list(found)


# -- order -----------------------------------------------------------------------------------


def _ordered(ladder: Ladder) -> Ladder:
    above: dict[int, list[int]] = {v: [] for layer in ladder.layers for v in layer}
    below: dict[int, list[int]] = {v: [] for layer in ladder.layers for v in layer}
    steps = ladder.steps
    for a, b in steps:
        above[b].append(a)
        below[a].append(b)
    layers = [list(layer) for layer in ladder.layers]
    best, fewest = ladder.layers, _crossings(layers, below)
    for sweep in range(_SWEEPS if len(steps) < _MANY else 2):
        if not fewest:
            break
        _sweep(layers, above if sweep % 2 == 0 else below, downwards=sweep % 2 == 0)
        crossings = _crossings(layers, below)
        if crossings < fewest:
            best, fewest = tuple(map(tuple, layers)), crossings
    return Ladder(ladder.boxes, best, ladder.chains, ladder.upwards)


def _sweep(layers: list[list[int]], beside: dict[int, list[int]], *, downwards: bool) -> None:
    """Sort each layer by the mean place of the neighbours in the layer before."""
    numbers = range(1, len(layers)) if downwards else range(len(layers) - 2, -1, -1)
    for number in numbers:
        before = layers[number - 1 if downwards else number + 1]
        place = {v: float(p) for p, v in enumerate(before)}
        wanted = {}
        for own, v in enumerate(layers[number]):
            near = [place[n] for n in beside[v]]
            wanted[v] = sum(near) / len(near) if near else float(own)
        layers[number].sort(key=wanted.__getitem__)


def _crossings(layers: Sequence[Sequence[int]], below: dict[int, list[int]]) -> int:
    """How many pairs of arrows cross between neighbouring layers."""
    total = 0
    for upper, lower in pairwise(layers):
        place = {v: p for p, v in enumerate(lower)}
        ends: list[int] = []
        for v in upper:
            targets = sorted(place[b] for b in below[v])
            total += sum(len(ends) - bisect_right(ends, target) for target in targets)
            for target in targets:
                insort(ends, target)
    return total
