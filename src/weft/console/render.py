"""How things look: the glyph and colour of each state, and tables of aligned columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat

from weft.console.screen import Screen, Tone, columns_of, shorten
from weft.console.words import one_line
from weft.model.states import JobState


@dataclass(frozen=True, slots=True)
class Look:
    """How a state is shown: by a glyph and a colour, both beside its name."""

    glyph: str
    tone: Tone


LOOKS = {
    JobState.DONE: Look("✓", Tone.GOOD),
    JobState.FAILED: Look("✗", Tone.BAD),
    JobState.TIMED_OUT: Look("✗", Tone.BAD),
    JobState.OUT_OF_MEMORY: Look("✗", Tone.BAD),
    JobState.CANCELLED: Look("–", Tone.WARNING),
    JobState.BLOCKED: Look("■", Tone.WARNING),
    JobState.RUNNING: Look("▶", Tone.BUSY),
    JobState.READY: Look("○", Tone.READY),
    JobState.WAITING: Look("·", Tone.FAINT),
}

_SHORTEST = 16
"""Columns that the longest column of a table keeps in a narrow terminal."""
_GAP = "  "


@dataclass(frozen=True, slots=True)
class Cell:
    """One field of a table."""

    text: str
    tone: Tone | None = None
    right: bool = False


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table, whose texts are aligned.

    Attributes
    ----------
    tones
        One for each text; or one for all.
    """

    texts: Sequence[str]
    tones: Sequence[Tone | None] | Tone | None = None
    right: bool = False


def table(rows: Sequence[Sequence[Cell]], screen: Screen) -> Iterator[str]:
    """Rows in aligned columns; in a terminal the widest column is shortened to fit."""
    columns = [
        Column([c.text for c in cells], [c.tone for c in cells], cells[0].right)
        for cells in zip(*rows, strict=True)
    ]
    # A head and its numbers may be aligned differently: the last row decides.
    if rows:
        columns = [
            Column(column.texts, column.tones, cell.right)
            for column, cell in zip(columns, rows[-1], strict=True)
        ]
    return lines_of(columns, screen)


def lines_of(columns: Sequence[Column], screen: Screen) -> Iterator[str]:
    """The lines of a table; column by column, since there may be 100,000 lines (1 us for each).

    Columns without any text are left out.
    """
    columns = [column for column in columns if any(column.texts)]
    texts = [_harmless(column.texts) for column in columns]
    widths = [max(map(columns_of, set(column)), default=0) for column in texts]
    if screen.live and widths:
        spare = screen.width - sum(widths) - len(_GAP) * (len(widths) - 1)
        widest = widths.index(max(widths))
        if spare < 0:
            widths[widest] = max(widths[widest] + spare, _SHORTEST)
            texts[widest] = [shorten(text, widths[widest]) for text in texts[widest]]
    fields = [
        _fields(column, text, width, screen)
        for column, text, width in zip(columns, texts, widths, strict=True)
    ]
    return map(str.rstrip, map(_GAP.join, zip(*fields, strict=True)))


def _harmless(texts: Sequence[str]) -> list[str]:
    return list(texts) if "".join(texts).isprintable() else list(map(one_line, texts))


def _fields(column: Column, texts: Sequence[str], width: int, screen: Screen) -> Iterable[str]:
    """The texts of a column, padded and painted."""
    tones = column.tones
    painted = screen.colour and tones is not None
    if not painted and "".join(texts).isascii():
        return map(str.rjust if column.right else str.ljust, texts, repeat(width))
    every: Iterable[Tone | None] = (
        repeat(tones) if isinstance(tones, Tone) else tones or repeat(None)
    )
    made: dict[tuple[str, Tone | None], str] = {}
    for text, tone in zip(texts, every, strict=False):
        if (text, tone) not in made:
            made[text, tone] = _field(Cell(text, tone, column.right), width, screen)
    every = repeat(tones) if isinstance(tones, Tone) else tones or repeat(None)
    return [made[pair] for pair in zip(texts, every, strict=False)]


def _field(cell: Cell, width: int, screen: Screen) -> str:
    space = " " * (width - columns_of(cell.text))
    painted = screen.paint(cell.text, cell.tone)
    return space + painted if cell.right else painted + space
