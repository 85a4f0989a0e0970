"""The jobs that could run now, in the order of rule 18, within the budgets."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from weft.model.job import Command, Job
from weft.model.resources import ALL, ALL_BUT_ONE

BATCH_SECONDS = 0.01
"""How long a batch of short jobs should take: long enough to hide a message's 0.1 ms."""
BATCH_JOBS = 512
ALONE_SECONDS = 0.003
"""About what a process for one job takes beside the job."""
PATIENCE = 50
"""How many jobs may overtake one that is too large for what is free, before all wait for it."""


@dataclass(frozen=True, slots=True)
class History:
    """What past attempts tell."""

    durations: Mapping[str, float] = field(default_factory=dict)
    """Seconds of the newest success, by job id."""
    failed: frozenset[str] = frozenset()
    """Ids of the jobs whose newest attempt failed."""


@dataclass(slots=True)
class Budget:
    """What is free of the machine; never exceeded, but by a job that alone asks for more cores."""

    cores: int
    memory: int
    """Bytes."""

    def __post_init__(self) -> None:
        self.all_cores = self.cores
        self.all_memory = self.memory

    all_cores: int = field(init=False)
    all_memory: int = field(init=False)

    def resize(self, cores: int) -> None:
        """Have so many cores in all; less than nothing is free until enough of them are back."""
        self.cores += cores - self.all_cores
        self.all_cores = cores

    def needs(self, job: Job) -> tuple[int, int]:
        """Cores and bytes to reserve; a job that wants more than there is gets all.

        For memory the loop then refuses it, in words.
        """
        options = job.command.options
        return self._cores(options.cores), min(options.memory or 0, self.all_memory)

    def _cores(self, wanted: int) -> int:
        if wanted == ALL_BUT_ONE:
            return max(1, self.all_cores - 1)
        return self.all_cores if wanted == ALL else min(wanted, self.all_cores)

    def fits(self, needs: tuple[int, int]) -> bool:
        """Whether that much is free now."""
        return needs[0] <= self.cores and needs[1] <= self.memory


@dataclass(slots=True)
class _Batch:
    """Jobs that run one after the other in one lane, and share one reservation."""

    left: int
    needs: tuple[int, int]


_Entry = tuple[float, bool, float, int, Job]
"""Negated priority, whether it failed last time, negated rank, index (so that jobs are never
compared), job."""


class ReadyQueue:
    """A priority queue: priority, failed last, longest remaining path, definition order."""

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self.isolated: bool | None = None
        """Whether jobs that don't say so themselves have each a process of their own."""
        self._sorted: deque[_Entry] = deque()
        """Jobs that were ready at the start; a heap would cost 3 us for each that leaves it."""
        self._heap: list[_Entry] = []
        """Jobs that became ready since."""
        self._closed: list[Job] | None = []
        self._history = History()
        self._ranks: dict[int, float] = {}
        self._batches: dict[int, _Batch] = {}
        self._means: dict[int, list[float]] = {}
        self._overtaken = 0

    def __len__(self) -> int:
        return len(self._sorted) + len(self._heap) + len(self._closed or ())

    def open(
        self,
        history: Callable[[Collection[str]], History],
        dependants: Mapping[int, Sequence[Job]],
    ) -> None:
        """Rank the jobs pushed so far, together; ``history`` is asked only if there are any."""
        ready, self._closed = self._closed or [], None
        if not ready:
            return
        jobs = {job.index: job for job in ready}
        for later in dependants.values():
            jobs.update((job.index, job) for job in later)
        self._history = history({job.id for job in jobs.values()})
        if dependants:
            self._rank(jobs, dependants)
        self._sorted.extend(sorted(map(self._entry, ready)))

    def _rank(self, jobs: Mapping[int, Job], dependants: Mapping[int, Sequence[Job]]) -> None:
        """Longest remaining path of all jobs to be done; dependants come later in the order."""
        ranks = self._ranks
        for index in sorted(jobs, reverse=True):
            longest = max((ranks.get(d.index, 0.0) for d in dependants.get(index, ())), default=0.0)
            ranks[index] = longest + self._history.durations.get(jobs[index].id, 1e-3)

    def _entry(self, job: Job) -> _Entry:
        rank = self._ranks.get(job.index) or self._history.durations.get(job.id, 1e-3)
        failed = job.id in self._history.failed
        return -job.command.options.priority, failed, -rank, job.index, job

    def push(self, job: Job) -> None:
        """Add a job whose upstream is done."""
        if self._closed is not None:
            self._closed.append(job)
        else:
            heapq.heappush(self._heap, self._entry(job))

    def take(self, lanes: int) -> list[Job]:
        """The next batch for one of ``lanes`` lanes; empty when nothing fits now.

        Jobs known to be short are given out many at a time; all others alone.
        """
        first = self._next_that_fits()
        if first is None:
            return []
        batch = [first]
        expected = self._expected(first)
        if expected is not None and self._plain(first):
            self._fill(batch, expected, min(BATCH_JOBS, len(self) // (2 * lanes)))
        self._reserve(batch)
        return batch

    def _fill(self, batch: list[Job], expected: float, share: int) -> None:
        """Add short jobs to a batch, until it is long enough or has its share of all."""
        command = batch[0].command
        alone = command.is_alone(self.isolated)
        # Its process costs an isolated job more than most short ones take.
        process = ALONE_SECONDS if alone else 0.0
        expected = each = expected + process
        while expected < BATCH_SECONDS and len(batch) <= share:
            job = self._first()[4]
            if job.command is not command:
                more = self._expected(job)
                if more is None or not self._plain(job):
                    break
                if job.command.is_alone(self.isolated) is not alone:
                    break
                command, each = job.command, more + process
            expected += each
            batch.append(self._pop()[4])

    def _plain(self, job: Job) -> bool:
        """Whether the job may share a lane: it asks for nothing that is watched per job."""
        command: Command = job.command
        options = command.options
        return (
            options.timeout is None
            and options.memory is None
            and options.cores == 1
            and not command.dynamic
            and not command.kind.runs_here
            # Such a job is the last one of its worker, unless it has a process of its own.
            and (not job.reads_memory or command.is_alone(self.isolated))
        )

    def _first(self) -> _Entry:
        if self._heap and (not self._sorted or self._heap[0] < self._sorted[0]):
            return self._heap[0]
        return self._sorted[0]

    def _pop(self) -> _Entry:
        if self._heap and (not self._sorted or self._heap[0] < self._sorted[0]):
            return heapq.heappop(self._heap)
        return self._sorted.popleft()

    def _next_that_fits(self) -> Job | None:
        passed: list[_Entry] = []
        found = None
        limit = PATIENCE if self._overtaken < PATIENCE else 1
        while len(self) and len(passed) < limit:
            entry = self._pop()
            if self.budget.fits(self.budget.needs(entry[4])):
                found = entry[4]
                break
            passed.append(entry)
        for entry in passed:
            heapq.heappush(self._heap, entry)
        if found is not None:
            self._overtaken = self._overtaken + 1 if passed else 0
        return found

    def _expected(self, job: Job) -> float | None:
        mean = self._means.get(_kin(job.command))
        return mean[1] / mean[0] if mean else self._history.durations.get(job.id)

    def _reserve(self, batch: list[Job]) -> None:
        needs = self.budget.needs(batch[0])
        self.budget.cores -= needs[0]
        self.budget.memory -= needs[1]
        shared = _Batch(len(batch), needs)
        for job in batch:
            self._batches[job.index] = shared

    def release(self, job: Job, duration: float | None = None) -> None:
        """A job taken before is not running any more (``duration`` in seconds, if it did run)."""
        if duration is not None:
            mean = self._means.setdefault(_kin(job.command), [0.0, 0.0])
            mean[0] += 1
            mean[1] += duration
        batch = self._batches.pop(job.index)
        batch.left -= 1
        if not batch.left:
            self.budget.cores += batch.needs[0]
            self.budget.memory += batch.needs[1]


def _kin(command: Command) -> int:
    """What commands have in common that probably take equally long: closures of one function."""
    return id(getattr(command.function, "__code__", command))
