"""The main process's side of one worker."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from weft.executors.base import Report, Running, Task
from weft.executors.capture import read_sink
from weft.executors.failure import without_own_frames
from weft.executors.memory import usage_of
from weft.executors.serving import DESCRIPTORS_CLOSED
from weft.executors.start import ZygoteProcess
from weft.executors.wire import Item, Mark, Slot, unframe
from weft.executors.worker import outcome_of
from weft.executors.zygote import Notice
from weft.model.outcome import Outcome
from weft.model.states import AttemptState
from weft.store.live import Trail

RECALL_SECONDS = 0.05
"""A batch is taken back from a lane that has worked on it for longer, when another one is idle."""
CHUNK = 256 * 1024
"""Bytes to read at once."""


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a worker was killed, where its status does not tell."""

    state: AttemptState
    note: str


@dataclass(slots=True)
class Doom:
    """A running job that is being ended, and why."""

    state: AttemptState
    note: str | None
    kill_at: float
    """Monotonic seconds at which asking is over."""
    killed: bool = False


@dataclass(slots=True, eq=False)
class Lane:
    """One worker, and the batch that it is running.

    A worker that ends is replaced in the same lane.
    """

    number: int
    slot: Slot
    connection: socket.socket | None = None
    sinks: tuple[int, ...] = ()
    """Descriptors of the files that hold what the running job printed."""
    pid: int = 0
    zygote: ZygoteProcess | None = None
    """Whose child the worker is."""
    batch: list[Task] = field(default_factory=list)
    reported: int = 0
    """How many of the batch's tasks have been reported."""
    submitted: float = 0.0
    """Monotonic seconds."""
    busy: bool = False
    """Whether the worker has a batch; so even when all of it was taken back, until it says so."""
    over: bool = False
    """Whether the worker has said that it does no more of the batch."""
    limit: int | None = None
    """Place from which on the batch is being taken back."""
    recall_at: float = 0.0
    """Monotonic seconds at which the next step of taking back is due."""
    doom: Doom | None = None
    used: bool = False
    """Whether the worker has run jobs in its own process."""
    retired: bool = False
    """Whether the worker is ending; a doomed one is never used again either, whatever it does."""
    hung_up: bool = False
    """Whether the worker has closed its end."""
    watched: bool = False
    """Whether the batch has a job with a timeout or declared memory."""
    rss: int | None = None
    cpu: float | None = None
    """Processors that the worker kept busy between the last two measurements."""
    measured: tuple[float, float] | None = None
    """When its processor time was measured last (monotonic), and how much it was; seconds."""
    known_functions: set[int] = field(default_factory=set)
    """Numbers of the functions that this worker has got."""
    early_deaths: int = 0
    """How often in a row a worker died before it did anything."""
    _inbox: bytearray = field(default_factory=bytearray)
    outbox: bytes = b""

    @property
    def idle(self) -> bool:
        """Whether a batch can be submitted."""
        return not (self.busy or self.retired or self.doom)

    @property
    def current(self) -> Task | None:
        """The task that is running, as far as the shared slot tells."""
        place = self.slot.place
        if self.batch and self.reported <= place < len(self.batch):
            return self.batch[place]
        return None

    def begin(self, batch: Sequence[Task], message: bytes) -> None:
        """Send a batch."""
        self.batch = list(batch)
        self.watched = any(
            task.timeout is not None or task.job.command.options.memory_limit is not None
            for task in batch
        )
        self.reported = 0
        self.limit = None
        self.busy = True
        self.over = False
        self.submitted = time.monotonic()
        self.recall_at = self.submitted + RECALL_SECONDS
        self.slot.prepare(len(batch))
        self.outbox = message
        self.send()

    def limits(self, now: float, next_memory: float) -> list[float]:
        """When the limits of the job that is running, or about to begin, must be looked at.

        Parameters
        ----------
        now, next_memory
            Monotonic seconds: now, and when memory is looked at next.
        """
        task = self.current
        began = self.slot.started if task is not None else now
        waiting = self.batch[self.reported :]
        if task is None and waiting:
            task = waiting[0]
        if task is None:
            return []
        moments = [] if task.timeout is None else [began + task.timeout]
        if task.job.command.options.memory_limit is not None:
            moments.append(next_memory)
        return moments

    def send(self) -> None:
        """Pass on what the connection takes now; a dead worker is found out by the zygote."""
        assert self.connection is not None
        try:
            while self.outbox:
                self.outbox = self.outbox[self.connection.send(self.outbox) :]
        except BlockingIOError:
            return
        except OSError:
            self.outbox = b""

    def receive(self) -> list[Report]:
        """The reports that have come; after a `Mark` the batch is over (see ``leftover``)."""
        self._read()
        reports: list[Report] = []
        for items in unframe(self._inbox):
            self._take(items, reports)
        return reports

    def _read(self) -> None:
        assert self.connection is not None
        try:
            while data := self.connection.recv(CHUNK):
                self._inbox += data
                if len(data) < CHUNK:
                    return
        except BlockingIOError:
            return
        except OSError:
            pass
        self.hung_up = True

    def _take(self, items: list[Item], reports: list[Report]) -> None:
        batch, pid, place = self.batch, self.pid, self.reported
        for item in items:
            if type(item) is tuple:
                reports.append(Report(batch[place], outcome_of(item, pid)))
                place += 1
            elif isinstance(item, Outcome):
                self._blame_doom(item)
                reports.append(Report(batch[place], item))
                place += 1
            else:
                self.retired = item is Mark.RETIRED
                self.over = True
        self.reported = place

    def _blame_doom(self, outcome: Outcome) -> None:
        """A job that raises when it is asked to end has not failed by itself."""
        if self.doom is not None and outcome.state.failed:
            outcome.state, outcome.note = self.doom.state, self.doom.note
            outcome.error = None

    def leftover(self) -> list[Task]:
        """End the batch; returns the tasks of it that were not reported."""
        left = self.batch[self.reported :]
        self.batch = []
        self.busy = self.over = False
        self.rss = self.cpu = None
        self.watched = False
        return left

    # -- taking back what has not begun --------------------------------------------------------

    @property
    def holds_more(self) -> bool:
        """Whether the batch has tasks after the one that is running, or results not yet sent."""
        unseen = len(self.batch) - self.reported
        return unseen > 1 and self.doom is None

    def ask_back(self) -> None:
        """Let the worker stop after the job that it is running."""
        self.limit = self.slot.place + 1
        self.slot.limit(self.limit)

    def take_back(self) -> list[Task]:
        """Tasks that the worker can't begin any more, some time (a millisecond) after ``ask_back``.

        The worker writes its place, then reads the limit. So if the place is still below the limit
        when the limit has been there for long, the worker will see the limit.
        """
        if self.limit is None or self.slot.place >= self.limit:
            return []
        back = self.batch[self.limit :]
        del self.batch[self.limit :]
        return back

    # -- the end of a worker -------------------------------------------------------------------

    def bury(self, notice: Notice, cause: Cause | None) -> Report | None:
        """The report of the job that a worker's end has ended, if there was one.

        Parameters
        ----------
        cause
            What is known besides the status.
        """
        task = self.current
        if task is None or self.retired:
            self.early_deaths += self.slot.place < 0 and not self.retired and not self.doom
            return None
        self.early_deaths = 0
        began = max(self.slot.started, self.submitted)
        duration = max(0.0, time.monotonic() - began)
        outcome = Outcome(AttemptState.DIED, time.time() - duration, duration, pid=self.pid)
        self._explain(outcome, notice, cause)
        outcome.max_rss = notice.peak
        if self.sinks:
            outcome.stdout, outcome.stderr = (read_sink(sink) for sink in self.sinks)
            if outcome.stderr is not None and outcome.signal is not None:
                outcome.stderr = without_own_frames(outcome.stderr)
        return Report(task, outcome)

    def _explain(self, outcome: Outcome, notice: Notice, cause: Cause | None) -> None:
        if os.WIFSIGNALED(notice.status):
            outcome.signal = os.WTERMSIG(notice.status)
        else:
            outcome.exit_code = os.waitstatus_to_exitcode(notice.status)
        if self.doom is not None:
            outcome.state, outcome.note = self.doom.state, self.doom.note
        elif cause is not None and outcome.signal == signal.SIGKILL:
            outcome.state, outcome.note = cause.state, cause.note
        elif outcome.exit_code is not None and self.slot.said() == DESCRIPTORS_CLOSED:
            outcome.exit_code, outcome.note = None, DESCRIPTORS_CLOSED

    def snapshot(self, trail: Trail | None = None) -> Running | None:
        """What is running, for people; ``trail`` is what was there just before."""
        task = self.current
        if task is None:
            return None
        started = time.time() - (time.monotonic() - self.slot.started)
        return Running(
            task,
            started,
            self.pid,
            self.rss,
            self.slot.said(),
            self.number + 1,
            self.cpu,
            trail,
        )

    def measure(self, now: float) -> None:
        """Find out what the worker, with what it started, uses; ``now`` by the monotonic clock."""
        usage = usage_of(self.pid) if self.busy and self.pid else None
        if usage is None:
            self.measured = None
            return
        self.rss = usage.rss
        if self.measured is not None:
            before, cpu = self.measured
            self.cpu = max(0.0, usage.cpu - cpu) / max(now - before, 1e-3)
        self.measured = now, usage.cpu

    def disconnect(self) -> None:
        """Give the descriptors back."""
        if self.connection is not None:
            self.connection.close()
            self.connection = None
        for sink in self.sinks:
            os.close(sink)
        self.sinks = ()
        self._inbox.clear()
        self.outbox = b""
        self.known_functions.clear()
        self.doom = None
        self.hung_up = self.retired = self.used = False
        self.pid = 0
        self.measured = None
