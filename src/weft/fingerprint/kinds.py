"""Which handler hashes which kind of object: looked up once per type."""

from __future__ import annotations

import copyreg
import datetime as dt
import enum
import functools
import pathlib
import sys
import types
import weakref
from pickle import PicklingError
from typing import Any

from weft.fingerprint.arrays import find_array_handler
from weft.fingerprint.encoding import declares, encode_int, encode_text, qualified_name
from weft.fingerprint.libraries import find_library_handler, function_in, is_global_generator
from weft.fingerprint.state import beside, own_state, without_caches
from weft.fingerprint.values import (
    EXACT,
    Handler,
    UnhashableError,
    Walk,
    composite,
)

_NEW = (copyreg.__newobj__, copyreg.__newobj_ex__)  # type: ignore[attr-defined]
_REFUSALS = (
    *(TypeError, AttributeError, ValueError, RuntimeError, PicklingError, LookupError),
    *(ArithmeticError, OSError, AssertionError, NameError, ImportError),
)
"""What classes raise when they are asked to be pickled and can't be."""
_PATH = encode_text("path")
_PATH_SLOTS = frozenset(
    name for kind in (pathlib.PurePath, pathlib.Path) for name in (*vars(kind), "_raw_paths")
)
"""What paths themselves keep, some of it only when it was asked for."""
_C_CALLABLES = (
    types.WrapperDescriptorType,
    types.MethodDescriptorType,
    types.ClassMethodDescriptorType,
    types.GetSetDescriptorType,
    types.MemberDescriptorType,
)


def find_handler(kind: type) -> Handler:
    """The handler for objects of exactly this type."""
    if kind in EXACT:
        return EXACT[kind]
    if declares(kind, "__weft_hash__"):
        return composite(b"h", _hooked)
    if issubclass(kind, type):
        return EXACT[type]
    return _find_by_name(kind) or find_array_handler(kind) or _find_by_base(kind)


def _find_by_base(kind: type) -> Handler:
    if issubclass(kind, enum.Enum):
        return composite(b"e", _enum)
    if issubclass(kind, tuple) and declares(kind, "_fields"):
        return composite(b"n", _namedtuple)
    if declares(kind, "__dataclass_fields__"):
        return composite(b"@", _dataclass)
    if declares(kind, "__attrs_attrs__"):
        return composite(b"@", _attrs)
    if issubclass(kind, (set, frozenset)):
        return composite(b"y", _set_subclass)
    if issubclass(kind, weakref.ref):
        return composite(b"v", _weak_reference)
    if issubclass(kind, _C_CALLABLES):
        return lambda walk, value: walk.references.callable(value)
    if _is_path(kind):
        return composite(b"/", _path)
    return find_library_handler(kind) or composite(b"o", _object)


def _find_by_name(kind: type) -> Handler | None:
    """Types of the standard library that need no import to be recognised."""
    if kind.__module__ == "_functools" or kind.__module__ == "functools":
        return {
            "partial": composite(b"u", _partial),
            "_lru_cache_wrapper": composite(b"w", _wrapper),
        }.get(kind.__name__)
    if kind.__module__ == "datetime":
        return {
            "datetime": composite(b"x", _datetime),
            "date": composite(b"x", _date),
            "time": composite(b"x", _time),
            "timedelta": composite(b"x", _timedelta),
        }.get(kind.__name__)
    if kind.__module__ in {"decimal", "_decimal", "_pydecimal", "fractions", "uuid"}:
        return composite(b"x", _by_text)
    if kind.__module__ == "collections" and kind.__name__ == "OrderedDict":
        return composite(b"O", _ordered_dict)
    return None


def _named(value: object) -> bytes:
    return encode_text(qualified_name(type(value)))


def _hooked(walk: Walk, value: Any) -> list[bytes]:
    walk.references.instance(type(value))
    return [_named(value), walk.encode_temporary(value.__weft_hash__())]


def _enum(walk: Walk, value: enum.Enum) -> list[bytes]:
    walk.references.instance(type(value))
    added = {name: item for name, item in vars(value).items() if not name.startswith("_")}
    walk.kept.append(added)
    head = [_named(value), walk.encode(value.name), walk.encode(value.value)]
    return [*head, *walk.attributes(added)]


def _namedtuple(walk: Walk, value: tuple[Any, ...]) -> list[bytes]:
    walk.references.instance(type(value))
    return [_named(value), *beside(walk, value)]


def _fields(walk: Walk, value: Any, names: list[str]) -> list[bytes]:
    """The fields in their order, and what else the object holds: what ``fit()`` has set, the items
    of a base that is a list."""
    walk.references.instance(type(value))
    parts = [_named(value)]
    for name in names:
        if hasattr(value, name):
            parts.append(encode_text(name))
            parts.append(walk.encode_temporary(getattr(value, name)))
    return [*parts, *beside(walk, value, names)]


def _dataclass(walk: Walk, value: Any) -> list[bytes]:
    return _fields(walk, value, list(value.__dataclass_fields__))


def _attrs(walk: Walk, value: Any) -> list[bytes]:
    return _fields(walk, value, [field.name for field in value.__attrs_attrs__])


def _set_subclass(walk: Walk, value: Any) -> list[bytes]:
    walk.references.instance(type(value))
    return [_named(value), *beside(walk, value)]


def _ordered_dict(walk: Walk, value: Any) -> list[bytes]:
    return [walk.encode(item) for pair in value.items() for item in pair]


def _partial(walk: Walk, value: functools.partial[Any]) -> list[bytes]:
    parts = (value.args, value.keywords)
    state = vars(value)
    return [
        walk.encode(value.func),
        *(walk.encode_temporary(part) for part in parts),
        *walk.attributes(state),
    ]


def _wrapper(walk: Walk, value: Any) -> list[bytes]:
    return [walk.encode(value.__wrapped__)]


def _datetime(walk: Walk, value: dt.datetime) -> list[bytes]:
    plain = value.replace(tzinfo=None).isoformat()
    zone = walk.encode(value.tzinfo)
    return [b"datetime;", encode_text(plain), encode_int(value.fold), zone]


def _date(_walk: Walk, value: dt.date) -> list[bytes]:
    return [b"date;", encode_text(value.isoformat())]


def _time(walk: Walk, value: dt.time) -> list[bytes]:
    plain = value.replace(tzinfo=None).isoformat()
    return [b"time;", encode_text(plain), encode_int(value.fold), walk.encode(value.tzinfo)]


def _timedelta(_walk: Walk, value: dt.timedelta) -> list[bytes]:
    numbers = (value.days, value.seconds, value.microseconds)
    return [b"timedelta;", *(encode_int(number) for number in numbers)]


def _by_text(_walk: Walk, value: Any) -> list[bytes]:
    return [encode_text(type(value).__name__), encode_text(str(value))]


def _is_path(kind: type) -> bool:
    return issubclass(kind, pathlib.PurePath)


def _path(walk: Walk, value: Any) -> list[bytes]:
    """Concrete and pure paths alike; a class of one's own with what it holds beside."""
    parts = [_PATH, encode_text(str(value))]
    if type(value).__module__.partition(".")[0] == "pathlib":
        return parts
    walk.references.instance(type(value))
    own = {name: item for name, item in own_state(value).items() if name not in _PATH_SLOTS}
    walk.kept.append(own)
    return [*parts, _named(value), *walk.attributes(own)]


def _weak_reference(walk: Walk, value: weakref.ref[Any]) -> list[bytes]:
    """By what it refers to: that is what the code gets."""
    return [walk.encode_temporary(value())]


def _object(walk: Walk, value: Any) -> list[bytes]:
    """Any other object: what pickle would keep of it, walked."""
    kind = type(value)
    if kind.__module__.partition(".")[0] == "weft" and walk.references.inert(value):
        return [b"~", encode_text(qualified_name(kind))]
    if is_global_generator(value):
        return [b"the process's own random numbers"]
    wrapped = function_in(value)
    if wrapped is not None:
        if kind.__module__ in sys.modules:  # a class of C may name none
            walk.references.instance(kind)
        return [_named(value), *(walk.encode(part) for part in wrapped)]
    reduced = _reduce(value)
    if reduced is None:
        if walk.references.inert(value):
            return [b"~", encode_text(qualified_name(kind))]
        raise UnhashableError(value, f"can't be hashed: it is a {qualified_name(kind)}")
    walk.references.instance(kind)
    if isinstance(reduced, str):
        return [b"g", encode_text(f"{kind.__module__}.{reduced}")]
    walk.kept.append(reduced)
    function, arguments, state, items, pairs = (*reduced, None, None, None)[:5]
    parts = [encode_text(qualified_name(function))]
    if function in _NEW:
        parts.append(encode_text(qualified_name(arguments[0])))
        arguments = arguments[1:]
    parts.append(walk.encode_temporary(arguments))
    parts.extend(_state(walk, state, kind))
    if items is not None:
        parts.append(walk.encode_temporary(list(items)))
    if pairs is not None:
        parts.append(walk.encode_temporary(dict(pairs)))
    return parts


def _state(walk: Walk, state: Any, kind: type) -> list[bytes]:
    """Encodings of the state, attribute by attribute, so that an error can name the attribute."""
    if type(state) is dict:
        known = without_caches(kind, state)
        if not known:  # as pickle says of one that never held anything
            return [walk.encode(None)]
        walk.kept.append(known)
        return walk.attributes(known)
    if type(state) is tuple and len(state) == 2 and type(state[1]) is dict:  # with __slots__
        return [*_state(walk, state[0], kind), b"slots;", *walk.attributes(state[1])]
    return [walk.encode(state)]


def _reduce(value: Any) -> str | tuple[Any, ...] | None:
    reducer = copyreg.dispatch_table.get(type(value))
    try:
        reduced: str | tuple[Any, ...] = reducer(value) if reducer else value.__reduce_ex__(4)
    except RecursionError:
        raise
    except _REFUSALS:
        return None
    return reduced
