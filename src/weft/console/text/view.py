"""What a command found out: plain data that shows itself as lines, or as one JSON document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from pathlib import PurePath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from weft.console.text.screen import Screen


class View:
    """Base of what handlers give back: a frozen dataclass with both of its faces."""

    __slots__ = ()

    def lines(self, screen: Screen) -> Iterator[str]:
        """As people read it, laid out for ``screen``."""
        raise NotImplementedError

    def document(self) -> object:
        """As programs read it: what ``json.dumps`` takes; times in seconds, sizes in bytes."""
        return plain(self)


def plain(value: object) -> object:
    """``value`` as lists, dicts, texts and numbers.

    >>> from weft.model.states import JobState
    >>> plain({"state": JobState.TIMED_OUT, "ids": ("a", "b")})
    {'state': 'timed out', 'ids': ['a', 'b']}
    """
    if isinstance(value, Enum):
        return value.value if isinstance(value.value, str) else value.name.lower()
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(plain(key)): plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(one) for one in value]
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, PurePath):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no JSON form.")
