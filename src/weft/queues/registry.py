"""What this process has, without keeping it: a weak set that can be listed at any moment."""

from __future__ import annotations

import weakref
from typing import Generic, TypeVar

T = TypeVar("T")


class Registry(Generic[T]):
    """Objects of one kind. A `WeakSet` can't be listed while another thread adds to it.

    Examples
    --------
    >>> class Thing: ...
    >>> thing, things = Thing(), Registry()
    >>> things.add(thing)
    >>> things.all() == [thing]
    True
    """

    __slots__ = ("_references",)

    def __init__(self) -> None:
        self._references: weakref.WeakValueDictionary[int, T] = weakref.WeakValueDictionary()

    def add(self, item: T) -> None:
        """Know it from now on."""
        self._references[id(item)] = item

    def all(self) -> list[T]:
        """Those that are still there."""
        found = (reference() for reference in self._references.valuerefs())
        return [item for item in found if item is not None]

    def __bool__(self) -> bool:
        return len(self._references) > 0
