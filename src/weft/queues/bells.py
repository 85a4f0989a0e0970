"""How a process that waits is woken: a counter of the kernel, which wakes one of those who wait.

A ring is a hint, never a fact: whoever is woken looks at the words again, and nobody waits longer
than `LONGEST` without looking, so a ring that a killed process took with it costs a moment at most.
"""

from __future__ import annotations

import os
import select
import weakref
from contextlib import suppress

from weft.queues.memory import no_files

LONGEST = 0.2
"""Seconds after which a waiting process looks around: who died is noticed then."""


class Bell:
    """A counter by its descriptor; without one a new counter is made.

    Examples
    --------
    >>> bell = Bell()
    >>> bell.ring()
    >>> bell.wait(10.0)
    True
    """

    __slots__ = ("__weakref__", "_poll", "_process", "descriptor")

    def __init__(self, descriptor: int | None = None) -> None:
        if descriptor is None:
            try:
                descriptor = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_SEMAPHORE | os.EFD_CLOEXEC)
            except OSError as error:
                raise no_files(error) from None
        self.descriptor = descriptor
        self._poll: select.epoll | None = None
        self._process = 0
        weakref.finalize(self, os.close, descriptor).atexit = False

    def ring(self) -> None:
        """Wake one process that waits, or the next one that is going to."""
        with suppress(BlockingIOError):
            os.eventfd_write(self.descriptor, 1)

    def wait(self, seconds: float) -> bool:
        """Wait for a ring, at most so long; whether there was one."""
        try:
            poll = self._own_poll()
        except OSError as error:
            raise no_files(error) from None
        rung = bool(poll.poll(seconds))
        if rung:
            self.heard()
        return rung

    def heard(self) -> None:
        """Take the ring, if nobody else did."""
        with suppress(BlockingIOError):
            os.eventfd_read(self.descriptor)

    def join(self, poll: select.epoll) -> None:
        """Let a ring make `poll` readable; it wakes one of those who joined."""
        poll.register(self.descriptor, select.EPOLLIN | select.EPOLLEXCLUSIVE)

    def _own_poll(self) -> select.epoll:
        if self._poll is None or self._process != os.getpid():
            self._poll, self._process = select.epoll(), os.getpid()
            self.join(self._poll)
        return self._poll
