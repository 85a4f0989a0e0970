"""A picture with the places of its boxes, ready to be painted as SVG or PNG."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from weft.console.drawing.layout import Layout, layout
from weft.console.drawing.palette import PAINTS, Paint, glyph_of
from weft.console.drawing.picture import Node, Picture
from weft.console.text.screen import columns_of, shorten
from weft.console.text.words import one_line
from weft.errors import UserError
from weft.model.states import JobState

FONT_SIZE = 12.0
MARGIN = 24.0
HEAD = 34.0
"""Height of the title."""
LEGEND_LINE = 22.0

_COLUMN = 7.3
"""Width of a column: fixed-width fonts take 0.6 of their size."""
_PADDING = 10.0
_LABEL_COLUMNS = 32
_DRAWN_AT_MOST = 2000
"""Boxes whose places are found in a few seconds."""
_NARROWEST = 520.0
_STEP = 4
"""Columns that widths are rounded up to, so that most boxes of a picture are equally wide."""
_LEAST_SHARE = 0.05


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text in a box; ``columns`` wide."""

    text: str
    columns: int

    @classmethod
    def of(cls, text: str) -> Line:
        """Made harmless, and short enough for a box."""
        text = shorten(one_line(text), _LABEL_COLUMNS)
        return cls(text, columns_of(text))

    @property
    def width(self) -> float:
        """In units of the picture."""
        return self.columns * _COLUMN


@dataclass(frozen=True, slots=True)
class Sign:
    """One entry of the legend: a swatch of a state, or else of ``kind``, and words."""

    words: str
    x: float
    y: float
    state: JobState | None = None
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Figure:
    """A picture, its layout, and the text of its boxes."""

    picture: Picture
    layout: Layout
    lines: tuple[tuple[Line, ...], ...]
    """Of each box."""
    legend: tuple[Sign, ...]

    @property
    def width(self) -> float:
        """Of all, in units: pixels of SVG, points of PNG."""
        title = columns_of(self.picture.title) * _COLUMN
        return max(self.layout.width, title, _NARROWEST) + 2 * MARGIN

    @property
    def height(self) -> float:
        """Of all."""
        rows = self.legend[-1].y + LEGEND_LINE if self.legend else 0.0
        return MARGIN + HEAD + self.layout.height + MARGIN + rows

    @property
    def corner(self) -> tuple[float, float]:
        """Where the layout begins."""
        return (self.width - self.layout.width) / 2, MARGIN + HEAD


def figure_of(picture: Picture) -> Figure:
    """Find the places of all that a picture shows.

    Raises
    ------
    UserError
        When there are too many boxes.
    """
    if len(picture.nodes) > _DRAWN_AT_MOST:
        raise UserError(
            f"{len(picture.nodes)} boxes are too many for a picture.",
            facts={"at most": _DRAWN_AT_MOST},
            cure="Leave out collapse=0, or choose fewer jobs; format=dot takes any number.",
        )
    lines = tuple(tuple(_lines(node)) for node in picture.nodes)
    sizes = [_size(rows) for rows in lines]
    laid = layout(sizes, [(edge.source, edge.target) for edge in picture.edges])
    return Figure(picture, laid, lines, _legend(picture, max(laid.width, _NARROWEST)))


def _lines(node: Node) -> Iterator[Line]:
    glyph = glyph_of(node.state)
    if node.collapsed:
        yield Line.of(f"{node.label} × {node.jobs}")
        yield Line.of(node.summary)
    else:
        label = shorten(one_line(node.label), _LABEL_COLUMNS - 2)
        yield Line.of(f"{glyph} {label}".strip())


def _size(lines: tuple[Line, ...]) -> tuple[float, float]:
    height = 28.0 if len(lines) == 1 else 50.0
    columns = max(line.columns for line in lines)
    return max(-(-columns // _STEP) * _STEP * _COLUMN + 2 * _PADDING, height), height


def paint_of(node: Node) -> Paint:
    """How its box is painted."""
    return PAINTS[node.state]


def shares(node: Node, whole: float) -> list[tuple[JobState, float]]:
    """How ``whole`` is divided among the states of a box; one failure of many is seen too."""
    parts = [max(number / node.jobs, _LEAST_SHARE) for _, number in node.counts]
    states = [state for state, _ in node.counts]
    return [(state, whole * part / sum(parts)) for state, part in zip(states, parts, strict=True)]


def _legend(picture: Picture, width: float) -> tuple[Sign, ...]:
    """One entry for each state and each kind of line that is there."""
    entries: list[tuple[str, JobState | None, str]] = [
        (f"{glyph_of(state)} {state.value}", state, "") for state, _ in picture.counts
    ]
    if any(not edge.generated for edge in picture.edges):
        entries.append(("data", None, "data"))
    if any(edge.generated for edge in picture.edges):
        entries.append(("defined", None, "generated"))
    if any(node.dynamic for node in picture.nodes):
        entries.append(("defines jobs", None, "dynamic"))
    signs, x, row = [], 0.0, 0
    for words, state, kind in entries:
        wide = 26 + columns_of(words) * _COLUMN + 22
        if x and x + wide > width:
            x, row = 0.0, row + 1
        signs.append(Sign(words, x, row * LEGEND_LINE, state, kind))
        x += wide
    return tuple(signs)
