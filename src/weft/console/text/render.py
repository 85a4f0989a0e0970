"""How things look: the glyph and colour of each state, and tables of aligned columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat

from weft.console.text.screen import Screen, Tone, columns_of, shorten
from weft.console.text.words import one_line
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
    texts: list[Sequence[str]] = []
    plain: list[bool] = []
    for column in columns:
        together = "".join(column.texts)
        harmless = together.isprintable()
        texts.append(column.texts if harmless else list(map(one_line, column.texts)))
        plain.append(harmless and together.isascii())
    widths = [
        max(map(len, column)) if ascii_only else max(map(columns_of, set(column)))
        for column, ascii_only in zip(texts, plain, strict=True)
    ]
    if screen.live and widths:
        spare = screen.width - sum(widths) - len(_GAP) * (len(widths) - 1)
        widest = widths.index(max(widths))
        if spare < 0:
            widths[widest] = max(widths[widest] + spare, _SHORTEST)
            texts[widest] = [shorten(text, widths[widest]) for text in texts[widest]]
            plain[widest] = False  # the mark of what was left out
    padded: list[Iterator[str]] = []
    for column, text, width, ascii_only in zip(columns, texts, widths, plain, strict=True):
        if ascii_only and (column.tones is None or not screen.colour):
            pad = str.rjust if column.right else str.ljust
            padded.append(map(pad, text, repeat(width)))
        else:
            padded.append(iter(_fields(column, text, width, screen)))
    return map(str.rstrip, map(_GAP.join, zip(*padded, strict=True)))


def _fields(column: Column, texts: Sequence[str], width: int, screen: Screen) -> list[str]:
    """The texts of a column, padded and painted, each pair of text and tone once."""
    tones = column.tones if screen.colour else None
    if tones is None:
        padded = {t: _field(Cell(t, None, column.right), width, screen) for t in set(texts)}
        return list(map(padded.__getitem__, texts))
    every = repeat(tones, len(texts)) if isinstance(tones, Tone) else tones
    pairs = list(zip(texts, every, strict=True))
    made = {pair: _field(Cell(*pair, column.right), width, screen) for pair in set(pairs)}
    return list(map(made.__getitem__, pairs))


def _field(cell: Cell, width: int, screen: Screen) -> str:
    space = " " * (width - columns_of(cell.text))
    painted = screen.paint(cell.text, cell.tone)
    return space + painted if cell.right else painted + space
