"""Reading what an older Weft pickled."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, TypeVar

T = TypeVar("T")


def reads_older(kind: type[T]) -> type[T]:
    """Let a frozen, slotted dataclass read pickles that lack its newest fields, which come last.

    It stands above ``@dataclass``: Python up to 3.11.2 writes a ``__setstate__`` of its own over
    one that stands in the class.
    """
    kind.__setstate__ = _set_state  # type: ignore[attr-defined]
    return kind


def _set_state(self: Any, values: list[Any]) -> None:
    for place, field in enumerate(fields(self)):
        value = values[place] if place < len(values) else field.default
        object.__setattr__(self, field.name, value)
