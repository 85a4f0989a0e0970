"""Hashes of NumPy and pandas objects, without importing either."""

from __future__ import annotations

import sys
from typing import Any

from weft.fingerprint.encoding import (
    LONG,
    encode_bool,
    encode_int,
    encode_text,
    long_content,
    long_state,
    qualified_name,
    sized,
)
from weft.fingerprint.state import own_state
from weft.fingerprint.values import Handler, UnhashableError, Walk, composite

CHUNK = 1 << 24
"""Bytes of a non-contiguous array that are copied at a time."""


def find_array_handler(kind: type) -> Handler | None:
    """The handler for a type of NumPy or pandas, if the program has loaded them."""
    return _find_numpy(kind) or _find_pandas(kind)


def _find_numpy(kind: type) -> Handler | None:
    numpy: Any = sys.modules.get("numpy")
    if numpy is None or not hasattr(numpy, "ndarray"):
        return None
    if kind in {numpy.ndarray, numpy.memmap}:
        return composite(b"a", _array)
    table: tuple[tuple[type, bytes, Any], ...] = (
        (numpy.ma.MaskedArray, b"k", _masked),
        (numpy.ndarray, b"A", _array_subclass),
        (numpy.generic, b"g", _scalar),
        (numpy.dtype, b"q", _dtype),
        (numpy.ufunc, b"U", _ufunc),
    )
    for base, tag, produce in table:
        if issubclass(kind, base):
            return composite(tag, produce)
    return None


def _find_pandas(kind: type) -> Handler | None:
    pandas: Any = sys.modules.get("pandas")
    if pandas is None or not hasattr(pandas, "DataFrame"):
        return None
    table: tuple[tuple[type, Any], ...] = (
        (pandas.DataFrame, _frame),
        (pandas.Series, _series),
        (pandas.MultiIndex, _multi_index),
        (pandas.RangeIndex, _range_index),
        (pandas.Index, _index),
        (pandas.Categorical, _categorical),
        (pandas.api.extensions.ExtensionArray, _extension_array),
    )
    for base, produce in table:
        if issubclass(kind, base):
            return composite(b"#", produce)
    return None


def _array(walk: Walk, value: Any) -> list[bytes]:
    """Type, shape and content in C order.

    Structured arrays go field by field, because the padding between fields is garbage.
    """
    dtype = value.dtype
    parts = [*_dtype(walk, dtype), *(encode_int(size) for size in value.shape), b";"]
    if dtype.names:
        return [*parts, *(walk.encode_temporary(value[name]) for name in dtype.names)]
    if dtype.hasobject or dtype.kind == "T":
        return [*parts, walk.encode_temporary(value.ravel().tolist())]
    return [*parts, _content(value)]


def _content(value: Any) -> bytes:
    """In C order, but for Fortran arrays: sums over one differ from sums over the other in the last
    bits, and code can look at the order."""
    tag = b"C"
    if value.flags.f_contiguous and not value.flags.c_contiguous:
        tag, value = b"F", value.T
    if value.flags.c_contiguous and value.size:
        return sized(tag, value.reshape(-1).view("u1").data)
    if value.nbytes < LONG:
        return sized(tag, value.tobytes())
    state = long_state()
    rows = max(1, CHUNK * len(value) // value.nbytes)
    for start in range(0, len(value), rows):
        state.update(value[start : start + rows].tobytes())
    return long_content(tag, value.nbytes, state)


def _dtype(walk: Walk, value: Any) -> list[bytes]:
    if value.names:
        fields = [(name, value.fields[name][0]) for name in value.names]
        return [b"{", *(part for name, kind in fields for part in _field(walk, name, kind)), b"}"]
    if value.subdtype:
        kind, shape = value.subdtype
        return [b"[", *_dtype(walk, kind), *(encode_int(size) for size in shape), b"]"]
    return [encode_text(value.str)]


def _field(walk: Walk, name: str, kind: Any) -> list[bytes]:
    return [encode_text(name), *_dtype(walk, kind)]


def _array_subclass(walk: Walk, value: Any) -> list[bytes]:
    import numpy as np  # loaded: there is an instance of its class

    plain = value.view(np.ndarray)
    state = {
        name: item for name, item in getattr(value, "__dict__", {}).items() if item is not None
    }
    walk.kept.append(state)
    walk.references.instance(type(value))
    name = encode_text(qualified_name(type(value)))
    return [name, walk.encode_temporary(plain), *walk.attributes(state)]


def _masked(walk: Walk, value: Any) -> list[bytes]:
    import numpy as np  # loaded: there is an instance of its class

    mask = np.ma.getmaskarray(value)
    data = np.array(value.filled(value.fill_value))
    return [walk.encode_temporary(item) for item in (data, mask, value.fill_value)]


def _scalar(walk: Walk, value: Any) -> list[bytes]:
    import numpy as np  # loaded: there is an instance of its class

    return _array(walk, np.asarray(value))


def _ufunc(walk: Walk, value: Any) -> list[bytes]:
    walk.references.instance(type(value))
    if value.__name__.endswith(" (vectorized)"):
        why = "can't be hashed: np.frompyfunc hides the function that it calls; use np.vectorize"
        raise UnhashableError(value, why)
    return [encode_text(value.__name__)]


def _values(walk: Walk, array: Any) -> bytes:
    """Encoding of a pandas array; of the NumPy array inside it where there is one."""
    inner = (
        getattr(array, "_ndarray", None) if type(array).__name__ == "NumpyExtensionArray" else None
    )
    return walk.encode_temporary(array if inner is None else inner)


def _frame(walk: Walk, value: Any) -> list[bytes]:
    columns = [_values(walk, value.iloc[:, i].array) for i in range(value.shape[1])]
    axes = [walk.encode_temporary(value.columns), walk.encode_temporary(value.index)]
    return [*_head(walk, value), *axes, *columns]


def _series(walk: Walk, value: Any) -> list[bytes]:
    return [
        *_head(walk, value),
        walk.encode(value.name),
        walk.encode_temporary(value.index),
        _values(walk, value.array),
    ]


def _head(walk: Walk, value: Any) -> list[bytes]:
    """Class, attributes and flags; and what a subclass keeps, which it names in ``_metadata``."""
    walk.references.instance(type(value))
    own = {name: getattr(value, name, None) for name in type(value)._metadata}
    flags = {name: value.flags[name] for name in value.flags._keys}
    parts = (dict(value.attrs), flags, own)
    name = encode_text(qualified_name(type(value)))
    return [name, *(walk.encode_temporary(part) for part in parts)]


def _index(walk: Walk, value: Any) -> list[bytes]:
    """With the frequency that an index of times keeps beside its values."""
    name = encode_text(type(value).__name__)
    frequency = encode_text(str(getattr(value, "freq", None)))
    return [name, frequency, walk.encode(value.name), _values(walk, value.array)]


def _range_index(walk: Walk, value: Any) -> list[bytes]:
    bounds = range(value.start, value.stop, value.step)
    return [encode_text("RangeIndex"), walk.encode(value.name), walk.encode_temporary(bounds)]


def _multi_index(walk: Walk, value: Any) -> list[bytes]:
    levels = [walk.encode_temporary(value.get_level_values(i)) for i in range(value.nlevels)]
    return [encode_text("MultiIndex"), *levels]


def _categorical(walk: Walk, value: Any) -> list[bytes]:
    parts = (value.codes, value.categories)
    return [
        encode_text("Categorical"),
        encode_bool(bool(value.ordered)),
        *(walk.encode_temporary(part) for part in parts),
    ]


def _extension_array(walk: Walk, value: Any) -> list[bytes]:
    kind = encode_text(str(value.dtype))
    if type(value).__module__.partition(".")[0] != "pandas":
        return [kind, *_foreign_array(walk, value)]
    stamps = getattr(value, "asi8", None)
    return [kind, walk.encode_temporary(list(value) if stamps is None else stamps)]


def _foreign_array(walk: Walk, value: Any) -> list[bytes]:
    """The items, and what an array of another package holds beside them: a coordinate system. What
    can't be told apart there from data and caches (arrays, indexes) is in the items already."""
    walk.references.instance(type(value))
    state = {
        name: item
        for name, item in own_state(value).items()
        if isinstance(item, _PLAIN) or hasattr(type(item), "to_wkt")
    }
    walk.kept.append(state)
    name = encode_text(qualified_name(type(value)))
    return [name, walk.encode_temporary(list(value)), *walk.attributes(state)]


_PLAIN = (str, int, float, bool, bytes, tuple, dict, list, set, frozenset)
