"""Where a callable's code is, and what installed wrappers hide."""

from __future__ import annotations

import os
import sys
import types
from _abc import _get_dump  # type: ignore[import-not-found]
from abc import ABCMeta
from collections.abc import Iterator
from functools import cached_property, lru_cache
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
from typing import Any

from weft.fingerprint.encoding import long_state, qualified_name
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


def extension_of(value: Any) -> bytes:
    """Hash of the compiled module that a first-party callable stands in; empty if it is in none.

    Compiled code shows neither text nor bytecode: the file is all that tells one build of it from
    another.
    """
    file = getattr(sys.modules.get(module_of(value) or ""), "__file__", None)
    if not isinstance(file, str) or not file.endswith(tuple(EXTENSION_SUFFIXES)):
        return b""
    if not is_first_party(value):
        return b""
    try:
        status = os.stat(file)  # noqa: PTH116 - called per callable
    except OSError:
        return b"missing"
    return _hash_of_file(file, status.st_mtime_ns, status.st_size, status.st_ino)


@lru_cache(maxsize=256)
def _hash_of_file(file: str, *_stamp: int) -> bytes:
    state = long_state()
    state.update(Path(file).read_bytes())
    hashed: bytes = state.digest()
    return hashed


def registered_with(kind: Any) -> list[str]:
    """Names of the classes that were registered with an abstract one, ``Base.register(Mine)``: what
    ``isinstance`` says hangs on them. Of one that is not the user's own, only those that are."""
    if not isinstance(kind, ABCMeta):
        return []
    known = [reference() for reference in _get_dump(kind)[0]]
    own = is_first_party(kind)
    named = {qualified_name(one) for one in known if one and (own or is_first_party(one))}
    return sorted(named)


def parts_of_member(member: object) -> list[Any] | None:
    """What a property, a class or static method, or a cached property calls; None of others."""
    if isinstance(member, property):
        return [one for one in (member.fget, member.fset, member.fdel) if one is not None]
    if isinstance(member, (classmethod, staticmethod)):
        return [member.__func__]
    return [member.func] if isinstance(member, cached_property) else None


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
