"""The places of the boxes and arrows of one ladder.

All is reckoned *along* the layers and *across* them, and turned into x and y at the end: layers lie
below each other, or side by side. A ladder that is much longer than a screen is folded into bands,
as text is into lines.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from weft.console.drawing.ladder import Ends, Ladder
from weft.console.drawing.spread import spread

Point = tuple[float, float]
Size = tuple[float, float]

_GAP = 18.0
_FLAT_GAP = 10.0
"""Between boxes above each other, where layers are side by side."""
_BEND_GAP = 10.0
_ACROSS = 40.0
_FLAT_ACROSS = 48.0
_LOOP = 18.0
_TWIN = 8.0
"""Between arrows that join the same boxes."""
_GUTTER = 44.0
_LEAD = 16.0
_TIP = 9.0
"""Straight part at the ends of an arrow: the length of its tip."""
_LONG = 1500.0
"""Length from which a ladder is folded."""
_SHAPE = 1.5
"""Width by height of a folded ladder."""


@dataclass(frozen=True, slots=True)
class Box:
    """Left and top edge and size of a box."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Piece:
    """One ladder with its places; the upper left corner is at 0, 0."""

    boxes: tuple[Box, ...]
    routes: tuple[tuple[Point, ...], ...]
    width: float
    height: float
    folds: int


def place(
    ladder: Ladder, sizes: Sequence[Size], edges: Sequence[Ends], *, downwards: bool
) -> Piece:
    """Place a ladder whose boxes have these sizes."""
    rack = _Rack.of(ladder, sizes, edges, downwards=downwards)
    routes = tuple(
        tuple(rack.turned(point) for point in route) for route in rack.routes(ladder, edges)
    )
    boxes = tuple(rack.box(number) for number in range(ladder.boxes))
    return _cornered(boxes, routes, len(set(rack.band)) - 1)


def _cornered(boxes: tuple[Box, ...], routes: tuple[tuple[Point, ...], ...], folds: int) -> Piece:
    points = [point for route in routes for point in route]
    left = min([box.x for box in boxes] + [x for x, _ in points])
    top = min([box.y for box in boxes] + [y for _, y in points])
    right = max([box.x + box.width for box in boxes] + [x for x, _ in points])
    bottom = max([box.y + box.height for box in boxes] + [y for _, y in points])
    return Piece(
        tuple(Box(box.x - left, box.y - top, box.width, box.height) for box in boxes),
        tuple(tuple((x - left, y - top) for x, y in route) for route in routes),
        right - left,
        bottom - top,
        folds,
    )


@dataclass(slots=True)
class _Rack:
    """Places along and across.

    Attributes
    ----------
    middle
        Of each vertex, along.
    breadth
        Of each box, along.
    layer, start, thick, band
        The layer of each vertex; where each layer begins and how thick it is, across; and the
        number of its band.
    edge
        Where each band ends, along.
    """

    downwards: bool
    middle: list[float]
    breadth: list[float]
    layer: dict[int, int]
    start: list[float]
    thick: list[float]
    band: list[int]
    edge: list[float]

    @classmethod
    def of(
        cls, ladder: Ladder, sizes: Sequence[Size], edges: Sequence[Ends], *, downwards: bool
    ) -> _Rack:
        breadth = [float(w if downwards else h) for w, h in sizes]
        depth = [float(h if downwards else w) for w, h in sizes]
        loops = {a for a, b in edges if a == b}
        room = [b + 2 * _LOOP * (number in loops) for number, b in enumerate(breadth)]
        middle = spread(ladder, room, _GAP if downwards else _FLAT_GAP, _BEND_GAP)
        thick = [max(depth[v] for v in layer if v < ladder.boxes) for layer in ladder.layers]
        gaps = _gaps(ladder, middle, _ACROSS if downwards else _FLAT_ACROSS)
        rack = cls(downwards, middle, breadth, ladder.layer_of(), [], thick, [], [])
        rack._fold(ladder, room, gaps)
        return rack

    def _fold(self, ladder: Ladder, room: Sequence[float], gaps: Sequence[float]) -> None:
        """Give each layer its band and its start, and move the bands beside each other."""
        long = sum(self.thick) + sum(gaps)
        cuts = _cuts(ladder, self._bands(long, ladder, room))
        offset, across = 0.0, 0.0
        for first, after in zip([0, *cuts], [*cuts, len(ladder.layers)], strict=True):
            inside = [v for layer in ladder.layers[first:after] for v in layer]
            spans = [(self.middle[v], room[v] / 2 if v < len(room) else 0.0) for v in inside]
            low = min(m - half for m, half in spans)
            high = max(m + half for m, half in spans)
            for v in inside:
                self.middle[v] += offset - low
            across = 0.0
            for number in range(first, after):
                self.band.append(len(self.edge))
                self.start.append(across)
                across += self.thick[number] + gaps[number]
            self.edge.append(offset + high - low)
            offset += high - low + _GUTTER

    def _bands(self, long: float, ladder: Ladder, room: Sequence[float]) -> int:
        if long < _LONG:
            return 1
        wide = max((self.middle[v] + r / 2 for v, r in enumerate(room)), default=0.0)
        shape = _SHAPE if self.downwards else 1 / _SHAPE
        return max(1, min(round(math.sqrt(shape * long / (wide + _GUTTER))), len(ladder.layers)))

    # -- boxes and arrows --------------------------------------------------------------------

    def turned(self, point: Point) -> Point:
        """A place along and across as x and y."""
        return point if self.downwards else (point[1], point[0])

    def box(self, number: int) -> Box:
        layer = self.layer[number]
        along, across = self.middle[number] - self.breadth[number] / 2, self.start[layer]
        x, y = self.turned((along, across))
        width, height = self.turned((self.breadth[number], self.thick[layer]))
        return Box(x, y, width, height)

    def routes(self, ladder: Ladder, edges: Sequence[Ends]) -> Iterator[tuple[Point, ...]]:
        """The way of each arrow, from its beginning to its end."""
        twins = Counter(tuple(sorted(ends)) for ends in edges)
        drawn: Counter[tuple[int, ...]] = Counter()
        for number, chain in enumerate(ladder.chains):
            pair = tuple(sorted(edges[number]))
            shift = (drawn[pair] - (twins[pair] - 1) / 2) * _TWIN
            drawn[pair] += 1
            route = self._way(chain, shift) if chain else self._loop(edges[number][0])
            yield tuple(reversed(route)) if ladder.upwards[number] else tuple(route)

    def _loop(self, box: int) -> list[Point]:
        layer = self.layer[box]
        side = self.middle[box] + self.breadth[box] / 2
        centre = self.start[layer] + self.thick[layer] / 2
        far = side + _LOOP
        return [(side, centre - 7), (far, centre - 12), (far, centre + 12), (side, centre + 7)]

    def _way(self, chain: Sequence[int], shift: float) -> list[Point]:
        before = self.layer[chain[0]]
        route = [(self.middle[chain[0]] + shift, self.start[before] + self.thick[before])]
        for v in chain[1:]:
            layer = self.layer[v]
            target = (self.middle[v] + shift, self.start[layer])
            if self.band[layer] == self.band[before]:
                out = _TIP if before == self.layer[chain[0]] else 0.0
                into = _TIP if v == chain[-1] else 0.0
                route += _curve(route[-1], target, out, into)
            else:
                route += self._around(route[-1], target, self.band[layer], shift)
            if v != chain[-1]:  # a bend: straight through its layer
                route += _line(target, (target[0], target[1] + self.thick[layer]))
            before = layer
        return route

    def _around(self, begin: Point, end: Point, band: int, shift: float) -> list[Point]:
        """From the end of a band through the gutter to the beginning of the next."""
        gutter = self.edge[band - 1] + _GUTTER / 2 + shift
        out, back = (gutter, begin[1]), (gutter, end[1])
        low, high = begin[1] + _LEAD, end[1] - _LEAD
        return [
            (begin[0], low + 8),
            (gutter, low + 8),
            out,
            *_line(out, back),
            (gutter, high - 8),
            (end[0], high - 8),
            end,
        ]


def _curve(begin: Point, end: Point, out: float, into: float) -> list[Point]:
    """A curve that leaves straight for ``out``, and arrives straight for ``into``."""
    if begin[0] == end[0]:
        return _line(begin, end)
    first, last = (begin[0], begin[1] + out), (end[0], end[1] - into)
    half = (last[1] - first[1]) / 2
    curve = [(first[0], first[1] + half), (last[0], last[1] - half), last]
    return [
        *(_line(begin, first) if out else ()),
        *curve,
        *(_line(last, end) if into else ()),
    ]


def _line(begin: Point, end: Point) -> list[Point]:
    third = ((end[0] - begin[0]) / 3, (end[1] - begin[1]) / 3)
    return [
        (begin[0] + third[0], begin[1] + third[1]),
        (end[0] - third[0], end[1] - third[1]),
        end,
    ]


def _gaps(ladder: Ladder, middle: Sequence[float], least: float) -> list[float]:
    """Room after each layer: more where arrows go far to the side."""
    layer = ladder.layer_of()
    far = [0.0] * len(ladder.layers)
    for a, b in ladder.steps:
        far[layer[a]] = max(far[layer[a]], abs(middle[a] - middle[b]))
    return [least + min(0.05 * distance, 60.0) for distance in far[:-1]] + [0.0]


def _cuts(ladder: Ladder, bands: int) -> list[int]:
    """The layers that begin new bands: about even, where few arrows are cut."""
    if bands == 1:
        return []
    layer = ladder.layer_of()
    through = Counter(layer[b] for _, b in ladder.steps)
    number = len(ladder.layers)
    slack = number // (6 * bands)
    cuts: list[int] = []
    each = -(-number // bands)
    for even in range(each, number, each):
        near = range(max(even - slack, 1), min(even + slack, number - 1) + 1)
        cuts.append(min(near, key=lambda cut: (through[cut], abs(cut - even))))
    return sorted(set(cuts))
