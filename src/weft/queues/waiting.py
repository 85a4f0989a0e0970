"""How a process waits without missing the bell, and without waiting for itself."""

from __future__ import annotations

import asyncio
import math
import os
import select
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from weft.errors import UserError
from weft.queues.bells import Bell
from weft.queues.errors import IterableQueueIllegalStateException
from weft.queues.layout import BLOCKED, CLOSED, HANDLE_OWNER, LIVE, OWNER, SLEEPERS, STATE, WAITING
from weft.queues.shared import Shared
from weft.queues.watching import sweep

FIRST_LOOK = 0.001
"""Seconds after which a waiter looks once more. Its note that it waits and another's note that
there is something may cross each other, since neither uses a barrier; by then both have arrived."""


LONG = 10.0
"""Seconds of waiting after which a consumer says what may have been forgotten."""


@dataclass(frozen=True, slots=True)
class Waiter:
    """One endpoint that waits."""

    shared: Shared
    row: int
    kind: range
    """The rows of all that may wait for the same."""
    flag: int
    """The word that says that one of them waits."""
    bell: Bell
    is_over: Callable[[], bool]

    @classmethod
    def reader(cls, shared: Shared, row: int) -> Waiter:
        """A consumer, for items."""
        kind = shared.consumers()
        return cls(shared, row, kind, SLEEPERS, shared.items, shared.has_items)

    @classmethod
    def writer(cls, shared: Shared, row: int) -> Waiter:
        """A producer, for room."""
        kind = shared.producers()
        return cls(shared, row, kind, BLOCKED, shared.room, lambda: not shared.is_full())


def deadline_of(timeout: float | None) -> float | None:
    """The moment at which so many seconds from now are over."""
    if timeout is None:
        return None
    if not isinstance(timeout, (int, float)) or math.isnan(timeout):
        raise UserError(
            "A timeout is a number of seconds, or None to wait for ever.",
            facts={"timeout": repr(timeout)},
            cure="Say timeout=1.5, for instance.",
        )
    return time.monotonic() + timeout


@contextmanager
def _noted(waiter: Waiter) -> Iterator[None]:
    """Let others see it wait. Who rings clears the flag, so who is woken sets it for the others."""
    words = waiter.shared.words
    try:
        words[waiter.row + WAITING] += 1
        words[waiter.flag] = 1
        yield
    finally:
        words[waiter.row + WAITING] = max(words[waiter.row + WAITING] - 1, 0)
        if waiter.shared.waiting(waiter.kind):
            words[waiter.flag] = 1


def wait(waiter: Waiter, seconds: float) -> None:
    """Wait for a ring, at most so long."""
    with _noted(waiter):
        if waiter.is_over() or waiter.bell.wait(min(seconds, FIRST_LOOK)):
            return
        if seconds > FIRST_LOOK and not waiter.is_over():
            waiter.bell.wait(seconds - FIRST_LOOK)


async def wait_async(waiter: Waiter, seconds: float) -> None:
    """The same for a task: the loop goes on meanwhile, and the task can be cancelled."""
    loop = asyncio.get_running_loop()
    rung: asyncio.Future[None] = loop.create_future()
    with _noted(waiter), select.epoll() as poll:
        waiter.bell.join(poll)
        loop.add_reader(poll, _set, rung)
        try:
            if not waiter.is_over():
                await asyncio.wait([rung], timeout=seconds)
                waiter.bell.heard()
        finally:
            loop.remove_reader(poll)


def _set(rung: asyncio.Future[None]) -> None:
    if not rung.done():
        rung.set_result(None)


def refuse_to_wait_for_oneself(shared: Shared, kind: range, what: str) -> None:
    """Raise if only this thread could do what it is about to wait for.

    Another process may still be about to get its endpoint: that has no owner in the meantime.
    """
    if threading.active_count() > 1 or not _is_mine_alone(shared, kind):
        return
    shared.locked(sweep, shared)
    if _is_mine_alone(shared, kind):
        raise IterableQueueIllegalStateException(
            f"{what}: only this thread could change that, and it would wait for ever.",
            cure="Close the queue and unused ends, start the other side first, or set a timeout.",
        )


def warn_of_forgotten_close(shared: Shared) -> None:
    """Say why a consumer may wait for ever, where that can't be told for sure."""
    producers = shared.producers()
    if not shared.words[CLOSED] and not _owners(shared, producers):
        why = "the queue has no producers, and was not closed: call queue.close()"
    elif _is_mine_alone(shared, producers):
        why = "only this process has ends that could put: close the queue, and those not used"
    else:
        return
    warnings.warn(
        f"A consumer waits for {LONG:.0f} s already; {why}.", RuntimeWarning, stacklevel=2
    )


def _owners(shared: Shared, kind: range) -> set[int]:
    words = shared.words
    return {words[row + OWNER] for row in kind if words[row + STATE] in LIVE}


def _is_mine_alone(shared: Shared, kind: range) -> bool:
    owners = _owners(shared, kind)
    if not shared.words[CLOSED]:
        owners.add(shared.words[HANDLE_OWNER])
    return owners == {os.getpid()}
