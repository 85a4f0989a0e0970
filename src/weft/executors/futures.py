"""Any ``concurrent.futures`` executor as a place where attempts run."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Collection, Sequence
from concurrent.futures import BrokenExecutor, CancelledError, Future
from concurrent.futures import Executor as FuturesExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from weft.errors import SerializationError, UserError, WeftError
from weft.executors.base import Report, Running, RunSettings, Task
from weft.executors.failure import error_text, plain_report
from weft.executors.marks import Mark, mark_path, take_mark
from weft.executors.parcels import packed_call, refusal
from weft.executors.wire import Parcel, job_of
from weft.graph.seeds import Seed
from weft.graph.spec import spec_of
from weft.model.job import Job
from weft.model.outcome import Outcome
from weft.model.resources import LARGEST_SEED
from weft.model.states import AttemptState
from weft.store.lease import Place
from weft.store.objects import Input

if TYPE_CHECKING:
    from weft.executors.chance import ChanceState
    from weft.executors.worker import Worker


@dataclass(frozen=True, slots=True)
class _Batch:
    """What was submitted as one call."""

    tasks: list[Task]
    submitted: float
    """Seconds since the epoch."""
    mark: Path
    """Where its worker says how far it is."""


class Futures:
    """Passes tasks to an executor of ``concurrent.futures``: threads, processes, loky, Dask, MPI.

    Calls travel by value, so that workers need neither this script nor this graph; they must see
    the context's folder under the same path. A job's timeout and declared memory are not enforced
    here, and a job that runs can't be ended, only given up. What jobs print is kept where each has
    a process for itself. The executor is the caller's: it is not shut down in the end.

    Parameters
    ----------
    executor
        Where the calls go.
    lanes
        How many batches may be under way; by default as many as the executor has workers, or
        twice as many as there are processors.
    """

    name = "futures"
    apart = True
    isolates = False
    inherits = False

    def __init__(self, executor: FuturesExecutor, lanes: int | None = None) -> None:
        if not isinstance(executor, FuturesExecutor):
            raise UserError(
                f"{executor!r} is no executor.", cure="Pass a concurrent.futures.Executor."
            )
        workers = getattr(executor, "_max_workers", None)
        self.lanes = self._most = lanes or workers or 2 * (os.cpu_count() or 1)
        self._executor = executor
        self._settings: RunSettings | None = None
        self._ended: SimpleQueue[Future[list[Outcome]] | None] = SimpleQueue()
        self._batches: dict[Future[list[Outcome]], _Batch] = {}
        self._reports: list[Report] = []
        self._returned: list[Task] = []
        self._cancelled: set[Future[list[Outcome]]] = set()
        """Those that were cancelled from here: their tasks never began, and come back."""
        self._broken: BrokenExecutor | None = None
        self._suspects: list[Task] = []
        """What was under way when the executor broke."""

    def __repr__(self) -> str:
        return f"Futures({self._executor!r}, {len(self._batches)} batches under way)"

    def start(self, _jobs: Sequence[Job | None], settings: RunSettings) -> None:
        """Get ready; the other executor has started by itself."""
        self._settings = settings
        self._broken = None
        self._suspects = []

    def renew(self, _jobs: Sequence[Job | None]) -> None:
        """Nothing: jobs are sent, and see nothing of this process."""

    def idle(self) -> int:
        return max(0, self.lanes - len(self._batches))

    def resize(self, lanes: int) -> int:
        """Have fewer batches under way, or as many as at the start: the workers aren't ours."""
        self.lanes = max(1, min(lanes, self._most))
        return self.lanes

    def submit(self, batch: Sequence[Task]) -> None:
        assert self._settings is not None
        if self._broken is not None:
            self._returned += batch
            raise self._closed(self._broken)
        tasks, parcels = [], []
        for task in batch:
            try:
                seed = self._settings.seeds.of(task.job)
                parcel = _parcel(task.job, self._settings)
                parcels.append((parcel, tuple(task.inputs), seed))
                tasks.append(task)
            except SerializationError as error:
                self._reports.append(refusal(task, error))
        if not tasks:
            return
        settings = self._settings
        work = Work(
            settings.folder,
            settings.graph_token,
            (Place.here(), os.getpid()),
            settings.capture,
            mark_path(settings.folder),
            settings.chance if any(seed is None for *_, seed in parcels) else None,
        )
        try:
            future = self._executor.submit(run_parcels, parcels, work)
        except RuntimeError as error:  # BrokenExecutor is one; so is what a closed executor raises
            self._returned += tasks
            raise self._closed(error) from error
        self._batches[future] = _Batch(tasks, time.time(), work.mark)
        future.add_done_callback(self._ended.put)

    def _closed(self, error: RuntimeError) -> WeftError:
        because = error_text(error)
        if self._suspects:
            names = ", ".join(task.job.id for task in self._suspects)
            because = f"a worker of it died while this was under way: {names}"
        return WeftError(
            "The executor takes no more jobs.",
            facts={"executor": self._executor, "because": because},
            cure="Make a new one and run again: what was finished is kept.",
        )

    def wait(self, timeout: float | None) -> list[Report]:
        if not (self._reports or self._returned):
            try:
                self._take(self._ended.get(timeout=timeout))
            except Empty:
                return []
        while not self._ended.empty():
            self._take(self._ended.get())
        reports, self._reports = self._reports, []
        return reports

    def _take(self, future: Future[list[Outcome]] | None) -> None:
        if future is None:
            return
        batch = self._batches.pop(future, None)
        if batch is None:  # it was given up
            return
        try:
            outcomes = future.result()
        except CancelledError:
            self._take_cancelled(future, batch)
        except BrokenExecutor as error:
            self._take_broken(error, batch)
        except Exception as error:  # noqa: BLE001 - the executor's own troubles, of any class
            note = f"the executor lost it: {error_text(error)}"
            self._reports += _ended(batch.tasks, AttemptState.DIED, batch.submitted, note)
        else:
            pairs = zip(batch.tasks, outcomes, strict=True)
            self._reports += [Report(task, outcome) for task, outcome in pairs]

    def _take_cancelled(self, future: Future[list[Outcome]], batch: _Batch) -> None:
        """Give back what was cancelled from here; what others cancelled would be so once more."""
        if future in self._cancelled:
            self._cancelled.discard(future)
            self._returned += batch.tasks
        else:
            note = "cancelled by its executor"
            self._reports += _ended(batch.tasks, AttemptState.CANCELLED, batch.submitted, note)

    def _take_broken(self, error: BrokenExecutor, batch: _Batch) -> None:
        """Blame what was under way; the rest of the batch has not begun, or has been lost."""
        self._broken = error
        place = take_mark(batch.mark)
        suspects = [] if place is None else [batch.tasks.pop(place)]
        note = "a worker of your executor died while this job was under way"
        self._suspects += suspects
        self._reports += _ended(suspects, AttemptState.DIED, batch.submitted, note)
        self._returned += batch.tasks

    def _cancel(self, future: Future[list[Outcome]]) -> bool:
        if future.cancelled():
            return True
        taken = future.cancel()
        if taken:
            self._cancelled.add(future)
        return taken

    def take_back(self) -> list[Task]:
        returned, self._returned = self._returned, []
        return returned

    def running(self) -> list[Running]:
        """The batches under way: of those, which job runs is not known here."""
        return [
            Running(batch.tasks[0], batch.submitted, 0, number=number)
            for number, (future, batch) in enumerate(list(self._batches.items()), 1)
            if future.running()
        ]

    def wake(self) -> None:
        self._ended.put(None)

    def cancel(self, job_ids: Collection[str] | None, *, now: bool = False) -> None:
        """Take back the batches that have not begun.

        Those under way can't be ended from here; with ``now`` they are reported as cancelled, and
        what they still give is dropped.
        """
        for future, batch in list(self._batches.items()):
            chosen = job_ids is None or any(task.job.id in job_ids for task in batch.tasks)
            if chosen and not self._cancel(future) and now:
                del self._batches[future]
                self._reports += _ended(batch.tasks, AttemptState.CANCELLED, batch.submitted)

    def close(self) -> None:
        """Wait for what runs; the executor itself stays the caller's."""
        for future in list(self._batches):
            self._cancel(future)
        while self._batches:
            self._take(self._ended.get())
        self._settings = None


def _parcel(job: Job, settings: RunSettings) -> Parcel:
    command = job.command
    names = tuple(one.id for one in job.inputs)
    return Parcel(
        job.id,
        command.name,
        command.dynamic,
        command.options.cutoff is not False,
        names,
        packed_call(job, settings.fingerprinter, by_value=True),
        kind=command.kind,
        spec=spec_of(job),
    )


def _ended(
    tasks: Sequence[Task], state: AttemptState, submitted: float, note: str | None = None
) -> list[Report]:
    """Reports of tasks that left nothing else behind."""
    duration = max(0.0, time.time() - submitted)
    return [Report(task, Outcome(state, submitted, duration, note=note)) for task in tasks]


_SHARED = (
    "seed= is not possible here: the threads of this executor share their random numbers. Use "
    'executor="processes", or make a generator of your own inside the job.'
)
Sent = tuple[Parcel, Sequence[Input], Seed]
"""One job on its way."""


@dataclass(frozen=True, slots=True)
class Work:
    """What a batch brings along."""

    folder: Path
    graph_token: str
    submitter: tuple[Place, int]
    """The main process: what threads of it print can't be told apart. Its number alone does not
    tell: each container has a process 1."""
    capture: bool
    mark: Path
    chance: ChanceState | None = None
    """The script's random state, where a job asks for it."""


def run_parcels(parcels: Sequence[Sent], work: Work) -> list[Outcome]:
    """Run some tasks here; this is what the other executor calls."""
    from weft.executors.capture import Capture
    from weft.executors.chance import Chance
    from weft.executors.comparing import Comparison, comparison_here
    from weft.executors.surroundings import Surroundings
    from weft.executors.worker import Worker
    from weft.fingerprint.fingerprinter import Fingerprinter

    here = Place.here()
    elsewhere = (here, os.getpid()) != work.submitter
    alone = elsewhere and threading.current_thread() is threading.main_thread()
    settings = RunSettings(work.folder, Fingerprinter(), work.graph_token, by_name=elsewhere)
    sink = Capture(work.folder) if work.capture and alone else None
    surroundings = Surroundings(own=False) if alone else None
    chance = Chance(own=False, script=work.chance) if alone else None
    compare = comparison_here() if elsewhere else Comparison(None)
    worker = Worker(settings, sink, surroundings, chance, compare=compare)
    try:
        with Mark(work.mark) if elsewhere else nullcontext() as mark:
            outcomes = [_run(worker, parcels, place, mark) for place in range(len(parcels))]
        if here.host != work.submitter[0].host:
            for outcome in outcomes:
                outcome.host = here.host
        return outcomes
    finally:
        if sink is not None:
            sink.close()
        if surroundings is not None:
            surroundings.close()


def _run(
    worker: Worker,
    parcels: Sequence[Sent],
    place: int,
    mark: Mark | None,
) -> Outcome:
    if mark is not None:
        mark.begin(place)
    parcel, inputs, seed = parcels[place]
    if not worker.seeds and (seed is None or seed <= LARGEST_SEED):  # the job says seed=
        report = plain_report(UserError, _SHARED)
        return Outcome(AttemptState.FAILED, time.time(), 0.0, pid=os.getpid(), error=report)
    return worker.run(job_of(parcel), inputs, seed)
