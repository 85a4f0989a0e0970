"""Where text goes: how wide it is, and whether it takes colours and repainting."""

from __future__ import annotations

import os
import re
import sys
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TextIO

from weft.errors import CommandFailed

PIPE_WIDTH = 80
"""Columns that prose is laid out for when there is no terminal."""

_COLOURS = re.compile("\x1b\\[[0-9]+m")
_SMALL_INDENT = 4
"""Columns that lines hang by after a head that takes more than half of the width."""
_ASCII = str.maketrans(
    {"✓": "+", "✗": "x", "■": "#", "▶": ">", "○": "o", "·": ".", "–": "-", "→": "->", "…": "..."}
)


class OutputFailed(CommandFailed):
    """What was to be shown can't be written: the disk is full, or the terminal is gone."""


class Tone(Enum):
    """What a colour means; the value is its ANSI code. Never the only sign of anything."""

    GOOD = "32"
    BAD = "31"
    WARNING = "33"
    """Shown as brown by most terminals."""
    BUSY = "93"
    READY = "36"
    STRONG = "1"
    FAINT = "2"


@dataclass(frozen=True, slots=True)
class Screen:
    """A stream with what is known of it.

    Attributes
    ----------
    width
        Columns.
    colour
        Whether ANSI colours are used: on terminals, unless ``NO_COLOR`` is set or somebody says
        otherwise.
    live
        Whether a line can be painted over: on terminals that are not dumb.
    """

    stream: TextIO
    width: int = PIPE_WIDTH
    colour: bool = False
    live: bool = False

    @classmethod
    def of(cls, stream: TextIO | None = None, colours: str = "auto") -> Screen:
        """The screen that a stream (by default standard output) shows on.

        Parameters
        ----------
        colours
            ``auto``, ``always`` or ``never``.
        """
        stream = stream if stream is not None else sys.stdout
        if not stream.isatty():
            return cls(stream, colour=colours == "always")
        import shutil

        live = os.environ.get("TERM", "") not in {"", "dumb"}
        wanted = live and not os.environ.get("NO_COLOR")
        colour = wanted if colours == "auto" else colours == "always"
        return cls(stream, shutil.get_terminal_size((PIPE_WIDTH, 24)).columns, colour, live)

    def paint(self, text: str, tone: Tone | None) -> str:
        """``text`` in a colour, where there are colours."""
        if tone is None or not self.colour or not text:
            return text
        return f"\x1b[{tone.value}m{text}\x1b[0m"

    def write(self, text: str) -> None:
        """Write and flush; what the stream's encoding can't show is replaced, never an error.

        Raises
        ------
        BrokenPipeError
            When the reader of a pipe went away.
        OutputFailed
            When the stream can't be written to for another reason.
        """
        try:
            self._write(text)
            self.stream.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            raise OutputFailed(f"The output can't be written: {error.strerror}.") from error

    def _write(self, text: str) -> None:
        try:
            self.stream.write(text)
        except UnicodeEncodeError:
            encoding = self.stream.encoding or "ascii"
            plain = text.translate(_ASCII).encode(encoding, "backslashreplace")
            self.stream.write(plain.decode(encoding))

    def line(self, text: str = "") -> None:
        """Write one line."""
        self.write(text + "\n")


def open_closed_streams() -> None:
    """Let standard streams that the program was started without lead nowhere.

    A file opened next takes the lowest number that is free: without this the database could become
    number 1, which is where the output of jobs is sent.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        stream = getattr(sys, name)
        if stream is None or getattr(stream, "closed", False):
            nowhere = Path(os.devnull).open(mode)  # noqa: SIM115 - stays as long as the process
            os.set_inheritable(nowhere.fileno(), True)  # noqa: FBT003
            setattr(sys, name, nowhere)


def columns_of(text: str) -> int:
    """How many columns ``text`` takes in a terminal.

    >>> columns_of("abc"), columns_of("漢字")
    (3, 4)
    """
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(0 if combining(c) else 1 + (east_asian_width(c) in "WF") for c in text)


def shorten(text: str, width: int) -> str:
    """``text`` in at most ``width`` columns, its middle left out where it is longer.

    >>> shorten("a-long-job-id", 9)
    'a-lo…b-id'
    """
    if columns_of(text) <= width:
        return text
    head = _leading(text, width // 2)
    tail = _leading(text[::-1], width - width // 2 - 1)[::-1]
    return f"{head}…{tail}" if width > 0 else ""


def _leading(text: str, width: int) -> str:
    """The first characters that fit in ``width`` columns."""
    end = max(min(width, len(text)), 0)
    while end and columns_of(text[:end]) > width:
        end -= 1
    return text[:end]


def hung(head: str, text: str, screen: Screen) -> list[str]:
    """A line; in a terminal broken at words to its width, the text hanging after the head.

    Examples
    --------
    >>> hung("call: ", "fit(1, 2)", Screen(sys.stdout, width=12, live=True))
    ['call: fit(1,', '      2)']
    """
    if not screen.live:
        return [head + text]
    body = text.lstrip(" ")
    head += text[: len(text) - len(body)]
    used = columns_of(_COLOURS.sub("", head))
    indent = used if used <= screen.width // 2 else _SMALL_INDENT
    first, *rest = body.split(" ")
    lines, used = [head + first], used + columns_of(first)
    for word in rest:
        columns = columns_of(word)
        if used + 1 + columns <= screen.width:
            lines[-1] += f" {word}"
            used += 1 + columns
        else:
            lines.append(" " * indent + word)
            used = indent + columns
    return [line.rstrip(" ") for line in lines]
