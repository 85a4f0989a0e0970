"""What jobs printed, as lines: as it is into a pipe, without what steers a terminal on one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weft.console.text.words import output_line

if TYPE_CHECKING:
    from weft.console.text.screen import Screen


def printed_lines(text: str, screen: Screen) -> list[str]:
    """The lines of a text that a job printed.

    Parameters
    ----------
    screen
        Where they are going to be shown.
    """
    lines = text.split("\n")
    if not lines[-1]:
        lines.pop()
    return [harmless(line) for line in lines] if screen.stream.isatty() else lines


def harmless(line: str) -> str:
    """What a terminal would show in the end of a line that may move back to its start.

    >>> harmless("10%\\r100%\\x1b[32m done\\x1b[0m\\tnow\\x07")
    '100% done       now\\\\x07'
    """
    if line.isprintable():
        return line
    return output_line(line.rstrip("\r").rsplit("\r", 1)[-1])
