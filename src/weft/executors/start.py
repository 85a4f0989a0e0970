"""How the zygote comes to be: forked from this process, or a fresh interpreter."""

from __future__ import annotations

import contextlib
import gc
import os
import pickle
import signal
import socket
import sys
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from weft.errors import WeftError
from weft.executors.base import RunSettings
from weft.executors.wire import Slots, frame
from weft.executors.zygote import Setup, Zygote, worker_starter
from weft.model.job import Job
from weft.pickling.by_value import DigestOf

END_SECONDS = 10.0
"""How long the zygote may take to end all workers; they get SIGKILL, so this is ample."""


@dataclass(slots=True)
class ZygoteProcess:
    """The zygote as the main process sees it."""

    control: socket.socket
    pid: int
    notices: bytearray = field(default_factory=bytearray)
    """What it told and was not understood yet."""

    def end(self) -> int:
        """End it and all workers, and wait for it; returns its wait status."""
        with contextlib.suppress(OSError):
            self.control.shutdown(socket.SHUT_WR)
            self.control.settimeout(END_SECONDS)
            while self.control.recv(4096):
                pass
        self.control.close()
        try:
            done, status = os.waitpid(self.pid, os.WNOHANG)
            if not done:
                done, status = self._wait()
        except ChildProcessError:  # somebody's handler of SIGCHLD was faster
            return 0
        return status

    def _wait(self) -> tuple[int, int]:
        import time

        deadline = time.monotonic() + END_SECONDS
        while time.monotonic() < deadline:
            done, status = os.waitpid(self.pid, os.WNOHANG)
            if done:
                return done, status
            time.sleep(0.001)
        os.kill(self.pid, signal.SIGKILL)
        return os.waitpid(self.pid, 0)


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """No signal handler of this process runs in the new one before that has its own."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def fork_zygote(
    jobs: Sequence[Job | None],
    settings: RunSettings,
    slots: Slots,
    not_its: Iterable[socket.socket],
) -> ZygoteProcess:
    """Fork the zygote; the caller's process must not run other Python threads.

    Parameters
    ----------
    not_its
        Connections of this process that the new one must not keep open.
    """
    _flush_output()
    parent = os.getpid()
    ours, theirs = socket.socketpair()
    with _undisturbed(), warnings.catch_warnings():
        # Python 3.12 counts native threads too, such as those of OpenBLAS, which survive a fork.
        warnings.filterwarnings("ignore", ".*multi-threaded", DeprecationWarning)
        try:
            pid = os.fork()
        except OSError as error:
            ours.close()
            theirs.close()
            raise WeftError(
                "The worker processes can't be started.",
                facts={"because": error},
                cure="End other programs, or ask for fewer workers.",
            ) from error
        if pid == 0:
            _run_zygote(ours, theirs, not_its, jobs, settings, slots, parent)
    theirs.close()
    return ZygoteProcess(ours, pid)


def _run_zygote(
    ours: socket.socket,
    theirs: socket.socket,
    not_its: Iterable[socket.socket],
    jobs: Sequence[Job | None],
    settings: RunSettings,
    slots: Slots,
    parent: int,
) -> None:
    code = 70  # EX_SOFTWARE
    try:
        ours.close()
        for connection in not_its:
            connection.close()
        # What is frozen is not visited by the collector, so its pages stay shared.
        gc.disable()
        gc.freeze()
        Zygote(theirs, worker_starter(jobs, settings, slots), parent).run()
        code = 0
    except BaseException:  # noqa: BLE001 - a bug of ours, in a process that can't raise it
        import traceback

        os.write(2, traceback.format_exc().encode())
    finally:
        os._exit(code)


def spawn_zygote(lanes: int, settings: RunSettings, slots: Slots) -> ZygoteProcess:
    """Start the zygote in a fresh interpreter with this one's path, warnings and ``__main__``."""
    import subprocess

    _flush_output()
    ours, theirs = socket.socketpair()
    code = (
        f"import sys; sys.path[:] = {[str(place) for place in sys.path]!r}; "
        "from weft.executors.zygote import become_zygote; "
        f"become_zygote({theirs.fileno()}, {slots.descriptor}, {os.getpid()})"
    )
    flags = subprocess._args_from_interpreter_flags()  # type: ignore[attr-defined]
    try:
        with _undisturbed():
            process = subprocess.Popen(
                [sys.executable, *flags, "-c", code],
                stdin=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(), slots.descriptor),
            )
    except OSError as error:
        ours.close()
        raise WeftError(
            "The worker processes can't be started.",
            facts={"because": error, "interpreter": sys.executable},
            cure='Use executor="inline".',
        ) from error
    finally:
        theirs.close()
    process.returncode = 0  # `ZygoteProcess` waits for it
    with contextlib.suppress(OSError):  # it has ended already, which the first wait finds out
        ours.sendall(frame(_setup(lanes, settings)))
    return ZygoteProcess(ours, process.pid)


def _setup(lanes: int, settings: RunSettings) -> Setup:
    main = sys.modules.get("__main__")
    return Setup(
        lanes=lanes,
        folder=settings.folder,
        graph_token=settings.graph_token,
        capture=settings.capture,
        argv=list(sys.argv),
        filters=_packed(list(warnings.filters)) or _packed([]),
        classes=_packed_classes(vars(main) if main is not None else {}, settings),
        chance=pickle.dumps(settings.chance, 5),
        main_file=getattr(main, "__file__", None),
    )


def _packed_classes(names: dict[str, object], settings: RunSettings) -> bytes:
    classes = {
        name: value
        for name, value in names.items()
        if isinstance(value, type) and value.__module__ == "__main__"
    }
    digest_of = settings.fingerprinter.code_of
    whole = _packed(classes, digest_of)
    if not whole:
        sound = {name: value for name, value in classes.items() if _packed(value)}
        whole = _packed(sound, digest_of)
    return whole


def _packed(value: object, digest_of: DigestOf | None = None) -> bytes:
    """By value; empty where that is not possible."""
    from weft.pickling.by_value import dumps

    try:
        packed = dumps(value, digest_of)
    except Exception:  # noqa: BLE001 - any class may raise anything; the caller does without
        return b""
    return packed


def _flush_output() -> None:
    """What waits in the streams' buffers would be printed once more by each new process."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            with contextlib.suppress(OSError, ValueError, AttributeError):
                stream.flush()
