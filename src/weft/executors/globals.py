"""Settings that modules keep for the whole process, put back between two jobs.

In each of these a job could leave something that changes the result of the next one. Measured with
NumPy, pandas and matplotlib imported: 6 us where nothing was changed.
"""

from __future__ import annotations

import copy
import sys
import warnings
from collections.abc import Callable
from types import ModuleType
from typing import Any

from weft.fingerprint.origin import Origin, origin_of

Setting = tuple[Callable[[Any], Any], Callable[[Any, Any], bool], Callable[[Any, Any], object]]
"""How a module's settings are kept, compared, and put back."""


class Globals:
    """What is put back, as it was when this was made."""

    __slots__ = ("_jobs_ran", "_kept", "_members", "_modules", "_path")

    def __init__(self) -> None:
        self._path = list(sys.path)
        self._kept: dict[str, tuple[Setting, ModuleType, Any]] = {}
        self._members: list[_Members] = []
        self._modules = 0
        self._jobs_ran = False
        self._look()

    def __repr__(self) -> str:
        return f"Globals({', '.join(self._kept)})"

    def _look(self) -> None:
        """Take note of modules that were imported since the last look."""
        self._modules = len(sys.modules)
        for name, setting in _SETTINGS.items():
            module = sys.modules.get(name)
            if module is not None and name not in self._kept:
                keep = setting[0]
                if self._jobs_ran:  # one of them imported it, and may have changed it as well
                    keep = _DEFAULTS.get(name, keep)
                self._kept[name] = setting, module, keep(module)
        known = {id(members.module) for members in self._members}
        for name, module in list(sys.modules.items()):
            if type(module) is ModuleType and id(module) not in known and _is_own(name, module):
                self._members.append(_Members(module))

    def restore(self) -> bool:
        """Put back what a job has changed; False where something was that can't be."""
        self._jobs_ran = True
        if len(sys.modules) != self._modules:
            self._look()
        if sys.path != self._path:
            sys.path[:] = self._path
        for (_, changed, put_back), module, kept in self._kept.values():
            if changed(module, kept):
                put_back(module, kept)
        whole = True
        for members in self._members:
            if not members.are_same():
                whole = False
        return whole


def _is_own(name: str, module: ModuleType) -> bool:
    """Whether the module is the user's own and of Python; some that C code makes have no file."""
    file = str(getattr(module, "__file__", ""))
    return name == "__main__" or (file.endswith(".py") and origin_of(name) is Origin.FIRST_PARTY)


class _Members:
    """The globals of one module."""

    __slots__ = ("_names", "_values", "module")

    def __init__(self, module: ModuleType) -> None:
        self.module = module
        self._keep()

    def _keep(self) -> None:
        self._names = dict(vars(self.module))
        self._values = list(self._names.values())

    def are_same(self) -> bool:
        """Whether none was bound anew, since this was asked last; a module that was imported does
        not count. Lists compare their items by identity first: 2 ns for each."""
        present = vars(self.module)
        try:
            if list(present.values()) == self._values:
                return True
        except Exception:  # noqa: BLE001 - comparing two arrays, or what a user's __eq__ does
            pass
        before = self._names
        self._keep()
        names = present.keys() | before.keys()
        changed = [name for name in names if present.get(name) is not before.get(name)]
        return all(isinstance(present.get(name), ModuleType) for name in changed)


def _put_filters_back(module: Any, kept: Any) -> None:
    module.filters[:] = kept
    warnings._filters_mutated()  # type: ignore[attr-defined]


def _put_pandas_back(module: Any, kept: Any) -> None:
    module._global_config.clear()
    module._global_config.update(copy.deepcopy(kept))


def _put_numpy_back(module: Any, kept: Any) -> None:
    module.seterr(**kept[0])
    module.set_printoptions(**kept[1])


def _numpy_settings(module: Any) -> Any:
    return module.geterr(), module.get_printoptions()


_SETTINGS: dict[str, Setting] = {
    "warnings": (
        lambda module: list(module.filters),
        lambda module, kept: bool(module.filters != kept),
        _put_filters_back,
    ),
    "decimal": (  # to put it back costs less than to compare it
        lambda module: module.getcontext().copy(),
        lambda _module, _kept: True,
        lambda module, kept: module.setcontext(kept.copy()),
    ),
    "_locale": (
        lambda module: module.setlocale(module.LC_ALL, None),
        lambda module, kept: bool(module.setlocale(module.LC_ALL, None) != kept),
        lambda module, kept: module.setlocale(module.LC_ALL, kept),
    ),
    "numpy": (
        _numpy_settings,
        lambda module, kept: bool(_numpy_settings(module) != kept),
        _put_numpy_back,
    ),
    "matplotlib": (
        lambda module: (dict(dict.items(module.rcParams)), list(dict.values(module.rcParams))),
        lambda module, kept: list(dict.values(module.rcParams)) != kept[1],
        lambda module, kept: dict.update(module.rcParams, kept[0]),
    ),
    "pandas._config.config": (
        lambda module: copy.deepcopy(module._global_config),
        lambda module, kept: bool(module._global_config != kept),
        _put_pandas_back,
    ),
}
"""By the module that has them, for those that are imported."""


def _pandas_defaults(module: Any) -> Any:
    settings = copy.deepcopy(module._global_config)
    for name, option in module._registered_options.items():
        *groups, last = name.split(".")
        place = settings
        for group in groups:
            place = place[group]
        place[last] = option.defval
    return settings


def _numpy_defaults(module: Any) -> Any:
    errors = {"divide": "warn", "over": "warn", "under": "ignore", "invalid": "warn"}
    printing = module.get_printoptions()
    internals = sys.modules.get("numpy._core.printoptions")
    known = getattr(internals, "default_format_options_dict", {})
    names = (printing.keys() & known.keys()) - {"legacy"}  # kept as another type than it is given
    return errors, {**printing, **{name: known[name] for name in names}}


def _matplotlib_defaults(module: Any) -> Any:
    kept = {name: dict.get(module.rcParamsOrig, name) for name in dict.keys(module.rcParams)}
    return kept, list(kept.values())


_DEFAULTS: dict[str, Callable[[Any], Any]] = {
    "decimal": lambda module: module.DefaultContext.copy(),
    "numpy": _numpy_defaults,
    "pandas._config.config": _pandas_defaults,
    "matplotlib": _matplotlib_defaults,
}
"""The settings as the import leaves them, of a module that a job has imported."""
