"""Who lives: each endpoint's process holds a lock on a byte of its own, which the kernel lets go.

The locks are those of open file descriptions: a child inherits one by fork or with a descriptor
that is passed to it, so there is no moment at which nobody holds the lock of an endpoint on its way
to a child. Whoever asks needs no process ids, which are used again.
"""

from __future__ import annotations

import fcntl
import os
import struct
from contextlib import suppress
from multiprocessing import util
from typing import ClassVar

from weft.queues.layout import LAST_LIFE, LIVES
from weft.queues.memory import Memory
from weft.queues.registry import Registry

_FLOCK = struct.Struct("hhqqi4x")
_TYPE = struct.Struct("h")


def _lock(kind: int, number: int) -> bytes:
    return _FLOCK.pack(kind, os.SEEK_SET, LIVES + number, 1, 0)


class Life:
    """A lock that is held as long as some process has its descriptor.

    Examples
    --------
    >>> memory = Memory()
    >>> life = Life.begin(memory)
    >>> is_alive(memory, life.number)
    True
    >>> life.end()
    >>> is_alive(memory, life.number)
    False
    """

    __slots__ = ("__weakref__", "descriptor", "is_of_views", "number")
    here: ClassVar[Registry[Life]] = Registry()
    """All whose descriptors this process has."""

    def __init__(self, number: int, descriptor: int, *, is_of_views: bool = False) -> None:
        self.is_of_views = is_of_views
        """Children have copies of the views, and keep it."""
        self.number = number
        self.descriptor = descriptor
        Life.here.add(self)

    @classmethod
    def begin(cls, memory: Memory, *, is_of_views: bool = False) -> Life:
        """A new one; under the mutex."""
        number = memory.words[LAST_LIFE] + 1
        memory.words[LAST_LIFE] = number
        life = cls(number, memory.reopened(), is_of_views=is_of_views)
        fcntl.fcntl(life.descriptor, fcntl.F_OFD_SETLK, _lock(fcntl.F_WRLCK, number))
        return life

    def end(self) -> None:
        """Close this process's descriptor; the lock goes with the last one."""
        descriptor, self.descriptor = self.descriptor, -1
        if descriptor >= 0:
            with suppress(OSError):
                os.close(descriptor)

    def __del__(self) -> None:
        self.end()


def _end_all() -> None:
    for life in Life.here.all():
        life.end()


def _end_at_exit(*_: object) -> None:
    """At its exit a process waits for its children, and these perhaps for an end that it holds."""
    util.Finalize(None, _end_all, exitpriority=100)


_end_at_exit()
util.register_after_fork(Life, _end_at_exit)


def is_alive(memory: Memory, number: int) -> bool:
    """Whether some process holds that lock."""
    answer = fcntl.fcntl(memory.descriptor, fcntl.F_OFD_GETLK, _lock(fcntl.F_WRLCK, number))
    return bool(_TYPE.unpack_from(answer)[0] != fcntl.F_UNLCK)
