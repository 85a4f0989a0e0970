"""Which part of a value can't be pickled."""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Mapping
from io import BytesIO

from weft.errors import SerializationError

_LOOKED_AT = 2000
"""Parts to try at most: the search is for the error's text only."""
_SHOWN = 200
"""Characters of a path."""


def unpicklable(value: object, error: Exception) -> SerializationError:
    """The error that names the part of ``value`` that is at fault, as well as it can be found.

    >>> import threading
    >>> print(unpicklable({"a": [threading.Lock()]}, TypeError("no")).facts["part"])
    value['a'][0], of type _thread.lock
    """
    facts: dict[str, object] = {"type": _name(value)}
    if _too_deep(error):
        facts["because"] = "it is nested too deeply"
    else:
        path, part = _culprit(value)
        if part is not value:
            facts["part"] = f"{_shortened(path)}, of type {_name(part)}"
        facts["because"] = error
    return SerializationError(
        f"A value of type {_name(value)} can't be kept.",
        facts=facts,
        cure="Return plain data, arrays or objects that pickle; leave out what belongs to one "
        "process only (locks, open files, connections, generators).",
    )


def _too_deep(error: BaseException | None) -> bool:
    while error is not None and not isinstance(error, RecursionError):
        error = error.__cause__ or error.__context__
    return error is not None


def _shortened(path: str) -> str:
    return path if len(path) <= _SHOWN else f"{path[: _SHOWN // 2]} ... {path[-_SHOWN // 2 :]}"


def _name(value: object) -> str:
    kind = type(value)
    prefix = "" if kind.__module__ in {"builtins", "__main__"} else f"{kind.__module__}."
    return f"{prefix}{kind.__qualname__}"


def _culprit(value: object) -> tuple[str, object]:
    """Descend into the first part that fails alone, until none of the parts of one does."""
    path, left = "value", _LOOKED_AT
    seen = {id(value)}
    while True:
        for name, part in _parts(value):
            left -= 1
            if left < 0:
                return path, value
            if id(part) not in seen and not _pickles(part):
                seen.add(id(part))
                path, value = path + name, part
                break
        else:
            return path, value


def _parts(value: object) -> Iterator[tuple[str, object]]:
    if isinstance(value, Mapping):
        for key, part in value.items():
            yield f"[{key!r}]", part
            yield f" (key {key!r})", key
    elif isinstance(value, (list, tuple)):
        yield from ((f"[{place}]", part) for place, part in enumerate(value))
    elif isinstance(value, (set, frozenset)):
        yield from ((" (an element)", part) for part in value)
    else:
        for name in [*getattr(value, "__dict__", ()), *getattr(type(value), "__slots__", ())]:
            yield f".{name}", getattr(value, name, None)


def _pickles(value: object) -> bool:
    from weft.pickling.by_value import ByValuePickler

    for pickler in (pickle.Pickler, ByValuePickler):
        try:
            pickler(BytesIO(), 5).dump(value)
        except Exception:  # noqa: BLE001 - any class may raise anything
            continue
        return True
    return False
