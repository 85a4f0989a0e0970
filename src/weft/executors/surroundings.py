"""What a job may change in its process, put back before the next one.

Putting back costs less than looking where one system call does it: 0.5 us for folder and mask. The
rest is compared; in all 1.1 us.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found] # signal.getsignal makes an enum, 1 us
import _thread
import os
import signal
import sys
import time
from typing import Any

from weft.executors.globals import Globals

_getsignal = _signal.getsignal
_TERM, _INT, _ALARM = int(signal.SIGTERM), int(signal.SIGINT), int(signal.SIGALRM)
_WATCHED = (_TERM, _INT, _ALARM)
"""Signals whose handlers are put back."""
_LONG_ENOUGH = 1e-4
"""Seconds; a job that was shorter can't have started a process (fork takes 0.3 ms)."""
_setitimer = signal.setitimer
_TIMERS = (signal.ITIMER_REAL, signal.ITIMER_VIRTUAL, signal.ITIMER_PROF)
_THREAD_GRACE = 0.05
"""Seconds that a job's threads get to end after it, as those of a pool being shut down do."""


class Surroundings:
    """Working folder, environment, signal handlers, threads and children of this process.

    Parameters
    ----------
    own
        Whether the process is the jobs' own: then timers are stopped too, and what jobs leave
        running is looked for.
    kept
        The settings of modules, where they were looked at before.
    """

    def __init__(self, *, own: bool, kept: Globals | None = None) -> None:
        self._own = own
        self._folder = os.open(".", os.O_RDONLY)
        self._mask = os.umask(0o077)
        os.umask(self._mask)
        self.keep_environment()
        self._handlers = _handlers()
        self._depth = sys.getrecursionlimit()
        self._globals = kept or Globals()
        self._threads = _thread._count()
        self.last = False
        """Whether no other job comes after this one: then there is nothing to put back."""
        self.retire = False
        """Whether something is left that could reach the next job."""

    def keep_environment(self) -> None:
        """Take the environment as it is now for what jobs find."""
        self._variables = dict(os.environ)
        self._raw = dict(_raw_environment())

    def restore(self, duration: float) -> str | None:
        """Put everything back; returns what to tell about the job, if anything."""
        self.come_back()
        if self.last:
            return self._left_running(duration)
        os.umask(self._mask)
        if _raw_environment() != self._raw:
            self._restore_environment()
        if _handlers() != self._handlers:
            self._restore_handlers()
        if sys.getrecursionlimit() != self._depth:
            sys.setrecursionlimit(self._depth)
        if not self._globals.restore() and self._own:
            self.retire = True
        return self._left_running(duration) if self._own else None

    def come_back(self) -> None:
        """Make the working folder what it was."""
        os.fchdir(self._folder)

    def _restore_environment(self) -> None:
        for name in set(os.environ) - set(self._variables):
            del os.environ[name]
        for name, value in self._variables.items():
            if os.environ.get(name) != value:
                os.environ[name] = value
        time.tzset()  # TZ may have been among them

    def _restore_handlers(self) -> None:
        for number, handler in zip(_WATCHED, self._handlers, strict=True):
            if handler is not None and _getsignal(number) != handler:
                signal.signal(number, handler)

    def _left_running(self, duration: float) -> str | None:
        for timer in _TIMERS:
            _setitimer(timer, 0)
        threads = self._threads_left() if _thread._count() > self._threads else 0
        if duration < _LONG_ENOUGH and not threads:
            return None
        children = _children_left()
        if not threads and not children:
            return None
        self.retire = True
        parts = [_count(threads, "thread", "threads")] if threads else []
        if children:
            parts.append(_count(children, "child process", "child processes"))
        return f"the job left {' and '.join(parts)} running"

    def _threads_left(self) -> int:
        deadline = time.monotonic() + _THREAD_GRACE
        while _thread._count() > self._threads and time.monotonic() < deadline:
            time.sleep(0.001)
        return _thread._count() - self._threads

    def close(self) -> None:
        """Give the folder's descriptor back."""
        os.close(self._folder)


def _handlers() -> tuple[Any, Any, Any]:
    return _getsignal(_TERM), _getsignal(_INT), _getsignal(_ALARM)


def _raw_environment() -> dict[object, object]:
    # The dict behind os.environ: comparing os.environ itself decodes every name, 10 us.
    raw: dict[object, object] = getattr(os.environ, "_data", {})
    return raw


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def _children_left() -> int:
    """How many child processes are running; those that have ended are reaped."""
    try:
        while os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG) is not None:
            pass
    except ChildProcessError:
        return 0
    import psutil

    own = _resource_tracker()
    return sum(child.pid != own for child in psutil.Process().children())


def _resource_tracker() -> int | None:
    """Python's own helper process, which lives as long as the process that first needed it."""
    module = sys.modules.get("multiprocessing.resource_tracker")
    tracker = getattr(module, "_resource_tracker", None)
    pid: int | None = getattr(tracker, "_pid", None)
    return pid
