"""Globals that can't change a result: loggers, locks, streams, modules, and what is Weft's own."""

from __future__ import annotations

import types

_INERT_MODULES = frozenset(
    {
        *("os", "logging", "threading", "_thread", "_io", "io", "queue", "_queue"),
        *("_contextvars", "contextvars", "_asyncio", "concurrent.futures._base"),
        *("multiprocessing.synchronize", "multiprocessing.queues", "abc", "_abc", "_weakrefset"),
    }
)
"""Modules whose classes, and what derives from them, hold no data that a result depends on."""
INERT_NAMES = frozenset(
    {
        *("__name__", "__file__", "__doc__", "__package__", "__spec__", "__loader__"),
        *("__path__", "__cached__", "__builtins__", "__annotations__", "__debug__"),
    }
)
"""What a module says about itself: it would change when a folder is moved or a script imported."""


def is_inert(value: object) -> bool:
    """Whether ``value`` is left out of the fingerprint of the code that mentions it.

    >>> import threading
    >>> is_inert(threading.Lock()), is_inert(threading), is_inert({})
    (True, True, False)
    """
    kind = type(value)
    if isinstance(value, types.ModuleType) or kind.__module__.partition(".")[0] == "weft":
        return True
    if isinstance(value, type):
        return False
    bases = [base.__module__ for base in kind.__mro__]
    return any(base in _INERT_MODULES or base.startswith("asyncio.") for base in bases)
