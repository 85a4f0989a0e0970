"""The process that starts, ends and watches over the workers.

It is forked from the main process when a run begins, holds the graph as it was then, never runs
anything else and stays single-threaded; so a worker is one fork away (2 ms), and shares its memory.
Where the main process can't be forked (other threads run in it), the zygote is a fresh interpreter
instead, and functions are sent.

The workers are its children, so it alone can end them without ever hitting a recycled process id.
When the main process is gone, it ends them all.
"""

from __future__ import annotations

import contextlib
import gc
import os
import select
import signal
import socket
import struct
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from weft.executors.base import RunSettings
from weft.executors.wire import Slots, receive
from weft.model.job import Job

if TYPE_CHECKING:
    import psutil


class Order(IntEnum):
    """What the main process asks for."""

    START = 0
    """A worker for a lane; its descriptors come along: connection, and sinks for its output."""
    END = 1
    """Send a signal to all processes of a lane's worker."""
    NUDGE = 2
    """Send a signal to the worker itself."""


class News(IntEnum):
    """What the zygote tells."""

    STARTED = 0
    ENDED = 1
    CANNOT_START = 2


class Notice(NamedTuple):
    """One piece of news about one lane."""

    news: News
    lane: int
    pid: int
    status: int
    """Of ``os.wait``; the error number for ``CANNOT_START``."""
    peak: int
    """Bytes of memory that the worker had at most."""


_ORDER = struct.Struct("!iii")
_NOTICE = struct.Struct("!iiiiq")
NOTICE_SIZE = _NOTICE.size

StartWorker = Callable[[int, Sequence[int]], None]


def send_order(
    control: socket.socket, order: Order, lane: int, argument: int = 0, fds: Sequence[int] = ()
) -> None:
    """Ask the zygote for something."""
    data = _ORDER.pack(order, lane, argument)
    if fds:
        socket.send_fds(control, [data], fds)
    else:
        control.sendall(data)


def parse_notice(data: bytes) -> Notice:
    """What the zygote told."""
    news, lane, pid, status, peak = _NOTICE.unpack(data)
    return Notice(News(news), lane, pid, status, peak)


class Zygote:
    """The loop of the zygote process.

    Parameters
    ----------
    control
        Connected to the main process.
    start_worker
        Serves a lane with the given descriptors; called in the new process.
    parent
        Process id of the main process.
    """

    def __init__(self, control: socket.socket, start_worker: StartWorker, parent: int) -> None:
        self._control = control
        self._start_worker = start_worker
        self._parent = parent
        self._pids: dict[int, int] = {}
        self._strays: dict[int, list[psutil.Process]] = {}
        """Descendants that left their worker's process group, by lane; known once it is ended."""
        self._woken, self._wake = os.pipe()
        os.set_blocking(self._woken, False)
        os.set_blocking(self._wake, False)

    def run(self) -> None:
        """Obey until the main process closes the connection or is gone; then end all workers."""
        self._prepare()
        try:
            while self._wait():
                pass
        finally:
            self._end_all()
            self._control.close()

    def _prepare(self) -> None:
        os.setsid()
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        for number in (signal.SIGCHLD, signal.SIGUSR1):
            signal.signal(number, _nothing)
        signal.set_wakeup_fd(self._wake, warn_on_full_buffer=False)
        die_with_parent(signal.SIGUSR1)
        adopt_orphans()
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        os.close(null)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())

    def _wait(self) -> bool:
        """Handle what happens next; False when it is time to end."""
        sources: list[socket.socket | int] = [self._control, self._woken]
        ready, _, _ = select.select(sources, [], [])
        if self._woken in ready:
            os.read(self._woken, 4096)
            # SIGUSR1 also comes when only the *thread* that forked this process has ended.
            if os.getppid() != self._parent:
                return False
            self._reap()
        return self._control not in ready or self._obey()

    def _obey(self) -> bool:
        try:
            data, fds, _, _ = socket.recv_fds(self._control, _ORDER.size, 3)
        except ConnectionError:
            return False
        if len(data) < _ORDER.size:
            return False
        order, lane, argument = _ORDER.unpack(data)
        if order == Order.START:
            self._start(lane, fds)
        elif order == Order.END:
            self._end(lane, argument)
        elif lane in self._pids:
            os.kill(self._pids[lane], argument)
        return True

    def _start(self, lane: int, fds: Sequence[int]) -> None:
        try:
            pid = os.fork()
        except OSError as error:
            self._tell(News.CANNOT_START, lane, 0, error.errno or 0, 0)
            return
        if pid == 0:
            self._become_worker(lane, fds)
        for fd in fds:
            os.close(fd)
        self._pids[lane] = pid
        self._tell(News.STARTED, lane, pid, 0, 0)

    def _become_worker(self, lane: int, fds: Sequence[int]) -> NoReturn:
        code = 70  # EX_SOFTWARE: an error of Weft's own
        try:
            zygote = os.getppid()
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGCHLD, signal.SIGUSR1):
                signal.signal(number, signal.SIG_DFL)
            # Not SIG_IGN, which the programs that jobs start would inherit.
            signal.signal(signal.SIGINT, _nothing)
            for fd in (self._woken, self._wake):
                os.close(fd)
            self._control.close()
            os.setsid()
            die_with_parent(signal.SIGKILL)
            if os.getppid() == zygote:
                self._start_worker(lane, fds)
            code = 0
        except BaseException:  # noqa: BLE001 - a bug of ours; what it says goes where output goes
            import traceback

            os.write(2, traceback.format_exc().encode())
        finally:
            os._exit(code)

    def _end(self, lane: int, number: int) -> None:
        """Send a signal to a worker, its process group, and descendants that left the group."""
        pid = self._pids.get(lane)
        if pid is None:
            return
        strays = self._strays.setdefault(lane, [])
        strays += [process for process in _descendants(pid) if process not in strays]
        _signal_group(pid, number)
        for process in strays:
            _signal_stray(process, pid, number)

    def _reap(self) -> None:
        """Bury the workers that have ended, and whatever else was adopted and has."""
        while (pid := _ended_child()) is not None:
            lane = next((lane for lane, known in self._pids.items() if known == pid), None)
            if lane is None:
                os.waitpid(pid, 0)
            else:
                self._bury(lane, pid)

    def _bury(self, lane: int, pid: int) -> None:
        """Take a dead worker's status, and end what is left of its group.

        In this order: as long as it is not reaped, its id can't be anybody else's.
        """
        _signal_group(pid, signal.SIGKILL)
        for process in self._strays.pop(lane, ()):
            _signal_stray(process, pid, signal.SIGKILL)
        _, status, usage = os.wait4(pid, 0)
        del self._pids[lane]
        scale = 1 if sys.platform == "darwin" else 1024
        self._tell(News.ENDED, lane, pid, status, usage.ru_maxrss * scale)

    def _tell(self, news: News, lane: int, pid: int, status: int, peak: int) -> None:
        try:
            self._control.sendall(_NOTICE.pack(news, lane, pid, status, peak))
        except OSError:
            return  # nobody listens any more; the next read finds out

    def _end_all(self) -> None:
        for pid in self._pids.values():
            _signal_group(pid, signal.SIGKILL)
        for lane, pid in list(self._pids.items()):
            self._bury(lane, pid)
        _end_adopted()


def _ended_child() -> int | None:
    try:
        state = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return None
    return state.si_pid if state is not None else None


def _end_adopted() -> None:
    """End what jobs left running in sessions of their own; each death may bring more orphans."""
    import psutil

    while children := psutil.Process().children():
        for child in children:
            with contextlib.suppress(psutil.Error):
                child.kill()
        for child in children:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(child.pid, 0)


def _nothing(*_signal: object) -> None:
    """A handler that lets the wake-up descriptor do the work."""


def _signal_group(pid: int, number: int) -> None:
    for send in (os.killpg, os.kill):
        try:
            send(pid, number)
        except ProcessLookupError:
            continue  # it has not become a group yet
        except PermissionError:
            return  # macOS says so of a group of zombies
        return


def _descendants(pid: int) -> list[psutil.Process]:
    import psutil

    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.Error:
        return []


def _signal_stray(process: psutil.Process, group: int, number: int) -> None:
    import psutil

    try:
        if os.getpgid(process.pid) != group:
            process.send_signal(number)
    except (psutil.Error, OSError):
        return  # it has ended


def die_with_parent(number: int) -> None:
    """Let the kernel send this process a signal when its parent ends (Linux only)."""
    if sys.platform == "linux":
        import ctypes

        set_death_signal = 1  # PR_SET_PDEATHSIG
        ctypes.CDLL(None).prctl(set_death_signal, int(number), 0, 0, 0)


def adopt_orphans() -> None:
    """Become the parent of descendants whose own parents end (Linux only): so what a job started
    in a session of its own, or as a daemon, is found at the end of the run."""
    if sys.platform == "linux":
        import ctypes

        set_child_subreaper = 36  # PR_SET_CHILD_SUBREAPER
        ctypes.CDLL(None).prctl(set_child_subreaper, 1, 0, 0, 0)


def unbuffer_c_output() -> None:
    """Let C code's ``printf`` write at once: its buffer would end up in a later job's output."""
    import ctypes

    libc = ctypes.CDLL(None)
    for name in ("stdout", "stderr", "__stdoutp", "__stderrp"):
        try:
            stream = ctypes.c_void_p.in_dll(libc, name)
        except ValueError:
            continue  # the other half of the names is that of another system
        unbuffered = 2  # _IONBF
        libc.setvbuf(stream, None, unbuffered, 0)


def worker_starter(jobs: Sequence[Job | None], settings: RunSettings, slots: Slots) -> StartWorker:
    """What a new worker process does."""
    from weft.executors.globals import Globals
    from weft.executors.native import ThreadLimit

    # Once for all workers: with NumPy and pandas loaded it takes 20 ms.
    kept = Globals()
    threads = ThreadLimit()
    threads.set(1)

    def start(lane: int, fds: Sequence[int]) -> None:
        import faulthandler

        from weft.executors.capture import Capture
        from weft.executors.serving import serve

        connection, *sinks = fds
        capture = None
        if sinks:
            out, err = sinks
            capture = Capture(settings.folder, sinks=(out, err))
            unbuffer_c_output()
        faulthandler.enable(2)
        gc.enable()
        lane_slot = slots.lane(lane)
        to_main = socket.socket(fileno=connection)
        serve(to_main, jobs, settings, lane_slot, capture, threads, kept)

    return start


@dataclass(frozen=True, slots=True)
class Setup:
    """What a fresh interpreter needs to become a zygote."""

    lanes: int
    folder: Path
    graph_token: str
    capture: bool
    argv: list[str]
    filters: bytes
    """The pickled filters of ``warnings``."""
    classes: bytes
    """The packed classes that ``__main__`` defines, by name: so that results that hold their
    instances are pickled as the main process would."""
    chance: bytes
    """The pickled random state of the script."""
    main_file: str | None
    """Where the source of ``__main__`` is, for the fingerprints of generated jobs."""


def become_zygote(control_fd: int, slots_fd: int, parent: int) -> None:
    """What a fresh interpreter is started for."""
    import pickle
    import warnings

    from weft.fingerprint.fingerprinter import Fingerprinter

    control = socket.socket(fileno=control_fd)
    setup: Setup = receive(control)
    sys.argv[:] = setup.argv
    warnings.filters[:] = pickle.loads(setup.filters)  # type: ignore[index]
    _fill_main(setup)
    settings = RunSettings(
        folder=setup.folder,
        fingerprinter=Fingerprinter(),
        graph_token=setup.graph_token,
        by_name=True,
        capture=setup.capture,
        chance=pickle.loads(setup.chance),
    )
    slots = Slots(setup.lanes, slots_fd)
    Zygote(control, worker_starter((), settings, slots), parent).run()


def _fill_main(setup: Setup) -> None:
    import pickle

    import __main__

    if setup.main_file is not None:
        __main__.__file__ = setup.main_file
    classes: dict[str, Any] = pickle.loads(setup.classes)
    for name, kind in classes.items():
        setattr(__main__, name, kind)
