"""The words for numbers: counts, durations, sizes, lists of names; and text made harmless."""

from __future__ import annotations

import re
from collections.abc import Sequence

NAMES_SHOWN = 4
"""How many names of one kind are listed before the rest is counted."""

_COLOURS = re.compile("\x1b\\[[0-9;]*m")
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
"""Control characters, other line ends, and what turns the direction of text."""


def one_line(text: str) -> str:
    """``text`` with its control characters written out, so that it can't steer a terminal.

    >>> one_line("a\\x1b[2Jb\\n")
    'a\\\\x1b[2Jb\\\\n'
    """
    if text.isprintable():
        return text
    return _CONTROLS.sub(lambda found: repr(found[0])[1:-1], text)


def output_line(text: str) -> str:
    """A line that a job printed, without its colours, made harmless.

    >>> output_line("a\\t\\x1b[31mred\\x1b[0m\\x07")
    'a       red\\\\x07'
    """
    return one_line(_COLOURS.sub("", text).expandtabs())


def name_list(names: Sequence[str]) -> str:
    """Names in a sentence, the rest counted.

    >>> name_list(["a", "b"]), name_list(list("abcdef"))
    ('a, b', 'a, b, c, d and 2 more')
    """
    shown = ", ".join(names[:NAMES_SHOWN])
    more = len(names) - NAMES_SHOWN
    return f"{shown} and {more} more" if more > 0 else shown


def count_words(number: int, noun: str) -> str:
    """A number with its noun.

    >>> count_words(1, "job"), count_words(27, "job")
    ('1 job', '27 jobs')
    """
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def duration_words(seconds: float) -> str:
    """A duration, to two parts.

    >>> duration_words(0.0123), duration_words(3.14), duration_words(125), duration_words(7260)
    ('12 ms', '3.1 s', '2 min 5 s', '2 h 1 min')
    """
    if seconds < 0.00995:
        return f"{seconds * 1000:.1f} ms"
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 59.95:
        return f"{seconds:.1f} s" if seconds < 9.95 else f"{seconds:.0f} s"
    whole = round(seconds)
    for size, name, smaller, small_name in (
        (86400, "d", 3600, "h"),
        (3600, "h", 60, "min"),
        (60, "min", 1, "s"),
    ):
        if whole >= size:
            rest = whole % size // smaller
            return (
                f"{whole // size} {name} {rest} {small_name}" if rest else f"{whole // size} {name}"
            )
    return f"{whole} s"


def size_words(size: int) -> str:
    """Bytes in the largest unit that keeps the number above one.

    >>> size_words(512), size_words(1536), size_words(2**30)
    ('512 B', '1.5 KiB', '1.0 GiB')
    """
    amount = float(size)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if amount < 1024:
            return f"{amount:.0f} B" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1024
    return f"{amount:.1f} TiB"
