"""Handlers of classes of libraries that pickle can't keep, or keeps with what doesn't count."""

from __future__ import annotations

import contextvars
import ctypes
import random
import struct
import sys
import threading
import types
import weakref
from collections.abc import Callable
from typing import Any

from weft.fingerprint.encoding import encode_text, qualified_name
from weft.fingerprint.state import own_state
from weft.fingerprint.values import Handler, UnhashableError, Walk, composite

_SPARSE_FLAGS = frozenset({"_has_canonical_format", "_has_sorted_indices", "has_sorted_indices"})
"""What a sparse matrix notes of itself when it is asked."""


def find_library_handler(kind: type) -> Handler | None:
    """The handler for a class of the standard library or of a known package, else None."""
    for base, produce in _STANDARD:
        if issubclass(kind, base):
            return composite(b"j", produce)
    if kind.__name__ in {"cython_function_or_method", "fused_cython_function"}:
        return lambda walk, value: walk.references.callable(value)
    for base in kind.__mro__:
        found = _BY_NAME.get((base.__module__.partition(".")[0], base.__name__))
        if found is not None:
            return composite(b"J", found)
    return None


def is_global_generator(value: object) -> bool:
    """Whether these are the random numbers of the process: a job gets its own, whatever their state
    was when the script was imported.

    >>> is_global_generator(random.random.__self__), is_global_generator(random.Random(1))
    (True, False)
    """
    if value is random.random.__self__:  # type: ignore[attr-defined]
        return True
    numpy_random: Any = sys.modules.get("numpy.random.mtrand")
    return numpy_random is not None and value is getattr(numpy_random, "_rand", None)


def is_generator(kind: type) -> bool:
    """Whether objects of a class are generators of random numbers that have a state.

    >>> is_generator(random.Random), is_generator(random.SystemRandom)
    (True, False)
    """
    if issubclass(kind, random.Random):
        return not issubclass(kind, random.SystemRandom)
    numpy_random: Any = sys.modules.get("numpy.random")
    if numpy_random is None:
        return False
    names = ("Generator", "RandomState", "BitGenerator")
    return issubclass(kind, tuple(getattr(numpy_random, name) for name in names))


def function_in(value: Any) -> list[Any] | None:
    """What a callable object of an installed package wraps: its code is what counts.

    Told by ``__wrapped__``, which the standard library and wrapt set; numba's compiled functions
    hold theirs as ``py_func``.
    """
    from weft.fingerprint.wrappers import is_first_party

    kind = type(value)
    if not callable(value) or issubclass(kind, type):
        return None
    if kind.__module__ in sys.modules and is_first_party(kind):  # wrapt's C classes name no module
        return None
    for name in ("py_func", "__wrapped__"):
        try:
            wrapped = getattr(value, name, None)
        except (TypeError, ValueError, RuntimeError, LookupError):  # a lazy object's own words
            return None
        if callable(wrapped):
            more = [getattr(value, more, None) for more in ("_self_wrapper", "targetoptions")]
            return [wrapped, *(item for item in more if item is not None)]
    dispatcher: Any = getattr(value, "_dispatcher", None)  # of numba's vectorize
    return [dispatcher.py_func] if hasattr(dispatcher, "py_func") else None


def _named(value: object) -> bytes:
    return encode_text(qualified_name(type(value)))


def _refuse(value: object, why: str) -> UnhashableError:
    return UnhashableError(value, f"can't be hashed: {why}")


def _context_variable(walk: Walk, value: contextvars.ContextVar[Any]) -> list[bytes]:
    """Its name, and what code that gets it now would get."""
    try:
        found = value.get()
    except LookupError:
        return [encode_text(value.name), b"unset"]
    return [encode_text(value.name), walk.encode_temporary(found)]


def _thread_local(walk: Walk, value: threading.local) -> list[bytes]:
    """What it holds for this thread: forked workers begin with that."""
    walk.references.instance(type(value))
    return [_named(value), *walk.attributes(vars(value))]


def _weak_values(walk: Walk, value: Any) -> list[bytes]:
    return [_named(value), walk.encode_temporary(dict(value.items()))]


def _weak_set(walk: Walk, value: Any) -> list[bytes]:
    return [_named(value), walk.encode_temporary(set(value))]


def _memory(walk: Walk, value: memoryview) -> list[bytes]:
    shape = walk.encode_temporary((value.format, value.shape))
    return [shape, walk.encode_temporary(value.tobytes())]


def _struct(walk: Walk, value: struct.Struct) -> list[bytes]:
    return [walk.encode_temporary(value.format)]


def _code(_walk: Walk, value: types.CodeType) -> list[bytes]:
    from weft.fingerprint.bytecode import bytecode_text

    return [bytecode_text(value).digest]


def _structure(walk: Walk, value: Any) -> list[bytes]:
    walk.references.instance(type(value))
    names = [field[0] for kind in type(value).__mro__ for field in vars(kind).get("_fields_", ())]
    return [_named(value), *(walk.encode_temporary(getattr(value, name)) for name in names)]


def _c_array(walk: Walk, value: Any) -> list[bytes]:
    return [_named(value), walk.encode_temporary(list(value))]


def _c_number(walk: Walk, value: Any) -> list[bytes]:
    if value._type_ in "zZPO":
        raise _refuse(value, "it is an address")
    return [_named(value), walk.encode_temporary(value.value)]


def _c_pointer(_walk: Walk, value: Any) -> list[bytes]:
    raise _refuse(value, "it is an address")


_STANDARD: tuple[tuple[type, Callable[[Walk, Any], list[bytes]]], ...] = (
    (contextvars.ContextVar, _context_variable),
    (threading.local, _thread_local),
    (weakref.WeakValueDictionary, _weak_values),
    (weakref.WeakKeyDictionary, _weak_values),
    (weakref.WeakSet, _weak_set),
    (memoryview, _memory),
    (struct.Struct, _struct),
    (types.CodeType, _code),
    (ctypes.Structure, _structure),
    (ctypes.Union, _structure),
    (ctypes.Array, _c_array),
    (ctypes._SimpleCData, _c_number),
    (ctypes._Pointer, _c_pointer),
    (ctypes._CFuncPtr, _c_pointer),  # type: ignore[attr-defined]
)


# -- packages ------------------------------------------------------------------------------------


def _curry(walk: Walk, value: Any) -> list[bytes]:
    parts = (value.args, value.keywords)
    return [walk.encode(value.func), *(walk.encode_temporary(part) for part in parts)]


def _composed(walk: Walk, value: Any) -> list[bytes]:
    return [walk.encode(value.first), *(walk.encode(function) for function in value.funcs)]


def _sparse(walk: Walk, value: Any) -> list[bytes]:
    """Without what was noted when somebody asked for it, such as whether indices are sorted."""
    walk.references.instance(type(value))
    state = {name: item for name, item in own_state(value).items() if name not in _SPARSE_FLAGS}
    walk.kept.append(state)
    return [_named(value), *walk.attributes(state)]


def _variable(walk: Walk, value: Any) -> list[bytes]:
    parts = (value.dims, value.to_numpy(), dict(value.attrs))
    return [_named(value), *(walk.encode_temporary(part) for part in parts)]


def _data_array(walk: Walk, value: Any) -> list[bytes]:
    walk.references.instance(type(value))
    coordinates = {name: item.variable for name, item in value.coords.items()}
    parts = (value.name, value.variable, coordinates, sorted(map(str, value.indexes)))
    return [_named(value), *(walk.encode_temporary(part) for part in parts)]


def _dataset(walk: Walk, value: Any) -> list[bytes]:
    walk.references.instance(type(value))
    parts = (dict(value.variables), list(map(str, value.coords)), dict(value.attrs))
    return [
        _named(value),
        *(walk.encode_temporary(part) for part in (*parts, sorted(map(str, value.indexes)))),
    ]


_BY_NAME: dict[tuple[str, str], Callable[[Walk, Any], list[bytes]]] = {
    ("toolz", "curry"): _curry,
    ("cytoolz", "curry"): _curry,
    ("toolz", "Compose"): _composed,
    ("cytoolz", "Compose"): _composed,
    ("scipy", "_spbase"): _sparse,
    ("xarray", "Variable"): _variable,
    ("xarray", "DataArray"): _data_array,
    ("xarray", "Dataset"): _dataset,
}
"""Classes of packages, by the top of their module and their name; subclasses, too."""
