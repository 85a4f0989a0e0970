"""What an object keeps beside the parts that its kind is known for."""

from __future__ import annotations

import types
from collections.abc import Callable, Collection, Mapping
from typing import Any

from weft.fingerprint.encoding import encode_text
from weft.fingerprint.loaded import that_count
from weft.fingerprint.values import Walk

_CONTENT: tuple[tuple[type, Callable[[Any], Any]], ...] = (
    (list, list.copy),
    (dict, dict.copy),
    (str, str.__str__),
    (bytes, lambda value: bytes.join(b"", [value])),
    (bytearray, bytearray.copy),
    (int, int.__int__),
    (float, float.__float__),
    (complex, complex.__complex__),
)
"""Builtin types that classes derive from, and how the plain content is had without their code."""
_METHODS = (types.FunctionType, classmethod, staticmethod)


def beside(walk: Walk, value: Any, known: Collection[str] = ()) -> list[bytes]:
    """Encodings of all that an object holds, but for attributes that were counted before.

    Parameters
    ----------
    known
        Names of those.
    """
    parts: list[bytes] = []
    for base, content in _CONTENT:
        if isinstance(value, base):
            parts += [encode_text(base.__name__), walk.encode_temporary(content(value))]
            break
    if isinstance(value, (set, frozenset)):
        parts.append(walk.encode_temporary(frozenset(value)))
    elif isinstance(value, tuple):
        parts.append(walk.encode_temporary(tuple(value)))
    state = {name: item for name, item in own_state(value).items() if name not in known}
    walk.kept.append(state)
    return [*parts, *walk.attributes(state)]


def own_state(value: Any) -> dict[str, Any]:
    """Attributes of an object, of its ``__dict__`` and of all ``__slots__``, without caches."""
    kind = type(value)
    state: dict[str, Any] = {}
    for base in kind.__mro__:
        for name, member in vars(base).items():
            if type(member) is types.MemberDescriptorType and name not in state:
                try:
                    state[name] = member.__get__(value, kind)
                except AttributeError:  # not set
                    continue
    attributes = getattr(value, "__dict__", None)
    if isinstance(attributes, dict):
        state.update(without_caches(kind, attributes))
    return dict(that_count(value, state))


def without_caches(kind: type, state: Mapping[str, Any]) -> dict[str, Any]:
    """Attributes but for those that a descriptor of the class filled when it was first asked.

    ``functools.cached_property`` and its like are known by their function; what they keep in the
    object under their own name says only whether somebody has used it.
    """
    return {name: item for name, item in state.items() if not _is_cache(kind, name)}


def _is_cache(kind: type, name: str) -> bool:
    for base in kind.__mro__:
        if name in vars(base):
            member = vars(base)[name]
            readable = hasattr(type(member), "__get__") and not hasattr(type(member), "__set__")
            return readable and not isinstance(member, _METHODS)
    return False
