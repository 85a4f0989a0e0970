"""What this processor and interpreter promise about the order of loads and stores.

Items are put and taken without a lock where two things hold: the processor shows stores to others
in the order in which they were made, and threads and signals come between bytecodes that call
something and not between others (CPython with its global lock). Elsewhere each step takes a lock.
"""

from __future__ import annotations

import ctypes
import platform
import sys

IN_ORDER = platform.machine() in {"x86_64", "AMD64", "i686"}
"""Whether other processes see stores in the order in which they were made."""
ONE_THREAD_RUNS = bool(getattr(sys, "_is_gil_enabled", lambda: True)())

_NUMBERS = {"x86_64": 324, "aarch64": 283}
_GLOBAL_EXPEDITED, _REGISTER_GLOBAL_EXPEDITED = 2, 4


def _membarrier(command: int) -> bool:
    number = _NUMBERS.get(platform.machine())
    return number is not None and ctypes.CDLL(None).syscall(number, command, 0, 0) == 0


def join_barriers() -> bool:
    """Let `barrier` of other processes reach this one; whether this system can."""
    return _membarrier(_REGISTER_GLOBAL_EXPEDITED)


def barrier() -> bool:
    """Let all processes of the queue have finished their stores, in whatever step they are.

    The kernel's `membarrier`: the frequent side of a race needs no barrier of its own then. It
    takes 2 to 15 us. False where there is none.
    """
    return _membarrier(_GLOBAL_EXPEDITED)
