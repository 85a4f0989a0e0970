"""Where a callable's code is, and what installed wrappers hide."""

from __future__ import annotations

import types
from collections.abc import Iterator
from typing import Any

from weft.fingerprint.origin import Origin, origin_of

_CONTAINERS = (list, tuple, set, frozenset)


def is_first_party(value: Any) -> bool:
    """Whether a function or class is the user's own."""
    return origin_of(module_of(value)) is Origin.FIRST_PARTY


def is_code(value: Any) -> bool:
    """Whether ``value`` is a Python function or a class itself, not an object that says it is one
    (as those of wrapt do)."""
    kind = type(value)
    return kind is types.FunctionType or issubclass(kind, type)


def module_of(value: Any) -> str | None:
    """Name of the module that holds a callable's code.

    ``functools.wraps`` copies ``__module__``, so a function is asked for its globals.
    """
    if type(value) is types.FunctionType:
        name = value.__globals__.get("__name__")
    else:
        owner = value if isinstance(value, type) else getattr(value, "__objclass__", value)
        name = getattr(owner, "__module__", None)
    return name if isinstance(name, str) else None


def code_behind(value: Any) -> list[Any]:
    """First-party functions and classes that an installed wrapper holds: ``@contextmanager``…

    Only code is looked for: the other things that a wrapper holds are often caches.
    """
    found: list[Any] = []
    seen = {id(value)}
    todo = [value]
    while todo:
        for inner in _flat(_held(todo.pop())):
            inner = getattr(inner, "__func__", inner)  # noqa: PLW2901 - the function of a method
            if id(inner) in seen or not is_code(inner):
                continue
            seen.add(id(inner))
            if is_first_party(inner):
                found.append(inner)
            elif type(inner) is types.FunctionType:
                todo.append(inner)
    return found


def _held(value: Any) -> list[Any]:
    if isinstance(value, type):
        return []
    held = [getattr(value, "__wrapped__", None)]
    for cell in getattr(value, "__closure__", None) or ():
        try:
            held.append(cell.cell_contents)
        except ValueError:  # not filled yet
            continue
    return held


def _flat(values: list[Any]) -> Iterator[Any]:
    for value in values:
        if isinstance(value, dict):
            yield from value.values()
        elif isinstance(value, _CONTAINERS):
            yield from value
        else:
            yield value
