"""Ctrl-C, and being asked to end, while a run is under way: counted, not raised."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


class Stops:
    """How often the user pressed Ctrl-C since the run began."""

    def __init__(self) -> None:
        self.count = 0
        self.asked: int | None = None
        """The signal by which somebody wants this process to end, if there was one."""

    def __call__(self) -> int:
        return self.count


_ASKED = (signal.SIGTERM, signal.SIGHUP)
"""Sent by whoever wants this process to end: a queueing system, a closed terminal."""


@contextmanager
def counted_interrupts(wake: Callable[[], None]) -> Iterator[Stops]:
    """Count SIGINT instead of raising KeyboardInterrupt; ``wake`` is called for each.

    SIGTERM and SIGHUP count too where nobody handles or ignores them: what runs is cancelled in
    order, instead of being left half-made; whoever began the run then ends the process by it.

    Only the main thread can set signal handlers; elsewhere nothing is counted.
    """
    stops = Stops()
    if threading.current_thread() is not threading.main_thread():
        yield stops
        return

    def count(number: int, _frame: FrameType | None) -> None:
        stops.count += 1
        stops.asked = number if number in _ASKED else stops.asked
        wake()

    free = [number for number in _ASKED if signal.getsignal(number) is signal.SIG_DFL]
    before = {number: signal.signal(number, count) for number in (signal.SIGINT, *free)}
    try:
        yield stops
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
