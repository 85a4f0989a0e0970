"""Ctrl-C while a run is under way: counted, not raised."""

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

    def __call__(self) -> int:
        return self.count


@contextmanager
def counted_interrupts(wake: Callable[[], None]) -> Iterator[Stops]:
    """Count SIGINT instead of raising KeyboardInterrupt; ``wake`` is called for each.

    Only the main thread can set signal handlers; elsewhere nothing is counted.
    """
    stops = Stops()
    if threading.current_thread() is not threading.main_thread():
        yield stops
        return

    def count(_number: int, _frame: FrameType | None) -> None:
        stops.count += 1
        wake()

    before = signal.signal(signal.SIGINT, count)
    try:
        yield stops
    finally:
        signal.signal(signal.SIGINT, before)
