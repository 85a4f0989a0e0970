"""A run as it goes on, on a terminal: an overall bar, a line per busy worker, painted over."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from weft.console.progress.status import calm_words
from weft.console.text.render import LOOKS
from weft.console.text.screen import Tone, columns_of, shorten
from weft.console.text.words import duration_words, one_line, size_words
from weft.model.states import JobState

if TYPE_CHECKING:
    from weft.console.progress.status import JobProgress, Progress
    from weft.console.text.screen import Screen

_COLOURS = re.compile("\x1b\\[[0-9]+m")

Piece = tuple[str, Tone | None]
"""A text of one colour."""

SHORTEST_BAR, LONGEST_BAR = 10, 40
"""Columns of the bar with its brackets."""
MEMORY_WIDTH = 50
"""Columns from which on there is room for the memory of each job."""
HINT = "p pause   + - workers ({})   k kill   Ctrl-C stop"


@dataclass(frozen=True, slots=True)
class Size:
    """Of a terminal, in characters."""

    columns: int
    rows: int

    @classmethod
    def of(cls, screen: Screen) -> Size:
        """What it is now: a person may resize it while a run goes on."""
        try:
            columns, rows = os.get_terminal_size(screen.stream.fileno())
        except (OSError, ValueError, AttributeError):
            columns = rows = 0
        return cls(columns or screen.width, rows or 24)


class Painter:
    """Paints lines over those that it painted before; each time in one write.

    The cursor is hidden, and lines are cut instead of broken, only within that write. So at any
    other time, and whatever ends the process, the terminal is as it was.
    """

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._frame: list[str] = []
        self._columns: list[int] = []

    def paint(self, lines: Sequence[str]) -> None:
        """Show ``lines``, coloured or not, instead of the last ones."""
        start = self._start(Size.of(self._screen))
        self._frame = list(lines)
        self._columns = [columns_of(_COLOURS.sub("", line)) for line in lines]
        self._write(start)

    def print(self, text: str) -> None:
        """Let a text stay above the lines."""
        if self._frame:
            self._write(self._start(Size.of(self._screen)), text + "\n")
        else:
            self._screen.line(text)

    def clear(self) -> None:
        """Take the lines away."""
        if self._frame:
            self._screen.write(f"{self._start(Size.of(self._screen))}\x1b[J")
        self.forget()

    def leave(self) -> None:
        """Let the lines stay, and go on below them."""
        if self._frame:
            self._screen.write("\n")
        self.forget()

    def forget(self) -> None:
        """Leave the lines where they are: others have written since."""
        self._frame, self._columns = [], []

    def _start(self, size: Size) -> str:
        """What moves to the first of the lines: a narrower terminal has broken some of them."""
        up = sum(max(1, -(-columns // size.columns)) for columns in self._columns[:-1])
        return f"\r\x1b[{up}A" if up else "\r"

    def _write(self, start: str, above: str = "") -> None:
        kept = "".join(f"{line}\x1b[K\n" for line in above.split("\n")[:-1])
        body = "\n".join(f"{line}\x1b[K" for line in self._frame)
        self._screen.write(f"\x1b[?25l{start}{kept}\x1b[?7l{body}\x1b[J\r\x1b[?7h\x1b[?25h")


def frame(progress: Progress, screen: Screen, size: Size, foot: Piece | None = None) -> list[str]:
    """The lines that show a run in a terminal of this size.

    Parameters
    ----------
    foot
        The last line, if there is room.
    """
    width = size.columns - 1  # in the last column some terminals break the line at once
    lines = [bar_line(progress, width)]
    fit = max(size.rows - 3, 0)
    running = progress.running
    shown = running if len(running) <= fit else running[: max(fit - 1, 0)]
    lines += worker_lines(shown, width)
    hidden = len(running) - len(shown)
    if hidden and fit:
        lines.append([(shorten(f"  and {hidden} more", width), Tone.FAINT)])
    if foot is not None and size.rows > len(lines) + 1 and columns_of(foot[0]) <= width:
        lines.append([foot])
    return ["".join(screen.paint(text, tone) for text, tone in line) for line in lines]


# -- the bar ---------------------------------------------------------------------------------


def bar_line(progress: Progress, width: int) -> list[Piece]:
    """How far the run is, in at most ``width`` columns; the least important gives way first."""
    parts = _parts(progress)
    while len(parts) > 1 and _columns_in(parts) > width:
        parts.remove(max(parts, key=lambda part: part[2]))
    texts: list[Piece] = [(text, tone) for text, tone, _ in parts]
    bar = min(width - _columns_in(parts) - 2, LONGEST_BAR)
    line = [*_bar(progress, bar), ("  ", None)] if bar >= SHORTEST_BAR else []
    for number, (text, tone) in enumerate(texts):
        line += [("  ", None)] if number else []
        line.append((shorten(text, width), tone))
    return line


def _columns_in(parts: Sequence[tuple[str, Tone | None, int]]) -> int:
    return sum(columns_of(text) for text, _, _ in parts) + 2 * (len(parts) - 1)


def _parts(progress: Progress) -> list[tuple[str, Tone | None, int]]:
    """Texts with their colours, and how soon each gives way."""
    parts: list[tuple[str, Tone | None, int]] = [
        (f"{progress.done}/{progress.total} done", LOOKS[JobState.DONE].tone, 0)
    ]
    for number, state, rank in (
        (progress.failed, JobState.FAILED, 1),
        (progress.blocked, JobState.BLOCKED, 4),
        (progress.cancelled, JobState.CANCELLED, 5),
    ):
        if number:
            look = LOOKS[state]
            parts.append((f"{look.glyph} {number} {state.value}", look.tone, rank))
    if progress.stopping or progress.paused:
        parts.append(("stopping" if progress.stopping else "paused", Tone.STRONG, 2))
    if progress.left is not None:
        parts.append((f"{about_words(progress.left)} left", None, 3))
    parts.append((calm_words(progress.elapsed), Tone.FAINT, 6))
    return parts


def _bar(progress: Progress, width: int) -> list[Piece]:
    """Cells by share: what is done, has failed, is blocked, runs, and is still to come."""
    inside, total = width - 2, max(progress.total, 1)
    pieces: list[Piece] = [("[", Tone.FAINT)]
    count = cells = 0
    for number, glyph, state in (
        (progress.done, "=", JobState.DONE),
        (progress.failed, "✗", JobState.FAILED),
        (progress.blocked, "■", JobState.BLOCKED),
        (len(progress.running), "▶", JobState.RUNNING),
    ):
        count += number
        upto = min(inside * count // total, inside)
        pieces.append((glyph * (upto - cells), LOOKS[state].tone))
        cells = upto
    return [*pieces, ("·" * (inside - cells) + "]", Tone.FAINT)]


def about_words(seconds: float) -> str:
    """A duration that nobody knows exactly.

    >>> about_words(8.3), about_words(44), about_words(170), about_words(8000)
    ('about 8 s', 'about 45 s', 'about 3 min', 'about 2 h 10 min')
    """
    if seconds < 55:
        step = 1 if seconds < 10 else 5
        return f"about {max(step * round(seconds / step), 1)} s"
    minutes = round(seconds / 60)
    if minutes >= 90:
        minutes = 10 * round(minutes / 10)
    return f"about {duration_words(60 * max(minutes, 1))}"


# -- the workers -----------------------------------------------------------------------------


def worker_lines(running: Sequence[JobProgress], width: int) -> list[list[Piece]]:
    """Number, job, stage, elapsed time and memory of each, in columns."""
    look = LOOKS[JobState.RUNNING]
    digits = max((len(str(job.number)) for job in running), default=0)
    heads = [f"{job.number:>{digits}} {look.glyph} " for job in running]
    tails = _tails(running, with_memory=width >= MEMORY_WIDTH)
    room = width - max(map(columns_of, heads), default=0) - max(map(columns_of, tails), default=0)
    names = [one_line(job.name) for job in running]
    stages = [one_line(job.told) for job in running]
    longest_stage = max(map(columns_of, stages), default=0)
    name_room = max(room // 2, room - longest_stage - 2) if longest_stage else room
    name_width = max(min(name_room, max(map(columns_of, names), default=0)), 0)
    stage_width = max(room - name_width - 2, 0)
    lines = []
    for head, name, stage, tail in zip(heads, names, stages, tails, strict=True):
        middle = _padded(name, name_width)
        middle += "  " + _padded(stage, stage_width) if stage_width else ""
        line: list[Piece] = [(head, look.tone), (_padded(middle, room), None), (tail, Tone.FAINT)]
        lines.append(_cut(line, width))
    return lines


def _tails(running: Sequence[JobProgress], *, with_memory: bool) -> list[str]:
    times = [calm_words(job.seconds) for job in running]
    widest = max(map(len, times), default=0)
    tails = [f"  {time:>{widest}}" for time in times]
    sizes = ["" if job.memory is None else size_words(job.memory) for job in running]
    if with_memory and any(sizes):
        widest = max(map(len, sizes))
        tails = [f"{tail}  {size:>{widest}}" for tail, size in zip(tails, sizes, strict=True)]
    return tails


def _padded(text: str, width: int) -> str:
    text = shorten(text, width)
    return text + " " * (width - columns_of(text))


def _cut(line: Sequence[Piece], width: int) -> list[Piece]:
    """The line in at most ``width`` columns."""
    kept: list[Piece] = []
    for text, tone in line:
        short = shorten(text, width) if columns_of(text) > width else text
        width -= columns_of(short)
        kept.append((short, tone))
    return kept
