"""Pickles of what has no name that another process could import: functions and classes by value.

The pickler is that of cloudpickle, which knows how; here is what it leaves out: the file and the
source of code, without which a traceback shows no line and code can't be told by its text, and
things that are made of functions of the script, such as those of ``functools.lru_cache``.
"""

from __future__ import annotations

import functools
import io
import os
import pickle
import sys
import threading
from collections import ChainMap
from collections.abc import Callable
from types import BuiltinFunctionType, CodeType, FunctionType
from typing import Any

import cloudpickle

from weft.pickling.mark import CODE, Sent, has_name

_ANONYMOUS = "<dynamic-code>"
"""What cloudpickle writes in the place of the file's name."""
_code_of_cloudpickle = cloudpickle.Pickler.dispatch_table[CodeType]


DigestOf = Callable[[Any], bytes]
CODE_TYPES = (type, FunctionType, BuiltinFunctionType, type(functools.lru_cache(len)))
"""Of what pickles hold by a name, or whole."""


def dumps(value: object, digest_of: DigestOf | None = None, sent: Sent | None = None) -> bytes:
    """A call as a pickle, with the functions and classes that have no name by their code, and with
    new locks in the place of those that they use.

    Parameters
    ----------
    digest_of
        Gives the digest of a function's or class's code, which travels with it.
    sent
        Gets the functions and classes that are in the pickle.

    Examples
    --------
    >>> import pickle
    >>> pickle.loads(dumps(lambda: 1))()
    1
    """
    with io.BytesIO() as file:
        pickler = _CallPickler(file, 5)
        pickler.digest_of = digest_of
        pickler.sent = sent
        pickler.dump(value)
        return file.getvalue()


def _code(code: CodeType) -> Any:
    """Code with the name of its file, and the text of that where it is no file."""
    _, parts = _code_of_cloudpickle(code)
    place = parts.index(_ANONYMOUS)
    named = (*parts[:place], code.co_filename, *parts[place + 1 :])
    text = _text(code)
    return (CodeType, named) if text is None else (_make_code, (text, *named))


def _text(code: CodeType) -> list[str] | None:
    """What ``linecache`` knows of code whose file others can't read: cells of notebooks."""
    linecache = sys.modules.get("linecache")
    name = code.co_filename
    if linecache is None or os.path.exists(name):  # noqa: PTH110 - per piece of code
        return None
    lines: list[str] = linecache.getlines(name)
    return lines or None


def _make_code(text: list[str], *parts: Any) -> CodeType:
    import linecache

    code = CodeType(*parts)
    entry = len("".join(text)), None, text, code.co_filename
    linecache.cache.setdefault(code.co_filename, entry)
    return code


class NamingPickler(pickle.Pickler):
    """Python's pickler, which knows functions and classes by their names only."""

    sent: Sent

    def reducer_override(self, value: object) -> Any:
        if isinstance(value, CODE_TYPES) and has_name(value):
            self.sent.by_name.append(value)
        return NotImplemented


def _lru_cache(value: Any) -> Any:
    if has_name(value):
        return value.__qualname__
    return _make_lru_cache, (value.__wrapped__, value.cache_parameters()), vars(value)


def _make_lru_cache(function: Callable[..., Any], how: dict[str, Any]) -> Any:
    return functools.lru_cache(**how)(function)


def _cached_property(value: functools.cached_property[Any]) -> Any:
    state = {name: part for name, part in vars(value).items() if name != "lock"}
    return _make_cached_property, (value.func,), state


def _make_cached_property(function: Callable[..., Any]) -> functools.cached_property[Any]:
    return functools.cached_property(function)


def _local(value: threading.local) -> Any:
    return type(value), (), vars(value)


def _make_dispatcher() -> Any:
    """A function of ``singledispatch`` that is filled when its parts are there."""
    return functools.singledispatch(_unfilled)


def _unfilled(*_: object) -> None:
    raise TypeError("a generic function was called before it was read whole")


def _fill_dispatcher(dispatcher: Any, state: tuple[dict[type, Any], dict[str, Any]]) -> None:
    registry, names = state
    for kind, function in registry.items():
        dispatcher.register(kind, function)
    for name, value in names.items():
        setattr(dispatcher, name, value)


_NAMES = ("__module__", "__name__", "__qualname__", "__doc__", "__wrapped__")


def _is_dispatcher(function: FunctionType) -> bool:
    own = vars(function)
    return "registry" in own and "dispatch" in own and "_clear_cache" in own


class ByValuePickler(cloudpickle.Pickler):  # type: ignore[misc]  # without types
    """Sends by value what has no name in a module that others can import."""

    dispatch_table = ChainMap(
        {
            CodeType: _code,
            type(functools.lru_cache(len)): _lru_cache,
            functools.cached_property: _cached_property,
        },
        cloudpickle.Pickler.dispatch_table,
    )

    digest_of: DigestOf | None = None
    sent: Sent | None = None

    def reducer_override(self, value: object) -> Any:
        """As cloudpickle's; generic functions by what they dispatch to."""
        if type(value) is FunctionType and _is_dispatcher(value) and not has_name(value):
            names = {name: getattr(value, name) for name in _NAMES if hasattr(value, name)}
            state = dict(value.registry), names  # type: ignore[attr-defined]
            return _make_dispatcher, (), state, None, None, _fill_dispatcher
        reduced = super().reducer_override(value)
        if self.sent is not None and isinstance(value, CODE_TYPES):
            by_name = reduced is NotImplemented and has_name(value)
            (self.sent.by_name if by_name else self.sent.whole).append(value)
        if self.digest_of is None or not isinstance(reduced, tuple) or len(reduced) < 3:
            return reduced
        if type(value) is not FunctionType and not isinstance(value, type):
            return reduced
        make, parts, (attributes, slots), *rest = reduced
        attributes = {**attributes, CODE: self.digest_of(value)}
        return make, parts, (attributes, slots), *rest


class _CallPickler(ByValuePickler):
    dispatch_table = ChainMap(
        {
            type(threading.Lock()): lambda _lock: (threading.Lock, ()),
            type(threading.RLock()): lambda _lock: (threading.RLock, ()),
            threading.local: _local,
        },
        ByValuePickler.dispatch_table,
    )
