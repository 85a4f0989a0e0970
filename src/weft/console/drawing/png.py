"""A figure as PNG, by matplotlib: the same layout and colours as the SVG, on a light page."""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence
from typing import Any

from weft.console.drawing.figure import (
    FONT_SIZE,
    HEAD,
    MARGIN,
    Figure,
    Line,
    Sign,
    paint_of,
    shares,
)
from weft.console.drawing.palette import PAGE, PAINTS
from weft.console.drawing.picture import Edge, Node
from weft.console.drawing.placing import Box, Point
from weft.console.drawing.svg import middle_of
from weft.console.text.words import one_line
from weft.errors import UserError

_UNITS_PER_INCH = 72.0
_DOTS_PER_UNIT = 2.0
_WIDEST = 16_000.0
"""Dots of a side; above 65,536 the painter refuses, and far below that viewers give up."""


def png_bytes(figure: Figure) -> bytes:
    """A whole PNG file.

    Raises
    ------
    UserError
        Without matplotlib.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure as Canvas
    except ImportError as error:
        raise UserError(
            "A PNG needs matplotlib, which is not installed.",
            cure='pip install "weft[plot]"; or write format=svg, which needs nothing.',
        ) from error
    scale = min(_DOTS_PER_UNIT, _WIDEST / max(figure.width, figure.height))
    canvas = Canvas(
        figsize=(figure.width / _UNITS_PER_INCH, figure.height / _UNITS_PER_INCH),
        dpi=_UNITS_PER_INCH * scale,
        facecolor=PAGE.fill,
    )
    FigureCanvasAgg(canvas)
    axes = canvas.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.set_xlim(0, figure.width)
    axes.set_ylim(figure.height, 0)
    _Painter(axes).paint(figure)
    return _saved(canvas)


def _saved(canvas: Any) -> bytes:
    stream = io.BytesIO()
    with warnings.catch_warnings():
        # A character that its font lacks is shown as a box: no reason to say so.
        warnings.filterwarnings("ignore", message=".*[Gg]lyph")
        canvas.savefig(stream, format="png")
    return stream.getvalue()


class _Painter:
    """Paints on the axes of one figure."""

    def __init__(self, axes: Any) -> None:
        self._axes = axes

    def paint(self, figure: Figure) -> None:
        """All of it."""
        x, y = figure.corner
        self._text(figure.picture.title, MARGIN, MARGIN + 10, PAGE.text, weight="bold")
        for edge, route in zip(figure.picture.edges, figure.layout.routes, strict=True):
            self._edge(edge, [(px + x, py + y) for px, py in route])
        for node, box, lines in zip(
            figure.picture.nodes, figure.layout.boxes, figure.lines, strict=True
        ):
            self._node(node, Box(box.x + x, box.y + y, box.width, box.height), lines)
        for sign in figure.legend:
            self._sign(sign, MARGIN, MARGIN + HEAD + figure.layout.height + MARGIN)

    def _text(self, text: str, x: float, y: float, colour: str, **more: Any) -> None:
        settings = {"family": "monospace", "size": FONT_SIZE, "va": "center_baseline", **more}
        self._axes.text(x, y, one_line(text), color=colour, parse_math=False, **settings)

    def _box(self, box: Box, fill: str, line: str, *, width: float = 1.4) -> None:
        from matplotlib.patches import FancyBboxPatch

        shape = f"round,pad=0,rounding_size={min(6.0, box.height / 3)}"
        corner = (box.x, box.y)
        self._axes.add_patch(
            FancyBboxPatch(
                corner, box.width, box.height, shape, facecolor=fill, edgecolor=line, lw=width
            )
        )

    def _node(self, node: Node, box: Box, lines: Sequence[Line]) -> None:
        shades = paint_of(node).light
        self._box(box, shades.fill, shades.line)
        if node.dynamic:
            inner = Box(box.x + 3, box.y + 3, box.width - 6, box.height - 6)
            self._box(inner, "none", shades.line, width=0.8)
        middle = box.x + box.width / 2
        top = box.y + box.height / 2 - 8.0 * (len(lines) - 1) - 2.5 * (len(lines) > 1)
        for number, line in enumerate(lines):
            self._text(line.text, middle, top + 16.0 * number, shades.text, ha="center")
        if node.collapsed:
            self._shares(node, box)

    def _shares(self, node: Node, box: Box) -> None:
        from matplotlib.patches import Rectangle

        x = box.x + 10
        for state, width in shares(node, box.width - 20):
            corner = (x, box.y + box.height - 10)
            self._axes.add_patch(Rectangle(corner, width, 5, color=PAINTS[state].light.line, lw=0))
            x += width

    def _edge(self, edge: Edge, route: Sequence[Point]) -> None:
        self._arrow(route, dashed=edge.generated)
        if edge.count > 1:
            x, y = middle_of(route)
            ground = {"facecolor": PAGE.fill, "edgecolor": "none", "pad": 1}
            self._text(f"×{edge.count}", x, y, PAGE.text, size=10, ha="center", bbox=ground)

    def _arrow(self, route: Sequence[Point], *, dashed: bool) -> None:
        from matplotlib.patches import FancyArrowPatch
        from matplotlib.path import Path

        codes = [Path.MOVETO, *([Path.CURVE4] * (len(route) - 1))]
        self._axes.add_patch(
            FancyArrowPatch(
                path=Path(list(route), codes),
                arrowstyle="-|>",
                mutation_scale=9,
                facecolor=PAGE.line,
                edgecolor=PAGE.line,
                lw=1.2,
                linestyle=(0, (4, 3)) if dashed else "solid",
                shrinkA=0,
                shrinkB=0,
            )
        )

    def _sign(self, sign: Sign, left: float, top: float) -> None:
        x, y = left + sign.x, top + sign.y
        if sign.state is not None:
            shades = PAINTS[sign.state].light
            self._box(Box(x, y + 1, 20, 14), shades.fill, shades.line)
        elif sign.kind == "dynamic":
            self._box(Box(x, y + 1, 20, 14), "none", PAGE.line, width=1.0)
            self._box(Box(x + 3, y + 4, 14, 8), "none", PAGE.line, width=0.8)
        else:
            line = [(x, y + 8), (x + 7, y + 8), (x + 13, y + 8), (x + 20, y + 8)]
            self._arrow(line, dashed=sign.kind == "generated")
        self._text(sign.words, x + 26, y + 8, PAGE.text)
