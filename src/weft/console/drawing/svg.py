"""A figure as SVG: text only, no graphviz; for light and for dark pages."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

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
from weft.console.drawing.layout import Layout
from weft.console.drawing.palette import DARK_PAGE, PAGE, PAINTS, Paint, Shades
from weft.console.drawing.picture import Edge, Node
from weft.console.drawing.placing import Box, Point
from weft.console.text.words import one_line

_FORBIDDEN = re.compile("[\ud800-\udfff\ufffe\uffff]")
"""What XML or UTF-8 can't hold, and ``one_line`` keeps."""
_MARKUP = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"})
_FONTS = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace"
_BAR = 5.0
"""Height of the bar of shares in a box of many jobs."""


def svg_text(figure: Figure) -> str:
    """A whole SVG file."""
    return "\n".join(_parts(figure)) + "\n"


def xml_text(text: str) -> str:
    """``text`` to stand in XML, between tags or in quotes.

    >>> xml_text("a<b&\\x00")
    'a&lt;b&amp;\\\\x00'
    """
    harmless = _FORBIDDEN.sub(lambda found: f"\\u{ord(found[0]):04x}", one_line(text))
    return harmless.translate(_MARKUP)


def _parts(figure: Figure) -> Iterator[str]:
    width, height = _number(figure.width), _number(figure.height)
    title = xml_text(figure.picture.title)
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" role="img">'
    )
    yield f"<title>{title}</title>"
    yield f"<style>\n{_style(figure)}\n</style>"
    yield f"<defs>{_marker('data')}{_marker('generated')}</defs>"
    yield '<rect class="page" width="100%" height="100%"/>'
    yield f'<text class="head" x="{_number(MARGIN)}" y="{_number(MARGIN + 10)}">{title}</text>'
    x, y = figure.corner
    yield f'<g transform="translate({_number(x)} {_number(y)})">'
    for edge, route in zip(figure.picture.edges, figure.layout.routes, strict=True):
        yield _edge(edge, route)
    places = zip(figure.picture.nodes, figure.layout.boxes, figure.lines, strict=True)
    for node, box, lines in places:
        yield from _node(node, box, lines)
    yield from _edge_counts(figure.picture.edges, figure.layout)
    yield "</g>"
    yield from _legend(figure)
    yield "</svg>"


# -- style -----------------------------------------------------------------------------------


def _style(figure: Figure) -> str:
    paints = {PAINTS[state].name: PAINTS[state] for state, _ in figure.picture.counts}
    light = _rules(PAGE, paints, dark=False)
    dark = _rules(DARK_PAGE, paints, dark=True)
    return "\n".join(
        [
            f"text {{ font: {_number(FONT_SIZE)}px {_FONTS} }}",
            "text { dominant-baseline: central; white-space: pre }",
            ".head { font-weight: 600 }",
            ".edge { fill: none; stroke-width: 1.3 }",
            ".generated { stroke-dasharray: 5 4 }",
            ".frame { stroke-width: 1.4 }",
            ".inner { fill: none; stroke-width: 0.8 }",
            ".times { font-size: 10px; text-anchor: middle; stroke-width: 4; paint-order: stroke }",
            ".node:hover .frame { stroke-width: 3 }",
            *light,
            "@media (prefers-color-scheme: dark) {",
            *dark,
            "}",
        ]
    )


def _rules(page: Shades, paints: dict[str, Paint], *, dark: bool) -> Iterator[str]:
    yield f".page {{ fill: {page.fill} }}"
    yield f"text {{ fill: {page.text} }}"
    yield f".edge {{ stroke: {page.line} }}"
    yield f".tip {{ fill: {page.line} }}"
    yield f".times {{ stroke: {page.fill} }}"
    yield f".swatch {{ fill: none; stroke: {page.line} }}"
    for name, paint in paints.items():
        shades = paint.dark if dark else paint.light
        yield f".{name} .frame {{ fill: {shades.fill}; stroke: {shades.line} }}"
        yield f".{name} .inner {{ stroke: {shades.line} }}"
        yield f".{name} text {{ fill: {shades.text} }}"
        yield f".share.{name} {{ fill: {shades.line} }}"


def _marker(name: str) -> str:
    return (
        f'<marker id="tip-{name}" viewBox="0 0 8 8" refX="7.5" refY="4" markerWidth="8" '
        'markerHeight="8" markerUnits="userSpaceOnUse" orient="auto">'
        '<path class="tip" d="M0 0.5L8 4L0 7.5Z"/></marker>'
    )


# -- boxes and arrows ------------------------------------------------------------------------


def _node(node: Node, box: Box, lines: Sequence[Line]) -> Iterator[str]:
    facts = "\n".join(map(xml_text, (node.label, *node.facts) if node.label else node.facts))
    yield f'<g class="node {paint_of(node).name}"><title>{facts}</title>'
    yield _rect(box, "frame")
    if node.dynamic:
        inner = Box(box.x + 3, box.y + 3, box.width - 6, box.height - 6)
        yield _rect(inner, "inner", corner=4)
    middle, step = box.x + box.width / 2, 16.0
    top = box.y + box.height / 2 - step * (len(lines) - 1) / 2 - (_BAR / 2) * (len(lines) > 1)
    for number, line in enumerate(lines):
        yield _text(line, middle - line.width / 2, top + number * step)
    if node.collapsed:
        yield from _shares(node, box)
    yield "</g>"


def _rect(box: Box, name: str, corner: float = 6) -> str:
    return (
        f'<rect class="{name}" x="{_number(box.x)}" y="{_number(box.y)}" '
        f'width="{_number(box.width)}" height="{_number(box.height)}" rx="{_number(corner)}"/>'
    )


def _text(line: Line, x: float, y: float) -> str:
    """With its length, so that it stays in its box in whatever font there is."""
    if not line.columns:
        return ""
    return (
        f'<text x="{_number(x)}" y="{_number(y)}" textLength="{_number(line.width)}" '
        f'lengthAdjust="spacingAndGlyphs">{xml_text(line.text)}</text>'
    )


def _shares(node: Node, box: Box) -> Iterator[str]:
    """A bar with the share of each state, at the bottom of a box."""
    x, y = box.x + 10, box.y + box.height - _BAR - 5
    for state, width in shares(node, box.width - 20):
        yield (
            f'<rect class="share {PAINTS[state].name}" x="{_number(x)}" y="{_number(y)}" '
            f'width="{_number(width)}" height="{_number(_BAR)}"/>'
        )
        x += width


def _edge(edge: Edge, route: Sequence[Point]) -> str:
    kind = "generated" if edge.generated else "data"
    start, *rest = route
    curves = " ".join(
        "C" + " ".join(_pair(point) for point in rest[place : place + 3])
        for place in range(0, len(rest), 3)
    )
    return f'<path class="edge {kind}" d="M{_pair(start)} {curves}" marker-end="url(#tip-{kind})"/>'


def _edge_counts(edges: Sequence[Edge], laid: Layout) -> Iterator[str]:
    """How many arrows between jobs an arrow stands for."""
    for edge, route in zip(edges, laid.routes, strict=True):
        if edge.count > 1:
            x, y = middle_of(route)
            yield f'<text class="times" x="{_number(x)}" y="{_number(y)}">×{edge.count}</text>'


def middle_of(route: Sequence[Point]) -> Point:
    """A place on an arrow to write at: the middle of its middle curve.

    >>> middle_of([(0, 0), (0, 10), (0, 20), (0, 30)])
    (0.0, 15.0)
    """
    begin = 3 * ((len(route) - 1) // 6)
    a, b, c, d = route[begin : begin + 4]
    x, y = ((a[i] + 3 * b[i] + 3 * c[i] + d[i]) / 8 for i in (0, 1))
    return x, y


# -- legend ----------------------------------------------------------------------------------


def _legend(figure: Figure) -> Iterator[str]:
    top = MARGIN + HEAD + figure.layout.height + MARGIN
    yield f'<g class="legend" transform="translate({_number(MARGIN)} {_number(top)})">'
    for sign in figure.legend:
        yield f'<g transform="translate({_number(sign.x)} {_number(sign.y)})">'
        yield _swatch(sign)
        yield f'<text x="26" y="8">{xml_text(sign.words)}</text></g>'
    yield "</g>"


def _swatch(sign: Sign) -> str:
    box = Box(0, 1, 20, 14)
    if sign.state is not None:
        return f'<g class="{PAINTS[sign.state].name}">{_rect(box, "frame", 3)}</g>'
    if sign.kind == "dynamic":
        return _rect(box, "swatch", 4) + _rect(Box(3, 4, 14, 8), "swatch", 2)
    return f'<path class="edge {sign.kind}" d="M0 8L20 8" marker-end="url(#tip-{sign.kind})"/>'


def _pair(point: Point) -> str:
    return f"{_number(point[0])} {_number(point[1])}"


def _number(value: float) -> str:
    """To a tenth, without needless zeros.

    >>> _number(3.0), _number(3.14), _number(-0.04)
    ('3', '3.1', '0')
    """
    return f"{round(value, 1) + 0.0:.1f}".removesuffix(".0")
