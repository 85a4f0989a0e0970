"""The kinds of values that people write: numbers, switches, times, amounts; read, and written."""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import Enum
from typing import Any

from weft.errors import UserError
from weft.graph.quantities import bytes_of, seconds_of


class Kind(Enum):
    """The type of a value; the text says what is accepted."""

    INTEGER = "a whole number, at least 1"
    COUNT = "a whole number, at least 0"
    SWITCH = "1 or 0"
    SECONDS = 'a time such as "90s", "2min" or "1h"'
    AGE = 'an age such as "90min", "7d" or "0"'
    MEMORY = 'an amount of memory such as "2GB"'
    TEXT = "a text"


_SWITCHES = {
    **dict.fromkeys(("1", "true", "yes", "on"), True),
    **dict.fromkeys(("0", "false", "no", "off"), False),
}
_WRITTEN_TIMES = (("d", 86400), ("h", 3600), ("min", 60))
_WRITTEN_AMOUNTS = (("TB", 2**40), ("GB", 2**30), ("MB", 2**20), ("KB", 2**10))
_DIGITS = 18
"""Of a number at most: Python refuses to read numbers of more than 4,300."""


def read_value(name: str, kind: Kind, text: str, choices: Sequence[str] = ()) -> Any:
    """The value that ``text`` means for ``name``.

    Raises
    ------
    UserError
        When it means none.

    Examples
    --------
    >>> read_value("n", Kind.INTEGER, "4"), read_value("timeout", Kind.SECONDS, "2min")
    (4, 120.0)
    """
    value: Any = None
    match kind:
        case Kind.INTEGER | Kind.COUNT:
            value = _number(text, 1 if kind is Kind.INTEGER else 0)
        case Kind.SWITCH:
            value = _SWITCHES.get(text.lower())
        case Kind.SECONDS | Kind.AGE:
            value = _seconds(text, zero=kind is Kind.AGE)
        case Kind.MEMORY:
            value = bytes_of(text) or None
        case Kind.TEXT:
            value = text if not choices or text in choices else None
    if value is None:
        raise UserError(f"{name}={text}: {name} is {wanted(kind, choices)}.")
    return value


def wanted(kind: Kind, choices: Sequence[str] = ()) -> str:
    """What is accepted, in words.

    >>> wanted(Kind.TEXT, ("end", "failure")), wanted(Kind.SWITCH)
    ('end or failure', '1 or 0')
    """
    return " or ".join(choices) or kind.value


def write_value(kind: Kind, value: Any) -> str:
    """A value as people write it: ``read_value`` of it is that value again.

    >>> write_value(Kind.AGE, 604800.0), write_value(Kind.MEMORY, 2**31)
    ('7d', '2GB')
    """
    match kind:
        case Kind.SWITCH:
            return "1" if value else "0"
        case Kind.SECONDS | Kind.AGE:
            return _written(value, _WRITTEN_TIMES, "s")
        case Kind.MEMORY:
            return _written(value, _WRITTEN_AMOUNTS, "")
    return str(value)


def _number(text: str, least: int) -> int | None:
    if not text.isdecimal() or len(text) > _DIGITS:
        return None
    number = int(text)
    return number if number >= least else None


def _seconds(text: str, *, zero: bool) -> float | None:
    seconds = seconds_of(text)
    if seconds is None or not math.isfinite(seconds) or (seconds == 0 and not zero):
        return None
    return seconds


def _written(value: float, units: Sequence[tuple[str, int]], smallest: str) -> str:
    """In the largest unit of which it is a whole number."""
    for unit, size in units:
        if value and value % size == 0:
            return f"{int(value // size)}{unit}"
    return f"{int(value) if value == int(value) else f'{value:.12f}'.rstrip('0')}{smallest}"
