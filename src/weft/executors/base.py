"""What every executor does: takes batches of tasks, gives back reports."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from weft.executors.chance import ChanceState
from weft.fingerprint.fingerprinter import Fingerprinter
from weft.graph.seeds import Seeds
from weft.model.job import Job
from weft.model.outcome import Outcome
from weft.store.live import Trail
from weft.store.objects import Input


@dataclass(slots=True)
class Task:
    """One attempt to be made.

    Not frozen: a frozen slotted dataclass costs three times as much to make, and there is one of
    these per job.
    """

    job: Job
    attempt: int
    inputs: Sequence[Input]
    """The encoded results of ``job.inputs``, in that order."""
    timeout: float | None = None
    """Seconds; what the job itself asks for, or else the run."""


@dataclass(slots=True)
class Report:
    """How a task ended."""

    task: Task
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Running:
    """A job under way, for the status line."""

    task: Task
    started: float
    """Seconds since the epoch."""
    pid: int
    rss: int | None = None
    """Bytes of its processes, where that is measured."""
    progress: str = ""
    """What the job told by ``weft.progress``."""
    number: int = 1
    """Of the lane that it runs in, from 1 on."""
    cpu: float | None = None
    """Processors that its processes kept busy lately, where that is measured."""
    trail: Trail | None = None
    """Where to read what it prints, where that goes to files of this process."""


@dataclass(frozen=True, slots=True)
class RunSettings:
    """What all attempts of one run share."""

    folder: Path
    """The context's folder: large values are written there."""
    fingerprinter: Fingerprinter
    graph_token: str
    """What marks the promises of this graph."""
    by_name: bool = False
    """Whether code comes to the workers by its names, from a process that may have other code."""
    capture: bool = True
    """Whether what jobs print is kept; otherwise it goes where this process prints."""
    seeds: Seeds = field(default_factory=Seeds)
    """Where the random numbers of each job start."""
    chance: ChanceState | None = None
    """Those of the script when the run began; None where no job asks for them."""
    isolated: bool | None = None
    """Whether jobs that don't say so themselves have each a process of their own."""
    grace: float = 2.0
    """Seconds between asking a job to end (SIGTERM) and ending it (SIGKILL)."""


class Executor(Protocol):
    """A place where attempts run.

    The caller starts it once, then submits batches to idle lanes and waits for reports, and closes
    it in the end whatever happened. All calls but ``wake`` come from one thread.
    """

    name: str
    lanes: int
    """How many batches may be under way at once."""
    apart: bool
    """Whether this process is free while jobs run, to look at the clock and the keyboard."""
    isolates: bool
    """Whether it can give an attempt a process of its own, as it was when the run began."""
    inherits: bool
    """Whether jobs see what this process has in memory; known once it was started."""

    def start(self, jobs: Sequence[Job | None], settings: RunSettings) -> None:
        """Get ready; ``jobs`` are all that are known now, by index (None: retired).

        The executor keeps the sequence, which must not change while it runs.
        """

    def renew(self, jobs: Sequence[Job | None]) -> None:
        """Let what begins from now on see what this process has in memory now.

        Parameters
        ----------
        jobs
            As for ``start``: all that are known now.
        """

    def idle(self) -> int:
        """How many lanes are free."""

    def resize(self, lanes: int) -> int:
        """Become able to run that many batches at once, at least one; returns how many it will.

        With fewer lanes what is under way is not disturbed: nothing new begins until there is room.
        """

    def submit(self, batch: Sequence[Task]) -> None:
        """Run the tasks one after the other in one idle lane."""

    def wait(self, timeout: float | None) -> list[Report]:
        """Block until there is news: a report, a task that came back, a lane that is idle again.

        Also ``wake`` and the end of the time end it.

        Parameters
        ----------
        timeout
            Seconds; None waits as long as it takes.

        Raises
        ------
        WeftError
            When no more tasks can be run here at all.
        """

    def take_back(self) -> list[Task]:
        """Tasks that were submitted but never began; to be asked after each ``wait``."""

    def running(self) -> list[Running]:
        """The jobs under way now."""

    def wake(self) -> None:
        """Make ``wait`` return; may be called from signal handlers and other threads."""

    def cancel(self, job_ids: Collection[str] | None, *, now: bool = False) -> None:
        """End these jobs (None: all); they are reported as cancelled.

        A job's process group gets SIGTERM, and SIGKILL when the grace is over or ``now`` is true.
        Tasks that have not begun come back through ``take_back``.
        """

    def close(self) -> None:
        """End all that was started and wait for it; may be called at any time and again."""
