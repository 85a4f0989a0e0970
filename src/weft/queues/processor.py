"""What this processor and interpreter promise about the order of loads and stores.

Items are put and taken without a lock where two things hold: the processor shows stores to others
in the order in which they were made, and threads and signals come between bytecodes that call
something and not between others (CPython with its global lock). Elsewhere each step takes a lock.
"""

from __future__ import annotations

import ctypes
import platform
import sys
import threading

_NUMBERS = {"x86_64": 324, "i686": 375}
_GLOBAL_EXPEDITED, _REGISTER_GLOBAL_EXPEDITED = 2, 4


def _membarrier(command: int) -> bool:
    number = _NUMBERS.get(platform.machine())
    return number is not None and ctypes.CDLL(None).syscall(number, command, 0, 0) == 0


IN_ORDER = _membarrier(_REGISTER_GLOBAL_EXPEDITED)
"""Whether other processes see stores in the order in which they were made, and `barrier` works.

It reaches all processes that have registered, which each does here; a fork keeps that.
"""


def barrier() -> None:
    """Let all processes of the queue have finished their stores, in whatever step they are.

    The kernel's `membarrier`: the frequent side of a race needs no barrier of its own then. It
    takes 2 to 15 us.
    """
    _membarrier(_GLOBAL_EXPEDITED)


def steps_are_whole() -> bool:
    """Whether items can be put and taken without a lock.

    Trace functions (debuggers, some measures of coverage) run between all lines, and let other
    threads run there.
    """
    one_thread_runs = bool(getattr(sys, "_is_gil_enabled", lambda: True)())
    return IN_ORDER and one_thread_runs and not _is_traced()


def _is_traced() -> bool:
    monitoring = getattr(sys, "monitoring", None)
    tools = [monitoring.get_tool(number) for number in range(6)] if monitoring else []
    return bool(sys.gettrace() or threading.gettrace() or any(tools))
