"""Durations, sizes and moments as people write them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from weft.errors import UserError
from weft.model.resources import parse_memory

if TYPE_CHECKING:
    from datetime import datetime

_SECONDS = {
    "ms": 1e-3,
    **dict.fromkeys(("", "s", "sec", "second", "seconds"), 1.0),
    **dict.fromkeys(("m", "min", "minute", "minutes"), 60.0),
    **dict.fromkeys(("h", "hour", "hours"), 3600.0),
    **dict.fromkeys(("d", "day", "days"), 86400.0),
    **dict.fromkeys(("w", "week", "weeks"), 604800.0),
}
_DURATION = re.compile(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)\s*([a-z]*)")
_CLOCK = re.compile(r"([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?")
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def seconds_of(text: str) -> float | None:
    """A duration in seconds; None for what is none.

    >>> seconds_of("500ms"), seconds_of("2 min"), seconds_of("10"), seconds_of("soon")
    (0.5, 120.0, 10.0, None)
    """
    found = _DURATION.fullmatch(text.strip().lower())
    if found is None or found[2] not in _SECONDS:
        return None
    return float(found[1]) * _SECONDS[found[2]]


def bytes_of(text: str) -> int | None:
    """An amount of memory in bytes; None for what is none.

    >>> bytes_of("1KB"), bytes_of("2.5 MiB"), bytes_of("much")
    (1024, 2621440, None)
    """
    try:
        size = parse_memory(text)
    except (UserError, OverflowError):
        return None
    return size if size >= 0 else None


def moment_of(text: str, now: float) -> float | None:
    """A moment of the past in seconds since the epoch; None for what is none.

    Days and clock times are those of this machine. A clock time still to come today is
    yesterday's; a weekday is the newest one that has begun.

    >>> moment_of("2 hours ago", 10_000.0), moment_of("next week", 10_000.0)
    (2800.0, None)
    """
    from datetime import datetime

    text = text.strip().lower()
    past = text.removesuffix("ago").rstrip()
    duration = seconds_of(past) if past[-1:].isalpha() else None
    if duration is not None:
        return now - duration
    try:
        here = datetime.fromtimestamp(now)
        found = _named_day(text, here) or _clock_time(text, here)
        return (found or datetime.fromisoformat(text.upper())).timestamp()
    except (ValueError, OverflowError, OSError):
        return None


def _named_day(text: str, here: datetime) -> datetime | None:
    from datetime import timedelta

    midnight = here.replace(hour=0, minute=0, second=0, microsecond=0)
    if text in {"today", "yesterday"}:
        return midnight - timedelta(days=int(text == "yesterday"))
    if text in _WEEKDAYS:
        return midnight - timedelta(days=(here.weekday() - _WEEKDAYS.index(text)) % 7)
    return None


def _clock_time(text: str, here: datetime) -> datetime | None:
    from datetime import timedelta

    found = _CLOCK.fullmatch(text)
    if found is None:
        return None
    hour, minute, second = (int(part or 0) for part in found.groups())
    moment = here.replace(hour=hour, minute=minute, second=second, microsecond=0)
    return moment if moment <= here else moment - timedelta(days=1)
