"""Hash of a value by its structure: stable across processes, hash seeds and Python versions.

Dictionaries count with their order, since columns, JSON and legends hang on it; sets without. A
list, dict or set that stands in two places counts otherwise than two equal ones. Objects of any
class are walked through what pickle would keep of them, but never by the bytes of a pickle, except
as a fallback that is said aloud.
"""

from __future__ import annotations

import re
import types
import warnings
from collections.abc import Callable, Iterable, Mapping
from itertools import pairwise
from typing import Any, Protocol

from weft.errors import SerializationError
from weft.fingerprint.encoding import SCALARS, digest, encode_int, encode_text, sized
from weft.fingerprint.loaded import that_count
from weft.model.job import Digest
from weft.model.promise import Promise

Handler = Callable[["Walk", Any], bytes]
Number = Callable[[Promise[Any]], int]
Produce = Callable[["Walk", Any], list[bytes]]

VERSION = b"weft-value-2;"
TANGLED = 100_000
"""Visits inside reference cycles after which a value is hashed by its pickle."""
_NO_CYCLE = 1 << 60


class UnstableHashWarning(UserWarning):
    """A value was hashed by its pickle, whose bytes may differ between equal values."""


class UnhashableError(Exception):
    """Internal: ``value`` can't be hashed; `hash_value` turns it into words for the user."""

    def __init__(self, value: object, why: str) -> None:
        super().__init__(why)
        self.value = value
        self.why = why


class TangledError(Exception):
    """Internal: too many paths through reference cycles."""


class References(Protocol):
    """What a walk over a value asks of its surroundings."""

    def callable(self, value: Any) -> bytes:
        """Encoding of a function or class."""

    def module(self, value: types.ModuleType) -> bytes:
        """Encoding of a module that is used as a value."""

    def method(self, value: types.MethodType) -> bytes | None:
        """Encoding of a bound method; None where its function and its owner count."""

    def instance(self, kind: type) -> None:
        """Told of the class of every object that is walked."""

    def inert(self, value: object) -> bool:
        """Whether an object that can't be hashed may be left out."""


class Walk:
    """One pass over one value.

    Parameters
    ----------
    handlers
        Encoder by exact type; handlers found for new types are added.
    references
        What to do with functions and classes.
    number
        Number of a promise's hole; without it promises are refused.
    """

    __slots__ = ("done", "handlers", "kept", "lowest", "number", "open", "references", "tangled")

    def __init__(
        self, handlers: dict[type, Handler], references: References, number: Number | None = None
    ) -> None:
        self.handlers = handlers
        self.references = references
        self.number = number
        self.done: dict[int, bytes] = {}
        self.open: dict[int, object] = {}
        """Containers being walked, outermost first; left as it is when the walk fails."""
        self.kept: list[object] = []
        """Temporaries: while they live, no other object can have their id."""
        self.lowest = _NO_CYCLE
        """Depth of the outermost container that the present one refers back to."""
        self.tangled = 0

    def encode(self, value: Any) -> bytes:
        """Encoding of any value."""
        kind = type(value)
        handler = self.handlers.get(kind)
        if handler is None:
            from weft.fingerprint.kinds import find_handler

            handler = self.handlers[kind] = find_handler(kind)
        return handler(self, value)

    def encode_temporary(self, value: Any) -> bytes:
        """Encoding of a value that nothing else keeps alive during the walk."""
        self.kept.append(value)
        return self.encode(value)

    def attributes(self, state: Mapping[str, Any]) -> list[bytes]:
        """Encodings of names and values, sorted by name: attributes have no order that matters."""
        parts = []
        for name in sorted(state, key=str):
            parts.append(self.encode(name))
            parts.append(self.encode(state[name]))
        return parts

    def refer_back(self, key: int) -> bytes:
        """Encoding of a container that is being walked: how many levels above."""
        depth = list(self.open).index(key)
        self.lowest = min(self.lowest, depth)
        return b"^%d;" % (len(self.open) - depth)


def composite(tag: bytes, produce: Produce) -> Handler:
    """Handler of values with parts, which may be shared or refer back to where they are.

    A container is remembered by its id unless it refers back above itself: then its encoding
    depends on where it stands.
    """

    def handler(walk: Walk, value: Any) -> bytes:
        key = id(value)
        known = walk.done.get(key)
        if known is not None:
            return b"=" + known if type(value) in _CHANGEABLE else known
        if key in walk.open:
            return walk.refer_back(key)
        outer, walk.lowest = walk.lowest, _NO_CYCLE
        walk.open[key] = value
        parts = produce(walk, value)
        del walk.open[key]
        encoded = tag + digest(tag, b"%d;" % len(parts), *parts)
        if walk.lowest >= len(walk.open):
            walk.done[key] = encoded
            walk.lowest = outer
            return encoded
        walk.tangled += 1
        if walk.tangled > TANGLED:
            raise TangledError
        walk.lowest = min(walk.lowest, outer)
        return encoded

    return handler


_CHANGEABLE = frozenset({list, dict, set})
"""Types of which one object in two places is another thing than two equal ones."""


def leaf(tag: bytes, produce: Produce) -> Handler:
    """Handler of values that are told by their parts, but hold no other values."""

    def handler(walk: Walk, value: Any) -> bytes:
        parts = produce(walk, value)
        return tag + digest(tag, b"%d;" % len(parts), *parts)

    return handler


def _items(walk: Walk, value: Iterable[Any]) -> list[bytes]:
    encode = walk.encode
    return [encode(item) for item in value]


def _pairs(walk: Walk, value: Mapping[Any, Any]) -> list[bytes]:
    encode = walk.encode
    return [encode(part) for pair in list(that_count(value, value).items()) for part in pair]


def _elements(walk: Walk, value: Any) -> list[bytes]:
    """Promises are numbered in the order of their jobs: a set's own order differs per process."""
    encode = walk.encode
    promises = [item for item in value if type(item) is Promise]
    if promises:
        for promise in sorted(promises, key=lambda promise: promise.job_id):
            encode(promise)
    return sorted([encode(item) for item in value])


def _promise(walk: Walk, value: Promise[Any]) -> bytes:
    if walk.number is None:
        raise UnhashableError(value, "is a promise: its job has not run yet")
    return b"p" + encode_int(walk.number(value))


def _callable(walk: Walk, value: Any) -> bytes:
    return walk.references.callable(value)


def _method(walk: Walk, value: types.MethodType) -> list[bytes]:
    encoded = walk.references.method(value)
    if encoded is not None:
        return [encoded]
    owner = value.__self__
    kind = owner if isinstance(owner, type) else type(owner)
    code = [walk.encode(value.__func__), walk.references.callable(kind)]
    return [*code, walk.encode(owner)] if kind is not owner else code


def _builtin(walk: Walk, value: types.BuiltinFunctionType) -> list[bytes]:
    owner = value.__self__
    if owner is None or isinstance(owner, types.ModuleType):
        return [walk.references.callable(value)]
    return [encode_text(value.__qualname__), walk.encode(owner)]


def _module(walk: Walk, value: types.ModuleType) -> bytes:
    return walk.references.module(value)


def _range(_walk: Walk, value: range) -> list[bytes]:
    size = len(value)
    numbers = (size, value.start if size else 0, value.step if size > 1 else 0)
    return [encode_int(number) for number in numbers]


def _slice(walk: Walk, value: slice) -> list[bytes]:
    return _items(walk, (value.start, value.stop, value.step))


def _pattern(walk: Walk, value: re.Pattern[Any]) -> list[bytes]:
    return [walk.encode(value.pattern), encode_int(int(value.flags))]


def _scalar_handler(encode: Callable[[Any], bytes]) -> Handler:
    def handler(_walk: Walk, value: Any) -> bytes:
        return encode(value)

    return handler


EXACT: dict[type, Handler] = {
    **{kind: _scalar_handler(encode) for kind, encode in SCALARS.items()},
    bytearray: lambda _walk, value: sized(b"B", value),
    list: composite(b"l", _items),
    tuple: composite(b"t", _items),
    dict: composite(b"D", _pairs),
    types.MappingProxyType: composite(b"D", _pairs),
    set: composite(b"S", _elements),
    frozenset: composite(b"Z", _elements),
    range: composite(b"r", _range),
    slice: composite(b"[", _slice),
    re.Pattern: composite(b"R", _pattern),
    Promise: _promise,
    types.FunctionType: _callable,
    type: _callable,
    types.MethodType: composite(b"M", _method),
    types.BuiltinFunctionType: composite(b"C", _builtin),
    types.ModuleType: _module,
}
"""Handlers of exact types; those of other types are found by `kinds.find_handler`."""


def hash_value(walk: Walk, value: object, *, name: str, warned: set[type]) -> Digest:
    """Digest of ``value``.

    Parameters
    ----------
    walk
        A fresh walk.
    name
        What the value is called in an error.
    warned
        Types that have been warned about; extended.

    Raises
    ------
    SerializationError
        Names the place and the type of what can't be hashed.
    """
    try:
        return digest(VERSION, walk.encode(value))
    except UnhashableError as problem:
        raise SerializationError(
            f"{locate(walk, problem.value, name)} {problem.why}.",
            facts={"type": _type_name(problem.value)},
            cure="Pass plain data, or give its class a method __weft_hash__(self) that returns what"
            " tells its values apart.",
        ) from None
    except RecursionError:
        raise SerializationError(
            f"{name} is nested too deeply to be hashed or kept.",
            facts={"type": _type_name(value)},
            cure="Pass a flat form of it, such as a list of its items.",
        ) from None
    except TangledError:
        return _hash_by_pickle(value, name, warned)


def _hash_by_pickle(value: object, name: str, warned: set[type]) -> Digest:
    import pickle

    try:
        data = pickle.dumps(value, protocol=4)
    except (pickle.PicklingError, TypeError, AttributeError, RecursionError) as error:
        raise SerializationError(
            f"{name} can't be hashed: {error}.", facts={"type": _type_name(value)}
        ) from None
    if type(value) not in warned:
        warned.add(type(value))
        warnings.warn(
            f"A {_type_name(value)} was hashed by its pickle, because its references form a web"
            " too dense to walk. Equal values may get different hashes: give its class a"
            " method __weft_hash__(self).",
            UnstableHashWarning,
            stacklevel=2,
        )
    return digest(VERSION, sized(b"P", data))


def _type_name(value: object) -> str:
    kind = type(value)
    return (
        kind.__qualname__
        if kind.__module__ == "builtins"
        else (f"{kind.__module__}.{kind.__qualname__}")
    )


def locate(walk: Walk, value: object, name: str) -> str:
    """Where a failed walk stopped, such as ``args[0]['model'].lock``."""
    chain = [*walk.open.values(), value]
    return name + "".join(_step(*pair) for pair in pairwise(chain))


def _step(parent: Any, child: object) -> str:
    if isinstance(parent, Mapping):
        for key, item in parent.items():
            if item is child:
                return f"[{key!r}]"
            if key is child:
                return f" (key {key!r})"
    elif isinstance(parent, (list, tuple)):
        for index, item in enumerate(parent):
            if item is child:
                return f"[{index}]"
    return _attribute_step(parent, child)


def _attribute_step(parent: Any, child: object) -> str:
    names = [*_attribute(parent, "__dict__", ())]
    for kind in type(parent).__mro__:
        slots = vars(kind).get("__slots__", ())
        names += [slots] if isinstance(slots, str) else [*slots]
    return next((f".{name}" for name in names if _attribute(parent, name, None) is child), "")


def _attribute(value: Any, name: str, default: Any) -> Any:
    """The attribute as Python keeps it: the user's own ``__getattr__`` may raise anything."""
    try:
        return object.__getattribute__(value, name)
    except AttributeError:
        return default
