"""Globals that can't change a result: a closed list of exact classes, and what modules say of
themselves. Everything else that code reaches is hashed, or named in a warning."""

from __future__ import annotations

import io
import sys
from typing import Any

INERT_NAMES = frozenset(
    {
        *("__name__", "__file__", "__doc__", "__package__", "__spec__", "__loader__"),
        *("__path__", "__cached__", "__builtins__", "__annotations__", "__debug__"),
    }
)
"""What a module says about itself: it would change when a folder is moved or a script imported."""
_INERT_CLASSES = frozenset(
    {
        *("logging.Logger", "logging.RootLogger", "logging.LoggerAdapter", "logging.Formatter"),
        *("logging.StreamHandler", "logging.FileHandler", "logging.NullHandler"),
        *("logging.Manager", "logging._StderrHandler", "logging.handlers.RotatingFileHandler"),
        *("logging.handlers.TimedRotatingFileHandler", "logging.handlers.QueueHandler"),
        *("_thread.lock", "_thread.RLock", "threading.Condition", "threading.Event"),
        *("threading.Semaphore", "threading.BoundedSemaphore", "threading.Barrier"),
        *("threading.Thread", "threading._MainThread", "threading.Timer", "os._Environ"),
        *("multiprocessing.synchronize.Lock", "multiprocessing.synchronize.RLock"),
        *("multiprocessing.synchronize.Semaphore", "multiprocessing.synchronize.Event"),
        *("multiprocessing.synchronize.BoundedSemaphore", "multiprocessing.synchronize.Barrier"),
        *("multiprocessing.synchronize.Condition",),
        *("asyncio.locks.Lock", "asyncio.locks.Event", "asyncio.locks.Condition"),
        *("asyncio.locks.Semaphore", "asyncio.locks.BoundedSemaphore"),
        *("concurrent.futures.thread.ThreadPoolExecutor",),
        *("concurrent.futures.process.ProcessPoolExecutor",),
    }
)
"""Exact classes of the standard library whose objects hold no data that a result depends on. What
derives from them may, and so may what only looks like them."""
_STANDARD_STREAMS = ("stdin", "stdout", "stderr", "__stdin__", "__stdout__", "__stderr__")
_STREAMS: tuple[type, ...] = (io.TextIOWrapper, io.BufferedWriter, io.FileIO)


def is_inert(value: object) -> bool:
    """Whether ``value`` is left out of the fingerprint of the code that mentions it.

    >>> import logging, threading
    >>> is_inert(threading.Lock()), is_inert(logging.getLogger("x")), is_inert({})
    (True, True, False)
    """
    kind = type(value)
    if kind.__module__.partition(".")[0] == "weft":
        return True
    if any(value is getattr(sys, name, None) for name in _STANDARD_STREAMS):
        return True
    if kind in _STREAMS:
        return _only_writes(value)
    return f"{kind.__module__}.{kind.__qualname__}" in _INERT_CLASSES and _is_real(kind)


def _is_real(kind: type) -> bool:
    """Whether the class is the one that its name says: a module may call itself what it likes."""
    if kind.__module__ in sys.builtin_module_names:  # _thread.lock is no name of its module
        return True
    found: Any = sys.modules.get(kind.__module__)
    return found is not None and getattr(found, kind.__name__, None) is kind


def _only_writes(stream: Any) -> bool:
    """Whether nothing can be read from a stream: what is read from a file counts."""
    try:
        return not stream.readable()
    except (ValueError, OSError):  # it is closed
        return True
