"""Where the vertices of layers stand: as near to their neighbours as their sizes allow."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from weft.console.drawing.ladder import Ladder

_ROUNDS = 8
_BEND_WEIGHT = 6.0
"""How much more a bend insists on its place than a box: long arrows become straight."""


def spread(ladder: Ladder, sizes: Sequence[float], gap: float, bend_gap: float) -> list[float]:
    """The middle of each vertex, in the direction in which its layer runs.

    Parameters
    ----------
    sizes
        Of the boxes; bends have none.
    """
    number = sum(map(len, ladder.layers))
    wide = [*sizes, *([0.0] * (number - ladder.boxes))]
    above: list[list[int]] = [[] for _ in range(number)]
    below: list[list[int]] = [[] for _ in range(number)]
    for a, b in ladder.steps:
        above[b].append(a)
        below[a].append(b)
    apart = [_distances(layer, wide, ladder.boxes, gap, bend_gap) for layer in ladder.layers]
    middles = [0.0] * number
    for layer, distances in zip(ladder.layers, apart, strict=True):
        _put(layer, [0.0] * len(layer), [1.0] * len(layer), distances, middles)
    both = [a + b for a, b in zip(above, below, strict=True)]
    plans = [(above, False), (below, True)] * _ROUNDS + [(both, False), (both, True)]
    for beside, upwards in plans:
        pairs = list(zip(ladder.layers, apart, strict=True))
        for layer, distances in reversed(pairs) if upwards else pairs:
            _settle(layer, distances, beside, ladder.boxes, middles)
    left = min((m - w / 2 for m, w in zip(middles, wide, strict=True)), default=0.0)
    return [middle - left for middle in middles]


def _distances(
    layer: Sequence[int], wide: Sequence[float], boxes: int, gap: float, bend_gap: float
) -> list[float]:
    """From each vertex of a layer to the next, at least."""
    return [
        (wide[a] + wide[b]) / 2 + (gap if a < boxes or b < boxes else bend_gap)
        for a, b in pairwise(layer)
    ]


def _settle(
    layer: Sequence[int],
    distances: Sequence[float],
    beside: Sequence[Sequence[int]],
    boxes: int,
    middles: list[float],
) -> None:
    wanted, weights = [], []
    for v in layer:
        near = [middles[n] for n in beside[v]]
        wanted.append(sum(near) / len(near) if near else middles[v])
        weights.append((1.0 if v < boxes else _BEND_WEIGHT) if near else 0.2)
    _put(layer, wanted, weights, distances, middles)


def _put(
    layer: Sequence[int],
    wanted: Sequence[float],
    weights: Sequence[float],
    distances: Sequence[float],
    middles: list[float],
) -> None:
    for v, place in zip(layer, apart(wanted, weights, distances), strict=True):
        middles[v] = place


def apart(
    wanted: Sequence[float], weights: Sequence[float], distances: Sequence[float]
) -> list[float]:
    """The places nearest to the wanted ones that keep the distances.

    Nearest means: the least sum of weighted squares. Neighbours that would come too near are pooled
    and moved as one, which finds that in one pass.

    Examples
    --------
    >>> apart([0.0, 0.0], [1.0, 1.0], [10.0])
    [-5.0, 5.0]
    >>> apart([0.0, 50.0], [1.0, 1.0], [10.0])
    [0.0, 50.0]
    """
    offsets = [0.0]
    for distance in distances:
        offsets.append(offsets[-1] + distance)
    pools: list[tuple[float, float, int]] = []  # mean, weight, members
    for want, weight, offset in zip(wanted, weights, offsets, strict=False):
        mean, total, members = want - offset, weight, 1
        while pools and pools[-1][0] > mean:
            other, more, count = pools.pop()
            mean = (mean * total + other * more) / (total + more)
            total, members = total + more, members + count
        pools.append((mean, total, members))
    means = [mean for mean, _, members in pools for _ in range(members)]
    return [mean + offset for mean, offset in zip(means, offsets, strict=False)]
