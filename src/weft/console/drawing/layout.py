"""Where boxes and arrows go: layers downwards or to the right, long ones folded, parts packed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from weft.console.drawing.ladder import Ends, Ladder, ladder_of
from weft.console.drawing.placing import Box, Piece, Point, Size, place

_ROW = 1200.0
"""Width up to which the parts of a graph stand side by side."""
_SHAPE = 1.0
"""Width by height of many packed parts."""
_BETWEEN = 28.0
_ALIKE = 0.75
"""Mean width by greatest from which parts stand in columns."""
_SCREEN = (1400.0, 900.0)
_FOLDING = 0.3
"""What a fold costs beside the logarithm of how many screens a picture takes."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The places of all boxes, and the way of each arrow.

    Attributes
    ----------
    routes
        Of each arrow: where it begins, and then two control points and the end of each curve.
    """

    boxes: tuple[Box, ...]
    routes: tuple[tuple[Point, ...], ...]
    width: float
    height: float
    downwards: bool


@dataclass(frozen=True, slots=True)
class _Part:
    """Boxes that hang together: their numbers, those of their arrows, and their ladder."""

    boxes: Sequence[int]
    edges: Sequence[int]
    ends: Sequence[Ends]
    ladder: Ladder


def layout(sizes: Sequence[Size], edges: Sequence[Ends]) -> Layout:
    """Place boxes of these sizes with these arrows; the same each time.

    Arrows go down, or to the right where that takes fewer screens.

    Examples
    --------
    >>> [(box.x, box.y) for box in layout([(80, 30), (80, 30)], [(0, 1)]).boxes]
    [(0.0, 0.0), (0.0, 70.0)]
    """
    parts = _parts(len(sizes), edges)
    ways = []
    for downwards in (True, False):
        pieces = [
            place(part.ladder, [sizes[b] for b in part.boxes], part.ends, downwards=downwards)
            for part in parts
        ]
        folds = sum(piece.folds for piece in pieces)
        ways.append((_packed(parts, pieces, len(edges), downwards=downwards), folds))
    return min(ways, key=lambda way: _cost(*way))[0]


def _cost(laid: Layout, folds: int) -> float:
    """How far a picture is from fitting on a screen; scrolling sideways is worse."""
    wide, high = laid.width / _SCREEN[0], laid.height / _SCREEN[1]
    return 1.5 * math.log(max(wide, 1.0)) + math.log(max(high, 1.0)) + _FOLDING * min(folds, 1)


def _parts(boxes: int, edges: Sequence[Ends]) -> list[_Part]:
    groups = components(boxes, edges)
    part_of, own = [0] * boxes, [0] * boxes
    for number, group in enumerate(groups):
        for place_, box in enumerate(group):
            part_of[box], own[box] = number, place_
    mine: list[list[int]] = [[] for _ in groups]
    for number, (a, _) in enumerate(edges):
        mine[part_of[a]].append(number)
    parts = []
    for group, numbers in zip(groups, mine, strict=True):
        ends = [(own[edges[n][0]], own[edges[n][1]]) for n in numbers]
        parts.append(_Part(group, numbers, ends, ladder_of(len(group), ends)))
    return parts


def components(boxes: int, edges: Sequence[Ends]) -> list[list[int]]:
    """Boxes that hang together, in the order of their first ones.

    >>> components(4, [(0, 2)])
    [[0, 2], [1], [3]]
    """
    chief = list(range(boxes))

    def chief_of(box: int) -> int:
        while chief[box] != box:
            chief[box] = chief[chief[box]]
            box = chief[box]
        return box

    for a, b in edges:
        one, other = sorted((chief_of(a), chief_of(b)))
        chief[other] = one
    groups: dict[int, list[int]] = {}
    for box in range(boxes):
        groups.setdefault(chief_of(box), []).append(box)
    return list(groups.values())


def _packed(
    parts: Sequence[_Part], pieces: Sequence[Piece], edges: int, *, downwards: bool
) -> Layout:
    """Parts in rows, in their order."""
    corners, width, height = shelves([(piece.width, piece.height) for piece in pieces])
    boxes: dict[int, Box] = {}
    routes: list[tuple[Point, ...]] = [()] * edges
    for part, piece, (x, y) in zip(parts, pieces, corners, strict=True):
        for number, box in zip(part.boxes, piece.boxes, strict=True):
            boxes[number] = Box(box.x + x, box.y + y, box.width, box.height)
        for number, route in zip(part.edges, piece.routes, strict=True):
            routes[number] = tuple((px + x, py + y) for px, py in route)
    return Layout(
        tuple(boxes[number] for number in range(len(boxes))),
        tuple(routes),
        width,
        height,
        downwards,
    )


def shelves(sizes: Sequence[Size]) -> tuple[list[Point], float, float]:
    """The corners of rectangles that stand in rows, and the size of the whole.

    >>> shelves([(100, 20), (100, 30)])
    ([(0.0, 0.0), (128.0, 0.0)], 228.0, 30.0)
    """
    area = sum((w + _BETWEEN) * (h + _BETWEEN) for w, h in sizes)
    widest = max((w for w, _ in sizes), default=0.0)
    row = max(_ROW, math.sqrt(area * _SHAPE), widest)
    alike = sum(w for w, _ in sizes) > _ALIKE * widest * len(sizes)
    corners, x, y, high, width = [], 0.0, 0.0, 0.0, 0.0
    for w, h in sizes:
        if x and x + w > row:
            x, y, high = 0.0, y + high + _BETWEEN, 0.0
        corners.append((x, y))
        width, high = max(width, x + w), max(high, float(h))
        x += (widest if alike else w) + _BETWEEN
    return corners, width, y + high
