"""What runs now, for other processes: one small file beside the database while a run goes on.

It is no part of what is remembered: it is replaced twice a second without waiting for the disk, may
be missing, and is believed only as long as the process that wrote it has the lease.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from weft.store.lease import Holder, Lease, Place, Verdict, judge, process_start

NAME = "live.json"


@dataclass(frozen=True, slots=True)
class Trail:
    """Where another process of this machine can read what a running job prints.

    All are descriptors of the process that makes. A lane's files serve one job after the other; the
    reader knows that they are still those of this job as long as its number stands in the memory.
    """

    sinks: tuple[int, ...]
    """Of the files that hold what was printed to stdout and stderr so far."""
    memory: int
    """Of memory that the lanes share."""
    place: int
    """Where in it, in bytes, the number of type double stands."""
    number: float


@dataclass(frozen=True, slots=True)
class LiveJob:
    """A job under way."""

    id: str
    function: str
    attempt: int
    """Its number."""
    number: int
    """Of the worker that runs it, from 1 on."""
    pid: int
    """Of the worker; 0 where it is not known."""
    started: float
    """Seconds since the epoch."""
    rss: int | None
    """Bytes of its processes."""
    cpu: float | None
    """Processors that its processes kept busy lately."""
    progress: str
    """What it told by ``weft.progress``."""
    trail: Trail | None = None


@dataclass(frozen=True, slots=True)
class Live:
    """A run under way."""

    run: int | None
    """Its number in the store."""
    pid: int
    """Of the process that makes."""
    began: float
    """Seconds since the epoch."""
    workers: int
    """Jobs that may run at the same time."""
    paused: bool
    done: int
    failed: int
    blocked: int
    cancelled: int
    waiting: int
    """Jobs that have not begun."""
    total: int
    left: float | None
    """Seconds that the rest will take; None when nobody can know."""
    jobs: tuple[LiveJob, ...]
    host: str = ""
    near: bool = False
    """Whether the reader can look into the process that makes: both are in one place."""

    @property
    def attempts(self) -> dict[str, int]:
        """The number of the attempt that is under way, by job id."""
        return {job.id: job.attempt for job in self.jobs}


class LiveFile:
    """The file, for the process that makes.

    Parameters
    ----------
    folder
        Of the context, whose lease this process has.
    """

    def __init__(self, folder: Path) -> None:
        self._path = Path(folder) / NAME
        self._pid = os.getpid()

    def __repr__(self) -> str:
        return f"LiveFile({str(self._path)!r})"

    def write(self, live: Live) -> None:
        """Replace what others see; where that is not possible (a full disk) they see nothing."""
        import json

        draft = self._path.with_name(f"{NAME}.new")  # one process writes, so one name is enough
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
        try:
            with os.fdopen(os.open(draft, flags, 0o600), "w") as file:
                json.dump(asdict(live), file)
            draft.replace(self._path)
        except OSError:
            for path in (draft, self._path):
                with suppress(OSError):
                    path.unlink(missing_ok=True)

    def remove(self) -> None:
        """The run is over; does nothing in a forked child."""
        if os.getpid() == self._pid:
            with suppress(OSError):
                self._path.unlink(missing_ok=True)


def read(folder: Path) -> Live | None:
    """The run that is under way in a folder; None when there is none.

    What a process left behind that was killed is not believed, whoever has the lease now.
    """
    try:
        text = (Path(folder) / NAME).read_bytes()
    except OSError:
        return None
    holder = Lease(folder).holder()
    live = _parsed(text)
    if holder is None or live is None or not _is_of(live, holder):
        return None
    here = Place.here()
    if judge(holder, here, time.time(), process_start) is not Verdict.ALIVE:
        return None
    place = holder.place
    near = (place.boot, place.space, place.host) == (here.boot, here.space, here.host)
    return replace(live, host=holder.host, near=near)


def running_attempts(folder: Path) -> Mapping[str, int]:
    """The jobs that another process, or this one, runs now: id to number of the attempt."""
    live = read(folder)
    return {} if live is None else live.attempts


def _is_of(live: Live, holder: Holder) -> bool:
    """Whether the holder of the lease wrote it, and not one before with the same number."""
    return live.pid == holder.pid and live.began >= holder.since


def _parsed(text: bytes) -> Live | None:
    import json

    try:
        facts = json.loads(text)
        jobs = tuple(LiveJob(**{**job, "trail": _trail(job["trail"])}) for job in facts["jobs"])
        return Live(**{**facts, "jobs": jobs})
    except (ValueError, TypeError, KeyError):
        return None  # of another version, or torn


def _trail(facts: Mapping[str, Any] | None) -> Trail | None:
    return Trail(**{**facts, "sinks": tuple(facts["sinks"])}) if facts is not None else None
