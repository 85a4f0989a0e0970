"""What a worker process does all its life: it takes batches, and sends what became of them."""

from __future__ import annotations

import _signal  # type: ignore[import-not-found] # see `weft.executors.alone`
import errno
import gc
import os
import signal
import socket
import time
from collections.abc import Sequence
from typing import NoReturn

from weft.executors.alone import Nursery, Told, end_like
from weft.executors.base import RunSettings
from weft.executors.capture import Capture
from weft.executors.chance import Chance
from weft.executors.failure import error_text, plain_report
from weft.executors.globals import Globals
from weft.executors.inside import JOB_OF, only_job_here
from weft.executors.native import ThreadLimit, cores_of
from weft.executors.surroundings import Surroundings
from weft.executors.wire import Entry, Item, Mark, Parcel, Slot, frame, job_of, receive
from weft.executors.worker import Worker, outcome_of
from weft.graph.seeds import Seed, Seeds
from weft.model.job import Job
from weft.model.outcome import Outcome
from weft.model.states import AttemptState
from weft.store.objects import Input

FLUSH_SECONDS = 0.001
"""Results wait at most this long for each other, if the next job is about to begin."""
NUDGE = signal.SIGURG
"""Makes a worker send the results that it holds; ignored by default, and hardly used by anybody."""

DESCRIPTORS_CLOSED = "the job closed file descriptors that were not its own (os.closerange?)"
"""What a worker shows before it ends because of that."""
_set_handler = _signal.signal
_NUDGED, _DEFAULT = int(NUDGE), int(signal.SIG_DFL)
_NOT_OURS = {errno.EBADF, errno.ENOTSOCK, errno.ENOTDIR}
"""Errors of a descriptor that somebody else has closed, and maybe opened for something else."""


class _Outbox:
    """Items on their way to the main process."""

    def __init__(self, connection: socket.socket) -> None:
        self.items: list[Item] = []
        self._connection = connection
        self._sending = False

    def flush(self, *_signal: object) -> None:
        """Send all; also called by a signal, in the middle of a job or of another flush."""
        if self._sending or not self.items:
            return
        self._sending = True
        items = self.items[:]
        self._connection.sendall(frame(items))
        # In place: the caller whom the signal interrupted may be about to append to this very list.
        del self.items[: len(items)]
        self._sending = False


def serve(
    connection: socket.socket,
    jobs: Sequence[Job | None],
    settings: RunSettings,
    slot: Slot,
    capture: Capture | None,
    threads: ThreadLimit,
    kept: Globals,
) -> None:
    """Run the batches that come, until the other side closes or a job leaves something behind."""
    os.environ[JOB_OF] = os.fsdecode(settings.folder.resolve())
    surroundings = Surroundings(own=True, kept=kept)
    chance = Chance(own=True, script=settings.chance)
    worker = Worker(settings, capture, surroundings, chance, say=slot.say)
    only_job_here(worker.inside)
    _Server(connection, jobs, settings, slot, worker, surroundings, threads).run()


class _Server:
    """The loop of a worker process; see ``serve``."""

    def __init__(
        self,
        connection: socket.socket,
        jobs: Sequence[Job | None],
        settings: RunSettings,
        slot: Slot,
        worker: Worker,
        surroundings: Surroundings,
        threads: ThreadLimit,
    ) -> None:
        self._connection = connection
        self._jobs = jobs
        self._settings = settings
        self._slot = slot
        self._worker = worker
        self._surroundings = surroundings
        self._threads = threads
        self._outbox = _Outbox(connection)
        self._nursery: Nursery | None = None
        self._used = False
        """Whether jobs have run in this process itself: then it is no origin for isolated ones."""

    def run(self) -> None:
        """Serve."""
        surroundings, outbox = self._surroundings, self._outbox
        signal.signal(NUDGE, outbox.flush)
        while not surroundings.retire:
            try:
                alone, batch = receive(self._connection)
            except (EOFError, ConnectionError):
                return
            try:
                self._run_batch(batch, alone=alone)
                outbox.items.append(Mark.RETIRED if surroundings.retire else Mark.IDLE)
                outbox.flush()
            except OSError as error:
                if error.errno in _NOT_OURS:
                    _end_deaf(self._slot)
                raise

    def _run_batch(self, batch: Sequence[Entry], *, alone: bool) -> None:
        if alone and self._used:
            self._surroundings.retire = True  # the batch goes back, and to the next worker
            return
        self._used = not alone
        _learn(batch, self._worker)
        numbers, surroundings, outbox = self._slot.numbers, self._surroundings, self._outbox
        run = self._run_alone if alone else self._run_here
        flushed = time.monotonic()
        for place, entry in enumerate(batch):
            now = time.monotonic()
            if now - flushed > FLUSH_SECONDS:
                outbox.flush()
                flushed = now
            numbers[1] = now
            numbers[0] = place
            if place >= numbers[2] or surroundings.retire:
                numbers[0] = -1
                return
            job, inputs, seed = _opened(entry, self._jobs, self._settings.seeds)
            if self._threads.set(cores_of(job.command.options.cores)):
                surroundings.keep_environment()
            outbox.items.append(run(job, inputs, now, seed))

    def _run_here(self, job: Job, inputs: Sequence[Input], now: float, seed: Seed) -> Item:
        item = self._worker.attempt(job, inputs, now, seed)
        if (job.extra or job.inputs) and job.reads_memory:
            # It may have changed the data: the next one gets them as they were loaded.
            self._surroundings.retire = True
        return item

    def _run_alone(self, job: Job, inputs: Sequence[Input], now: float, seed: Seed) -> Item:
        if self._nursery is None:
            import blake3  # noqa: F401 - else each child would, to hash files: 3 ms

            self._nursery = Nursery(self._settings.folder)
            gc.freeze()

        def attempt() -> Told:
            _set_handler(_NUDGED, _DEFAULT)
            self._worker.move_here()
            try:
                item = self._worker.attempt(job, inputs, time.monotonic(), seed)
            except OSError as error:
                if error.errno in _NOT_OURS:
                    _end_deaf(self._slot)
                raise
            return item, self._surroundings.retire

        try:
            told = self._nursery.run(attempt)
        except OSError as error:
            report = plain_report(OSError, f"no process can be started for it: {error_text(error)}")
            return Outcome(AttemptState.FAILED, now, 0.0, pid=os.getpid(), error=report)
        if isinstance(told, int):
            self._outbox.flush()
            end_like(told)
        item, self._surroundings.retire = told
        return outcome_of(item, self._nursery.pid) if type(item) is tuple else item


def _end_deaf(slot: Slot) -> NoReturn:
    """End without the descriptors that were to tell why; the shared memory is still there."""
    slot.say(DESCRIPTORS_CLOSED)
    os._exit(70)  # EX_SOFTWARE


def _learn(batch: Sequence[Entry], worker: Worker) -> None:
    """Take in the functions that come with a batch: all, although part of it may be taken back."""
    for entry in batch:
        if not isinstance(entry, int):
            what = entry[0]
            if isinstance(what, Parcel) and what.function_packed and what.function is not None:
                worker.learn(what.function, what.function_packed)


def _opened(
    entry: Entry, jobs: Sequence[Job | None], seeds: Seeds
) -> tuple[Job, Sequence[Input], Seed]:
    if isinstance(entry, int):
        job = _known(jobs, entry)
        return job, (), seeds.of(job)
    what, inputs, seed = entry
    if isinstance(what, int):
        return _known(jobs, what), inputs, seed
    return job_of(what), inputs, seed


def _known(jobs: Sequence[Job | None], index: int) -> Job:
    job = jobs[index]
    assert job is not None
    return job
