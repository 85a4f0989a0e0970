"""``graph``: a picture of the jobs, written to a file or shown as text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from weft.console.drawing.files import write_file
from weft.console.drawing.picture import Label, Picture, picture_of
from weft.console.text.view import View, plain
from weft.console.text.words import count_words, one_line
from weft.errors import UserError

if TYPE_CHECKING:
    from weft.console.text.screen import Screen
    from weft.console.views.sight import Sight
    from weft.model.job import Job


class Format(Enum):
    """In which form a picture is written; the value is its name and usual ending."""

    SVG = "svg"
    DOT = "dot"
    PNG = "png"
    MERMAID = "mermaid"


_ENDINGS = {
    ".svg": Format.SVG,
    ".dot": Format.DOT,
    ".gv": Format.DOT,
    ".png": Format.PNG,
    ".mermaid": Format.MERMAID,
    ".mmd": Format.MERMAID,
}


@dataclass(frozen=True, slots=True)
class Target:
    """Where a picture goes; ``path`` None is the screen."""

    format: Format
    path: Path | None

    @classmethod
    def of(cls, form: str | None, to: str | None) -> Target:
        """What ``format=`` and ``to=`` ask for together.

        Raises
        ------
        UserError
            When neither tells the format, or a picture of dots is to go on the screen.

        Examples
        --------
        >>> Target.of(None, "out/jobs.gv").format
        <Format.DOT: 'dot'>
        >>> str(Target.of("png", None).path)
        'weft-graph.png'
        """
        chosen = Format(form) if form else None
        if to is None:
            chosen = chosen or Format.SVG
            return cls(chosen, Path(f"weft-graph.{chosen.value}"))
        if to == "-":
            if chosen is Format.PNG:
                raise UserError("A PNG can't be shown as text.", cure="Write to=FILE.")
            return cls(chosen or Format.SVG, None)
        path = Path(to).expanduser()
        chosen = chosen or _ENDINGS.get(path.suffix.lower())
        if chosen is None:
            raise UserError(
                f"to={to}: no format has the ending {path.suffix or 'of nothing'!r}.",
                cure="Add format=svg, dot, png or mermaid.",
            )
        return cls(chosen, path)


@dataclass(frozen=True, slots=True)
class GraphDrawn(View):
    """A picture that was written to a file, or is shown as ``text``."""

    picture: Picture
    format: Format
    path: Path | None
    text: str

    def lines(self, screen: Screen) -> Iterator[str]:  # noqa: ARG002 - the same on all screens
        """The text, or where the file is."""
        if self.path is None:
            yield from self.text.splitlines()
            return
        picture = self.picture
        boxes, arrows = len(picture.nodes), len(picture.edges)
        what = f"{count_words(picture.jobs, 'job')}, {count_words(arrows, 'arrow')}"
        if picture.collapsed:
            what = (
                f"{count_words(picture.jobs, 'job')} of {count_words(boxes, 'function')}, "
                "a box for each function (collapse=0: for each job)"
            )
        yield f"Wrote {one_line(str(self.path))}: {what}."

    def document(self) -> object:
        """The boxes and arrows themselves, and where they were written."""
        names = [node.id for node in self.picture.nodes]
        return {
            "file": None if self.path is None else str(self.path),
            "format": self.format.value,
            "collapsed": self.picture.collapsed,
            "nodes": [
                {
                    "id": node.id,
                    "function": node.function,
                    "state": node.state.value,
                    "stale": node.stale,
                    "dynamic": node.dynamic,
                    "definer": node.definer,
                    "seconds": node.seconds,
                    "jobs": plain(dict(node.counts)),
                }
                for node in self.picture.nodes
            ],
            "edges": [
                {
                    "source": names[edge.source],
                    "target": names[edge.target],
                    "generated": edge.generated,
                    "count": edge.count,
                }
                for edge in self.picture.edges
            ],
        }


@dataclass(frozen=True, slots=True)
class NothingDrawn(View):
    """The words name no job now: no file was written."""

    words: tuple[str, ...]

    def lines(self, screen: Screen) -> Iterator[str]:  # noqa: ARG002 - the same on all screens
        """Says so."""
        if self.words:
            yield one_line(f"No job is {' or '.join(self.words)} now: nothing was drawn.")
        else:
            yield "No jobs: nothing was drawn."

    def document(self) -> object:
        """An empty graph."""
        return {"file": None, "nodes": [], "edges": []}


def draw_graph(
    seen: Sight, jobs: Sequence[Job], target: Target, *, collapse: bool | None, label: Label
) -> GraphDrawn:
    """Draw these jobs, and write the file."""
    picture = picture_of(seen, jobs, collapse=collapse, label=label)
    content = content_of(picture, target.format)
    if target.path is not None:
        write_file(target.path, content)
        content = b""
    return GraphDrawn(picture, target.format, target.path, content.decode(errors="replace"))


def content_of(picture: Picture, form: Format) -> bytes:
    """A picture as the bytes of a file."""
    if form is Format.DOT:
        from weft.console.drawing.notations import dot_text

        return _encoded(dot_text(picture))
    if form is Format.MERMAID:
        from weft.console.drawing.notations import mermaid_text

        return _encoded(mermaid_text(picture))
    from weft.console.drawing.figure import figure_of

    figure = figure_of(picture)
    if form is Format.PNG:
        from weft.console.drawing.png import png_bytes

        return png_bytes(figure)
    from weft.console.drawing.svg import svg_text

    return _encoded(svg_text(figure))


def _encoded(text: str) -> bytes:
    """An id may hold half of a pair of surrogates, which UTF-8 can't."""
    return text.encode("utf-8", "backslashreplace")
