"""What looking reads of a folder: pickles of plain data, which run nothing of whoever wrote them.

A pickle can name any function and have it called. Here names are looked up in a closed list of
Weft's own data classes and of Python's plain types; whatever else is named becomes a stand-in that
does nothing, and is not imported.
"""

from __future__ import annotations

import io
import pickle
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from weft.errors import WeftError
from weft.model.job import JobRecord
from weft.model.kind import Kind
from weft.model.outputs import Form, OutputStyle
from weft.model.promise import Promise
from weft.model.resources import Options

_OWN: dict[str, Any] = {
    kind.__name__: kind for kind in (Form, JobRecord, Kind, Options, OutputStyle, Promise)
}
"""By their names alone: their modules may move."""
_PYTHONS: dict[str, Any] = {
    kind.__name__: kind for kind in (bytearray, complex, frozenset, range, set, slice)
}


class DamagedError(WeftError):
    """What should be plain data is none."""


class Unknown:
    """Stands for something of the user's that was named where only its name matters."""

    def __init__(self, *_arguments: object, **_named: object) -> None:
        pass

    def __setstate__(self, _state: object) -> None:
        pass


class _PlainUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str, /) -> Any:
        if module == "builtins" and name in _PYTHONS:
            return _PYTHONS[name]
        if module.partition(".")[0] == "weft" and name in _OWN:
            return _OWN[name]
        return type(name, (Unknown,), {"__module__": module, "__qualname__": name})


def plain_loads(data: Any, buffers: Sequence[Any] = ()) -> Any:
    """The plain data that ``pickle.dumps`` was given.

    Raises
    ------
    DamagedError
        When it is no such thing.

    Examples
    --------
    >>> plain_loads(pickle.dumps((1, "a", {"b": [2.5]})))
    (1, 'a', {'b': [2.5]})
    >>> type(plain_loads(pickle.dumps(print))).__mro__[0]
    <class 'type'>
    """
    with taking_apart():
        return _PlainUnpickler(io.BytesIO(data), buffers=buffers).load()


@contextmanager
def taking_apart() -> Iterator[None]:
    """While plain data are read and taken apart: damaged bytes may be of any shape."""
    try:
        yield
    except (WeftError, MemoryError):
        raise
    except Exception as error:  # noqa: BLE001 - see above
        raise DamagedError(
            "What the folder has of its jobs can't be read.",
            facts={"because": f"{type(error).__name__}: {error}"},
            cure="Run the script, which defines them anew; fsck says what else is damaged.",
        ) from None
