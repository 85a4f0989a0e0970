"""Whose code a module is: the user's own, the standard library's, an installed package's, ours."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from enum import Enum
from functools import cache

_STDLIB = os.path.dirname(os.__file__)  # noqa: PTH120 - resolved links would not match __file__
_INSTALLED = ("site-packages", "dist-packages")


class Origin(Enum):
    """Where a module comes from."""

    FIRST_PARTY = "first party"
    STDLIB = "standard library"
    INSTALLED = "installed"
    WEFT = "weft"


def origin_of(module: str | None) -> Origin:
    """Origin of a module by its name; modules that Python does not know are the user's own.

    >>> [origin_of(name).value for name in ("json.decoder", "weft.errors", "__main__")]
    ['standard library', 'weft', 'first party']
    """
    if not isinstance(module, str) or module == "__main__":
        return Origin.FIRST_PARTY
    top = module.partition(".")[0]
    if top == "weft":
        return Origin.WEFT
    loaded = sys.modules.get(module)
    if loaded is None:
        return Origin.STDLIB if top in sys.stdlib_module_names else Origin.FIRST_PARTY
    file = getattr(loaded, "__file__", None)
    if isinstance(file, str):
        return origin_of_file(file)
    if top in sys.stdlib_module_names or top in sys.builtin_module_names:
        return Origin.STDLIB
    return Origin.FIRST_PARTY


def origin_of_file(file: str | None) -> Origin:
    """Origin of a module by its file; those that are built in have none.

    >>> origin_of_file("/home/me/code.py"), origin_of_file(os.__file__)
    (<Origin.FIRST_PARTY: 'first party'>, <Origin.STDLIB: 'standard library'>)
    """
    if file in {"built-in", "frozen"}:
        return Origin.STDLIB
    if file is None:  # a folder without __init__.py
        return Origin.FIRST_PARTY
    if any(part in _INSTALLED for part in file.split(os.sep)):  # noqa: PTH206 - pathlib costs 3 ms
        return Origin.INSTALLED
    return Origin.STDLIB if file.startswith(_STDLIB + os.sep) else Origin.FIRST_PARTY


def package_versions(packages: tuple[str, ...]) -> dict[str, str]:
    """Installed versions by distribution, of packages named by their top-level module.

    Slow (it may read the metadata of all distributions): not for the path where nothing changed.

    >>> package_versions(("click",)).keys()
    dict_keys(['click'])
    """
    found: dict[str, str] = {}
    for package in packages:
        found.update(_versions(package))
    return dict(sorted(found.items()))


@cache
def _versions(package: str) -> dict[str, str]:
    """Looked up once per process: what it has imported stays, whatever is installed meanwhile."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return {package: version(package)}
    except PackageNotFoundError:
        return {name: version(name) for name in _distributions().get(package, ())}


@cache
def _distributions() -> Mapping[str, list[str]]:
    from importlib.metadata import packages_distributions

    return packages_distributions()
