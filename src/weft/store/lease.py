"""One writer per context: who it is stands in a small file, and a dead one is found out.

No lock is held while jobs run, so nothing that outlives the writer (a forked worker, a job that
went to the background) can keep the context closed. The file is read and replaced under a short
``flock`` of another file beside it.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from weft.errors import LeaseHeld
from weft.store.trouble import disk_trouble

EXPIRES = 60.0
"""Seconds without a heartbeat after which the holder on another host may be taken for dead."""
BEAT = 5.0
"""Seconds between two heartbeats."""
_THREADS: dict[str, int] = {}
"""Threads of this process that make a context, by the token of their lease."""
_SHORTEST_WAIT, _LONGEST_WAIT = 0.02, 0.5


@dataclass(frozen=True, slots=True)
class Place:
    """Where a process can be looked up by its number."""

    host: str
    machine: str
    """Of the installation, the same after a reboot; empty where unknown."""
    boot: str
    """Changes with each boot; empty where unknown."""
    space: str
    """Of process numbers (containers have their own); empty where unknown."""

    @classmethod
    def here(cls) -> Place:
        """That of this process."""
        return cls(
            host=os.uname().nodename,
            machine=_text("/etc/machine-id"),
            boot=_text("/proc/sys/kernel/random/boot_id"),
            space=_link("/proc/self/ns/pid"),
        )


@dataclass(frozen=True, slots=True)
class Holder:
    """The process that makes a context."""

    place: Place
    pid: int
    start: str
    """When the process started, in the system's own notation: pids are used again."""
    since: float
    """Seconds since the epoch."""
    heartbeat: float
    """Seconds since the epoch."""
    token: str

    @property
    def host(self) -> str:
        """Name of the machine."""
        return self.place.host

    def __str__(self) -> str:
        since = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(self.since))
        return f"process {self.pid} on {self.host}, since {since}"


class Verdict(Enum):
    """What can be said about a holder."""

    ALIVE = "alive"
    DEAD = "dead"
    SILENT = "silent"
    """On a place that can't be looked into, without a heartbeat for long."""


def judge(holder: Holder, here: Place, now: float, started: Callable[[int], str | None]) -> Verdict:
    """Whether a holder still lives.

    Parameters
    ----------
    now
        Seconds since the epoch.
    started
        Process number to when that process started; None when there is none.
    """
    there = holder.place
    expired = now - holder.heartbeat > EXPIRES
    if (there.boot, there.space) == (here.boot, here.space) and (here.boot or _same(there, here)):
        return Verdict.ALIVE if started(holder.pid) == holder.start else Verdict.DEAD
    if _same(there, here) and there.boot != here.boot and expired:
        return Verdict.DEAD  # this machine, before it was booted again
    return Verdict.SILENT if expired else Verdict.ALIVE


def _same(there: Place, here: Place) -> bool:
    return (there.host, there.machine) == (here.host, here.machine)


class Lease:
    """The right to write to one context's folder.

    Examples
    --------
    >>> import tempfile
    >>> lease = Lease(Path(tempfile.mkdtemp()))
    >>> lease.acquire(wait=False)
    >>> lease.holder().pid == os.getpid()
    True
    >>> lease.release()
    >>> lease.holder() is None
    True
    """

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)
        self._path = self.folder / "lease.json"
        self._guard_path = self.folder / "lease.lock"
        self._ours: Holder | None = None

    def __repr__(self) -> str:
        return f"Lease({str(self.folder)!r}, {'held' if self._ours else 'not held'})"

    def acquire(
        self,
        *,
        wait: bool,
        take_over: bool = False,
        say: Callable[[str], None] = lambda _text: None,
    ) -> None:
        """Become the writer; the folder is made if there is none.

        Parameters
        ----------
        wait
            Whether to wait for another process to end its run; else it is an error.
        take_over
            Whether to take the lease of a process on another host that has given no sign of life
            for a minute. A dead process of this host needs no such word.
        say
            Called once, with who is waited for.

        Raises
        ------
        LeaseHeld
            When another process has it, and waiting is not wanted or has no end.
        StoreError
            When the folder can't be written to.
        """
        pause, said = _SHORTEST_WAIT, False
        while True:
            holder, verdict = self._try(take_over=take_over)
            if holder is None:
                return
            mine = _THREADS.get(holder.token) == threading.get_ident()
            if not wait or mine or verdict is Verdict.SILENT:
                raise _held(self.folder, holder, verdict, mine=mine)
            if not said:
                say(f"Waiting for {_who(holder)}: it is making {self.folder} too.")
                said = True
            time.sleep(pause)
            pause = min(2 * pause, _LONGEST_WAIT)

    def _try(self, *, take_over: bool) -> tuple[Holder | None, Verdict]:
        """Take the lease if it is free; else who has it."""
        here, now = Place.here(), time.time()
        with self._guard():
            holder = self.holder()
            if holder is not None:
                verdict = judge(holder, here, now, process_start)
                if verdict is Verdict.ALIVE or (verdict is Verdict.SILENT and not take_over):
                    return holder, verdict
            start = process_start(os.getpid()) or ""
            ours = Holder(here, os.getpid(), start, now, now, os.urandom(8).hex())
            self._write(ours)
            self._ours = ours
            _THREADS[ours.token] = threading.get_ident()
        return None, Verdict.DEAD

    def beat(self) -> None:
        """Give a sign of life, at most every 5 s; for processes on other hosts.

        Raises
        ------
        LeaseHeld
            When another process took over meanwhile: this one must not write any more.
        """
        ours, now = self._ours, time.time()
        if ours is None or ours.pid != os.getpid() or abs(now - ours.heartbeat) < BEAT:
            return
        with self._guard():
            holder = self.holder()
            if holder is not None and holder.token != ours.token:
                self._ours = None
                raise _held(self.folder, holder, Verdict.ALIVE, mine=False)
            self._ours = Holder(ours.place, ours.pid, ours.start, ours.since, now, ours.token)
            self._write(self._ours)

    def release(self) -> None:
        """Give the lease back; harmless when it is not ours, or in a forked child."""
        ours, self._ours = self._ours, None
        if ours is not None:
            _THREADS.pop(ours.token, None)
        if ours is None or ours.pid != os.getpid():
            return
        with self._guard():
            holder = self.holder()
            if holder is not None and holder.token == ours.token:
                self._path.unlink()

    def holder(self) -> Holder | None:
        """Who has the lease, dead or alive; None when it is free."""
        import json

        try:
            facts = json.loads(self._path.read_bytes())
            return Holder(**{**facts, "place": Place(**facts["place"])})
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (ValueError, TypeError, KeyError):
            return None  # torn by a power cut: whoever wrote it is not there any more

    def _write(self, holder: Holder) -> None:
        import json
        from dataclasses import asdict

        draft = self._path.with_name(f"lease.json.{os.getpid()}")
        try:
            draft.write_text(json.dumps(asdict(holder)))
            draft.replace(self._path)
        except OSError as error:
            with suppress(OSError):
                draft.unlink()
            raise disk_trouble(error, self.folder) from error

    @contextmanager
    def _guard(self) -> Iterator[None]:
        import fcntl

        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
            descriptor = os.open(self._guard_path, flags, 0o600)
        except OSError as error:
            raise disk_trouble(error, self.folder) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


def process_start(pid: int) -> str | None:
    """When a process of this machine started; None when there is none, or only its remains.

    Read from ``/proc`` where there is one: importing psutil costs more than a run with nothing to
    do may take.
    """
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None if Path("/proc/self/stat").exists() else _psutil_start(pid)
    state, *fields = text[text.rindex(")") + 2 :].split()
    return None if state in {"Z", "X"} else fields[18]


def _psutil_start(pid: int) -> str | None:
    import psutil

    try:
        process = psutil.Process(pid)
        dead = process.status() == psutil.STATUS_ZOMBIE
        return None if dead else str(process.create_time())
    except psutil.NoSuchProcess:
        return None


def _who(holder: Holder) -> str:
    return "another thread of this program" if holder.token in _THREADS else str(holder)


def _held(folder: Path, holder: Holder, verdict: Verdict, *, mine: bool) -> LeaseHeld:
    facts = {"folder": folder, "held by": holder}
    if mine:
        cure = "Do one after the other, or in another thread, which waits."
        return LeaseHeld("This thread is making this context already.", facts=facts, cure=cure)
    if verdict is Verdict.SILENT:
        return LeaseHeld(
            "Another host was making this context, and has given no sign of life since.",
            facts=facts,
            cure="If that process is gone, run make take_over=1.",
        )
    cure = "Wait until it ends, or choose another folder."
    return LeaseHeld("Another process is making this context.", facts=facts, cure=cure)


def _text(path: str) -> str:
    try:
        return Path(path).read_text().strip()
    except OSError:
        return ""


def _link(path: str) -> str:
    try:
        return str(Path(path).readlink())
    except OSError:
        return ""
