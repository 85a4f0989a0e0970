"""A picture in the notations of other programs: DOT for Graphviz, and Mermaid."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from weft.console.drawing.palette import PAINTS, glyph_of
from weft.console.drawing.picture import Node, Picture
from weft.console.text.words import one_line

_DOT_MARKS = str.maketrans({"\\": "\\\\", '"': '\\"', "&": "&amp;", "<": "&lt;", ">": "&gt;"})
_MERMAID_MARKS = str.maketrans({mark: f"#{ord(mark)};" for mark in '"#&<>`\\|[](){};%$'})


def dot_text(picture: Picture) -> str:
    """The picture in the language of Graphviz.

    Boxes have names by their number; ids stand in labels and tooltips only, where all characters
    can be written.
    """
    return "\n".join(_dot(picture)) + "\n"


def mermaid_text(picture: Picture) -> str:
    """The picture as a flow chart of Mermaid."""
    return "\n".join(_mermaid(picture)) + "\n"


def dot_escaped(text: str) -> str:
    """``text`` to stand in a quoted label, shown as it is.

    >>> print(dot_escaped('say "a<b"'))
    say \\"a&lt;b\\"
    """
    return one_line(text).translate(_DOT_MARKS)


def mermaid_escaped(text: str) -> str:
    """``text`` to stand in a quoted label: all that Mermaid could take for its own is a number.

    >>> mermaid_escaped('f("a")')
    'f#40;#34;a#34;#41;'
    """
    return one_line(text).translate(_MERMAID_MARKS)


def _label(node: Node, escape: Callable[[str], str], newline: str) -> str:
    if node.collapsed:
        return newline.join([escape(f"{node.label} × {node.jobs}"), escape(node.summary)])
    return escape(f"{glyph_of(node.state)} {node.label}".strip())


def _dot(picture: Picture) -> Iterator[str]:
    yield "digraph weft {"
    yield f'  graph [label="{dot_escaped(picture.title)}", labelloc=t, fontname="monospace"];'
    yield '  node [shape=box, style="rounded,filled", fontname="monospace"];'
    for number, node in enumerate(picture.nodes):
        paint = PAINTS[node.state]
        tooltip = "\\n".join(dot_escaped(fact) for fact in (node.id, *node.facts))
        yield (
            f'  n{number} [label="{_label(node, dot_escaped, chr(92) + "n")}", '
            f'class="{paint.name}", fillcolor="{paint.light.fill}", color="{paint.light.line}", '
            f'fontcolor="{paint.light.text}", tooltip="{tooltip}"'
            f"{', peripheries=2' if node.dynamic else ''}];"
        )
    for edge in picture.edges:
        looks = ["style=dashed"] if edge.generated else []
        looks += [f'label="×{edge.count}"'] if edge.count > 1 else []
        attributes = f" [{', '.join(looks)}]" if looks else ""
        yield f"  n{edge.source} -> n{edge.target}{attributes};"
    yield "}"


def _mermaid(picture: Picture) -> Iterator[str]:
    yield "flowchart TD"
    for number, node in enumerate(picture.nodes):
        begin, end = ("[[", "]]") if node.dynamic else ("[", "]")
        text = _label(node, mermaid_escaped, "<br>")
        yield f'  n{number}{begin}"{text}"{end}:::{PAINTS[node.state].name}'
    for edge in picture.edges:
        arrow = "-.->" if edge.generated else "-->"
        times = f'|"×{edge.count}"|' if edge.count > 1 else ""
        yield f"  n{edge.source} {arrow}{times} n{edge.target}"
    for state, _ in picture.counts:
        shades = PAINTS[state].light
        yield (
            f"  classDef {PAINTS[state].name} "
            f"fill:{shades.fill},stroke:{shades.line},color:{shades.text}"
        )
