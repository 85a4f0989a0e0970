"""Weft: a remembered, parallel job graph. Make for Python function calls.

Names are imported when they are first used, so that ``import weft`` costs next to nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from weft.console.context import Context
    from weft.context import MakeOptions
    from weft.errors import (
        CommandFailed,
        Interrupted,
        JobFailed,
        LeaseHeld,
        MakeFailed,
        SelectionError,
        SerializationError,
        StoreError,
        UserError,
        WeftBug,
        WeftError,
    )
    from weft.executors.futures import Futures
    from weft.executors.inline import Inline
    from weft.executors.inside import progress, reads
    from weft.executors.processes import Processes
    from weft.graph.decorator import job
    from weft.graph.definer import Definer, FingerprintWarning
    from weft.model.promise import Promise
    from weft.model.resources import Options
    from weft.scheduler.summary import RunSummary

__version__ = "0.1.0"

__all__ = [
    "CommandFailed",
    "Context",
    "Definer",
    "FingerprintWarning",
    "Futures",
    "Inline",
    "Interrupted",
    "JobFailed",
    "LeaseHeld",
    "MakeFailed",
    "MakeOptions",
    "Options",
    "Processes",
    "Promise",
    "RunSummary",
    "SelectionError",
    "SerializationError",
    "StoreError",
    "UserError",
    "WeftBug",
    "WeftError",
    "__version__",
    "job",
    "progress",
    "reads",
]

_HOMES = {
    "Context": "weft.console.context",
    "MakeOptions": "weft.context",
    "Futures": "weft.executors.futures",
    "Inline": "weft.executors.inline",
    "Processes": "weft.executors.processes",
    "progress": "weft.executors.inside",
    "reads": "weft.executors.inside",
    "job": "weft.graph.decorator",
    "Definer": "weft.graph.definer",
    "FingerprintWarning": "weft.graph.definer",
    "Promise": "weft.model.promise",
    "Options": "weft.model.resources",
    "RunSummary": "weft.scheduler.summary",
}


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module 'weft' has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(_HOMES.get(name, "weft.errors")), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
