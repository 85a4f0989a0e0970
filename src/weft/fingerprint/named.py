"""Code that goes to another process by its name (rule 31).

Functions and classes of modules that can be imported travel as names, and the process that gets
them has code of its own under these: of another day, where it was started before an edit, or after
it. So their digests travel too.
"""

from __future__ import annotations

import pickle
import sys
from collections.abc import Iterable
from importlib import import_module
from typing import Any, NamedTuple

from weft.fingerprint.encoding import digest, encode_text
from weft.fingerprint.fingerprinter import Fingerprinter
from weft.fingerprint.origin import Origin, origin_of, package_versions
from weft.model.job import Digest
from weft.model.resources import CodeScope, Options
from weft.pickling.mark import Sent, has_name

Place = tuple[str, str]
"""A module, and a dotted name in it, the empty one for the module itself; or ``_PACKAGE`` and the
name of an installed package, whose version counts."""
_PACKAGE = ""
_SCRIPT = ("__main__", "__mp_main__")


class Named(NamedTuple):
    """What stands under some names, in the process that sent them."""

    scope: CodeScope
    ignore: tuple[str, ...]
    digests: tuple[tuple[str, str, Digest], ...]
    """Module, name in it, digest of what it stands for and all that this reaches."""

    def dumps(self) -> bytes:
        """As bytes, for ``loads``."""
        return pickle.dumps(tuple(self), 5)

    @classmethod
    def loads(cls, data: bytes) -> Named:
        """What ``dumps`` gave."""
        return cls(*pickle.loads(data))


def named_code(sent: Sent, options: Options, fingerprinter: Fingerprinter) -> Named | None:
    """The code that was sent by its name, or that what was sent whole looks up by a name.

    None where there is none, and where the user said that the code does not count.

    Examples
    --------
    >>> named_code(Sent([len], []), Options(), Fingerprinter()) is None
    True
    """
    if options.version is not None or options.code == "none":
        return None
    places = {(_module_of(value), value.__qualname__) for value in sent.by_name}
    for value in sent.whole:
        places.update(fingerprinter.reached(value, options.code, options.ignore).elsewhere)
    places.update(map(_place_of_use, options.uses))
    own = sorted(place for place in places if _is_own(place[0]))
    if options.packages == "version":
        own += [(_PACKAGE, name) for name in _packages(sent, options, fingerprinter)]
    if not own:
        return None
    digests = tuple(
        (*place, _digest(place, options.code, options.ignore, fingerprinter)) for place in own
    )
    return Named(options.code, options.ignore, digests)


def named_here(places: Iterable[Place], fingerprinter: Fingerprinter) -> Named | None:
    """What stands under some names in this process; None where none is the user's own."""
    own = sorted(place for place in places if _is_own(place[0]))
    if not own:
        return None
    digests = tuple((*place, _digest(place, "transitive", (), fingerprinter)) for place in own)
    return Named("transitive", (), digests)


def differing(named: Named, fingerprinter: Fingerprinter) -> tuple[Place, ...]:
    """Names under which something else stands in this process."""
    found = []
    for module, path, wanted in named.digests:
        try:
            same = _digest((module, path), named.scope, named.ignore, fingerprinter) == wanted
        except Exception:  # noqa: BLE001 - whatever keeps a module from being imported here
            same = False
        if not same:
            found.append((module, path))
    return tuple(found)


def parts_of(
    places: Iterable[Place], named: Named, fingerprinter: Fingerprinter
) -> dict[str, Digest]:
    """What stands under some names in this process, part by part, as far as it is there."""
    from weft.fingerprint.code import reachable

    parts: dict[str, Digest] = {}
    for place in places:
        if place[0] == _PACKAGE:
            continue
        try:
            root = fingerprinter.reached(_find(place), named.scope, named.ignore)
        except Exception:  # noqa: BLE001 - whatever keeps a module from being imported here
            continue
        name = ".".join(filter(None, place))
        for node in reachable([root]):
            parts.update((part.name or name, part.digest) for part in node.parts)
    return parts


def _digest(
    place: Place, scope: CodeScope, ignore: tuple[str, ...], fingerprinter: Fingerprinter
) -> Digest:
    if place[0] == _PACKAGE:
        return digest(*map(encode_text, package_versions((place[1],)).values()))
    found: Digest = fingerprinter.reached(_find(place), scope, ignore).digest
    return found


def _packages(sent: Sent, options: Options, fingerprinter: Fingerprinter) -> list[str]:
    """Installed packages that code reaches, by their top-level names; not the pickler's own."""
    from weft.fingerprint.code import reachable

    values = (*sent.by_name, *sent.whole)
    roots = [fingerprinter.reached(value, options.code, options.ignore) for value in values]
    packages = {package for node in reachable(roots) for package in node.packages}
    return sorted(packages - {"cloudpickle"})


def _find(place: Place) -> Any:
    """What stands under a name, in this process."""
    module, path = place
    found: Any = sys.modules.get(module) or import_module(module)
    for name in path.split(".") if path else ():
        found = getattr(found, name)
    return found


def _module_of(value: Any) -> str:
    return value.__module__ or ""


def _is_own(module: str) -> bool:
    return module not in _SCRIPT and origin_of(module) is Origin.FIRST_PARTY


def _place_of_use(value: Any) -> Place:
    code = value if has_name(value) else type(value)
    return _module_of(code), code.__qualname__
