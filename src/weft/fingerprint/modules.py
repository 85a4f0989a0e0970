"""What a dotted name stands for, followed through modules."""

from __future__ import annotations

import builtins
import sys
import types
from dataclasses import dataclass
from typing import Any

from weft.fingerprint.inert import INERT_NAMES
from weft.fingerprint.normalise import Chain, Imported
from weft.fingerprint.origin import Origin, origin_of, origin_of_file
from weft.fingerprint.wrappers import is_code, module_of, registered_with

_IMPORT_FAILURES = (
    *(ImportError, SyntaxError, AttributeError, NameError, TypeError, ValueError),
    *(RuntimeError, OSError, LookupError, ArithmeticError),
)


@dataclass(frozen=True, slots=True)
class Undefined:
    """A name that stands for nothing (yet)."""


@dataclass(frozen=True, slots=True)
class Package:
    """Something inside a module that is not the user's own: known by its name only."""

    module: str
    name: str
    origin: Origin
    registered: tuple[str, ...] = ()
    """Of an abstract class: the user's own classes that were registered with it."""


def resolve(value: Any, rest: Chain) -> tuple[Any, Chain]:
    """Follow attributes as long as they lead through first-party modules.

    Returns
    -------
    tuple
        What was found, and the attributes that were not followed.

    >>> import os
    >>> resolve(os, ("path", "join"))
    (Package(module='os', name='os.path.join', origin=<Origin.STDLIB: 'standard library'>), ())
    """
    while isinstance(value, types.ModuleType) and rest:
        origin = origin_of(value.__name__)
        if origin is not Origin.FIRST_PARTY:
            return _in_package(value, rest, origin)
        value, rest = _attribute(value, rest[0]), rest[1:]
    if isinstance(value, types.ModuleType):
        origin = origin_of(value.__name__)
        if origin is not Origin.FIRST_PARTY:
            return Package(value.__name__, value.__name__, origin), ()
    return value, rest


def _in_package(module: types.ModuleType, rest: Chain, origin: Origin) -> tuple[Any, Chain]:
    """What is in a package counts by its name, but for code of the user's own that was put there:
    ``json.dumps = mine``."""
    value: Any = module
    if origin is not Origin.WEFT:
        for number, name in enumerate(rest, start=1):
            if not isinstance(value, (types.ModuleType, type)):
                break
            value = vars(value).get(name)
            if _is_own_code(value):
                return value, rest[number:]
    name = ".".join((module.__name__, *rest))
    return Package(module.__name__, name, origin, tuple(registered_with(value))), ()


def _is_own_code(value: Any) -> bool:
    """Whether a function, method, class, wrapper or callable object has its code in a module of
    the user's own. Code whose module is not known is the package's: compiled modules make such."""
    kind = type(value)
    if kind in (types.MethodType, staticmethod, classmethod):
        value = value.__func__
    elif kind.__module__ == "functools":
        value = getattr(value, "__wrapped__", getattr(value, "func", None))
    elif not is_code(value):
        value = kind
    module = module_of(value) if is_code(value) else None
    has_home = hasattr(sys.modules.get(module or ""), "__file__") or module == "__main__"
    return has_home and origin_of(module) is Origin.FIRST_PARTY


def _attribute(module: types.ModuleType, name: str) -> Any:
    """What a module has under a name; else the function that it makes such things with."""
    if name in vars(module):
        return vars(module)[name]
    loaded = sys.modules.get(f"{module.__name__}.{name}")
    return loaded or vars(module).get("__getattr__", Undefined())


def resolve_import(imported: Imported, rest: Chain, module: dict[str, Any]) -> tuple[Any, Chain]:
    """What a name bound by an import statement inside a function stands for.

    A first-party module that nobody has imported yet is imported now, as the function would: its
    code must be known, and must count the same whether it was imported before or not.
    """
    name = _absolute(imported, module)
    found = _module(name)
    if imported.loaded:
        _module(imported.loaded)
    if isinstance(found, Package):
        path = (found.name, *((imported.attribute,) if imported.attribute else ()), *rest)
        return Package(found.module, ".".join(path), found.origin), ()
    if imported.attribute and isinstance(found, types.ModuleType):
        found = _attribute(found, imported.attribute)
        if isinstance(found, Undefined):
            found = _module(f"{name}.{imported.attribute}")
    return resolve(found, rest)


def _absolute(imported: Imported, module: dict[str, Any]) -> str:
    if not imported.level:
        return imported.module
    name = str(module.get("__name__", ""))
    package = module.get("__package__") or name.rpartition(".")[0]
    parts = str(package).split(".")
    base = parts[: len(parts) - imported.level + 1]
    return ".".join([*base, imported.module] if imported.module else base)


def _module(name: str) -> types.ModuleType | Package | Undefined:
    loaded = sys.modules.get(name)
    if loaded is not None:
        return loaded
    top = name.partition(".")[0]
    if top == "weft":
        return Package(name, name, Origin.WEFT)
    from importlib import import_module
    from importlib.util import find_spec

    try:
        spec = find_spec(top)
        if spec is None:
            return Undefined()
        origin = origin_of_file(spec.origin)
        if origin is not Origin.FIRST_PARTY:
            return Package(name, name, origin)
        return import_module(name)
    except _IMPORT_FAILURES:
        return Undefined()


_OF_CODE = frozenset({"__doc__", "__annotations__"})
"""What a module says of itself that does not depend on where it lies: counted where it is named."""
INERT = object()
"""What `lookup` finds for builtins, and for what a module says of itself."""


def lookup(chain: Chain, module: dict[str, Any]) -> tuple[Any, Chain]:
    """What a free name with attributes stands for in a module; see `resolve`."""
    name = chain[0]
    if name in module:
        if name in INERT_NAMES and name not in _OF_CODE:
            return INERT, chain[1:]
        return resolve(module[name], chain[1:])
    return (INERT if hasattr(builtins, name) else Undefined()), chain[1:]
