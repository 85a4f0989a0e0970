"""A process for one attempt: forked from a worker that has run no job itself (rule 28).

Measured on two busy cores: 4 to 5 ms of processor time for a job that writes a few bytes, most of
it for the 600 pages that the child is the first to write to; `make` took 1 ms for a shell. The
child leaves what became of it in a file that both have open, which can't block, whatever the size,
and needs no descriptor of the job's.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found] # without the enums of `signal`: 0.2 ms in a child
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from weft.executors.capture import open_sink
from weft.executors.wire import HEAD, Item, frame, unframe

_mask = _signal.pthread_sigmask
_BLOCK, _SETMASK = int(signal.SIG_BLOCK), int(signal.SIG_SETMASK)
_ASKED = {int(signal.SIGTERM)}

Told = tuple[Item, bool]
"""What became of an attempt, and whether it left something running."""


class Nursery:
    """Forks a process for each attempt.

    Parameters
    ----------
    folder
        Where the unnamed file is, in which they tell what became of them.
    """

    def __init__(self, folder: Path) -> None:
        self._file = open_sink(folder)
        self.pid = 0
        """Of the newest process."""

    def run(self, attempt: Callable[[], Told]) -> Told | int:
        """Make an attempt in a process of its own, and wait for it.

        Returns
        -------
        Told or int
            How the process ended (its wait status) where it did not tell what became of it.

        Raises
        ------
        OSError
            When no process can be started.
        """
        # Who asks a job to end asks its whole process group; this process has to outlive the job.
        before = _mask(_BLOCK, _ASKED)
        try:
            self.pid = os.fork()
            if self.pid == 0:
                self._live(attempt, before)
            _, status = os.waitpid(self.pid, 0)
            return self._read() or status
        finally:
            _mask(_SETMASK, before)

    def _live(self, attempt: Callable[[], Told], mask: set[int]) -> NoReturn:
        code = 70  # EX_SOFTWARE: an error of Weft's own
        try:
            _mask(_SETMASK, mask)
            data = frame(attempt())
            while data:
                data = data[os.write(self._file, data) :]
            code = 0
        except BaseException:  # noqa: BLE001 - a bug of ours; what it says goes where output goes
            import traceback

            os.write(2, traceback.format_exc().encode())
        finally:
            os._exit(code)

    def _read(self) -> Told | None:
        size = os.lseek(self._file, 0, os.SEEK_END)
        if size < HEAD:
            return None
        data = bytearray(os.pread(self._file, size, 0))
        os.truncate(self._file, 0)
        told: list[Told] = unframe(data)
        return told[0] if told else None  # killed while it wrote


def end_like(status: int) -> NoReturn:
    """End this process as another one ended: whoever waits for it takes it for that one."""
    import faulthandler
    import resource

    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        faulthandler.disable()
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if number not in {signal.SIGKILL, signal.SIGSTOP}:
            signal.signal(number, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {number})
        os.kill(os.getpid(), number)
    os._exit(os.waitstatus_to_exitcode(status) & 0xFF)
