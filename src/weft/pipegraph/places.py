"""Where loaded data go, and are taken away from again."""

from __future__ import annotations

from collections.abc import MutableMapping
from contextlib import suppress
from typing import Any

from weft.pipegraph.errors import JobContractError


class Place:
    """Where loaded data go; it does not count for the code that loads them."""

    owner: Any
    name: Any

    def __weft_hash__(self) -> str:
        return type(self).__name__

    def put(self, value: Any) -> None:
        """Take what was loaded."""

    def empty(self) -> None:
        """Give it up again."""


class Attribute(Place):
    """An attribute of an object."""

    def __init__(self, owner: object, name: str) -> None:
        if not isinstance(name, str) or not name.isidentifier():
            raise JobContractError(
                f"{name!r} can't be the name of an attribute.", cure="Give a plain name as text."
            )
        self.owner = owner
        self.name = name

    def put(self, value: Any) -> None:
        """Set it."""
        try:
            setattr(self.owner, self.name, value)
        except (AttributeError, TypeError) as error:
            raise _unfit(self, f"attribute {self.name!r}", error) from error

    def empty(self) -> None:
        """Delete it, if it is there and can be deleted."""
        with suppress(AttributeError, TypeError):
            delattr(self.owner, self.name)


class Entry(Place):
    """An entry of a dict."""

    def __init__(self, owner: MutableMapping[Any, Any], name: Any) -> None:
        if not isinstance(owner, MutableMapping):
            raise JobContractError(
                f"{type(owner).__name__} has no entries to load into.", cure="Give a dict."
            )
        self.owner = owner
        self.name = name

    def put(self, value: Any) -> None:
        """Set it."""
        try:
            self.owner[self.name] = value
        except (KeyError, TypeError) as error:
            raise _unfit(self, f"entry {self.name!r}", error) from error

    def empty(self) -> None:
        """Remove it, if it is there and can be removed."""
        with suppress(KeyError, TypeError):
            del self.owner[self.name]


def _unfit(place: Place, what: str, error: Exception) -> JobContractError:
    """The error of a place that takes nothing."""
    return JobContractError(
        f"Nothing can be loaded into {what} of a {type(place.owner).__name__}.",
        facts={"because": error},
        cure="Give an object, or a name in it, that can be set.",
    )
