"""What loading jobs put into objects: data never count as part of code that holds the objects."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

_loaded: dict[int, set[object]] = {}
"""Names of attributes, or keys of a dict, that are left out at present, by id of the owner."""


@contextmanager
def leaving_out(places: Iterable[tuple[object, object]]) -> Iterator[None]:
    """While this is open, these do not count, as if they were not there.

    Parameters
    ----------
    places
        Object and name of an attribute, or dict and key: what loading jobs put there.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> genome = SimpleNamespace(name="hg38", sequence="ACGT")
    >>> with leaving_out([(genome, "sequence")]):
    ...     dict(that_count(genome, vars(genome)))
    {'name': 'hg38'}
    """
    for owner, name in places:
        with suppress(TypeError):  # what can't be a key is in no dict
            _loaded.setdefault(id(owner), set()).add(name)
    try:
        yield
    finally:
        _loaded.clear()


def that_count(owner: object, state: Mapping[Any, Any]) -> Mapping[Any, Any]:
    """Attributes of an object, or a dict itself, without what is left out."""
    loaded = _loaded.get(id(owner)) if _loaded else None
    if loaded is None:
        return state
    return {name: value for name, value in state.items() if name not in loaded}


def is_loaded(owner: object, name: object) -> bool:
    """Whether an attribute is left out at present."""
    return bool(_loaded) and name in _loaded.get(id(owner), ())
