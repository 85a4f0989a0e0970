"""Decides what runs next. Pure: events in, jobs out; no I/O, no clock, no recursion."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from weft.model.job import Digest, Job
from weft.model.kind import Kind
from weft.scheduler.decisions import Decisions
from weft.scheduler.effects import is_lazy, whole
from weft.scheduler.port import Expansion
from weft.scheduler.status import Counts, Status

_UNWANTED, _WAITING, _READY, _RUNNING, _DONE = range(5)
_FAILED, _BLOCKED, _CANCELLED, _DELEGATED = range(5, 9)
"""Plain numbers of ``Status``, as a bytearray gives them."""


class Plan(Decisions):
    """The state of one run over the graph: see ``Decisions`` for its parameters."""

    def __repr__(self) -> str:
        return f"Plan({self.counts()})"

    # -- what is wanted ----------------------------------------------------------------------

    def want(self, targets: Sequence[Job] | None) -> None:
        """Decide about ``targets`` (None: all jobs) and their upstream, in definition order.

        Temporary files and data are made as far as others need them; but where nothing else is
        among the targets, somebody wants to have them.
        """
        if targets is None:
            wanted = [job for job in self._graph if job.definer is None]
        else:
            self._targets = {job.index for job in targets}
            if self.effects.active and all(map(is_lazy, targets)):
                self._ask_for(targets)
            wanted = self._with_definers(targets)
        if targets is not None or self.effects.active:
            wanted = self._unwanted_upstream(self._lasting(wanted))
        self._admit(wanted)
        self._drain()
        self.ready.open(self._memory.history, self._dependants)

    def _ask_for(self, targets: Iterable[Job]) -> None:
        """Temporary files and data that were asked for are made, although nobody reads them."""
        for base in map(whole, targets):
            self.effects.asked.add(base.index)
            if base.command.kind is Kind.LOADING:
                self.revived.add(base.index)

    def consider(self, jobs: Sequence[Job]) -> list[Job]:
        """Decide about these jobs and their upstream as ``want`` would about all; returns them.

        Not for graphs with generators.
        """
        wanted = self._unwanted_upstream(jobs)
        self._admit(wanted)
        self._drain()
        return wanted

    def _with_definers(self, targets: Iterable[Job]) -> list[Job]:
        """The targets; for a generated one, the first of the generators that lead to it."""
        roots = []
        for job in targets:
            while job.definer is not None:
                self._wanted_children.add(job.id)
                job = self._graph.jobs[job.definer]  # noqa: PLW2901 - climbing is the point
            roots.append(job)
        return roots

    # -- events ------------------------------------------------------------------------------

    def take(self, lanes: int) -> list[Job]:
        """Jobs to run now, one after the other in one lane; they count as running."""
        if self.stopping or self.paused:
            return []
        batch = self.ready.take(lanes)
        counts, status = self._counts, self.status
        counts[_READY] -= len(batch)
        counts[_RUNNING] += len(batch)
        for job in batch:
            status[job.index] = _RUNNING
        return batch

    def done(
        self,
        job: Job,
        result: Digest,
        attempt: int,
        duration: float,
        expansion: Expansion | None = None,
        outputs: bytes | None = None,
    ) -> None:
        """A running job left a result (its digest), and maybe jobs, or files.

        Parameters
        ----------
        attempt
            Id of the one that did it, or that it repeats (see ``origin``).
        """
        self.ready.release(job, duration)
        self.identities.attempts[job.index] = attempt
        self.revived.discard(job.index)
        self._lost.pop(job.index, None)
        if self.effects.active and is_lazy(job):
            self.effects.made.add(job.index)
        if outputs is not None:
            self.outputs[job.index] = outputs
        if expansion is not None:
            self._expand(job, result, expansion)
            for child in self._rewritten.pop(job.index, ()):
                present = self._graph.jobs.get(child.id)
                if present is None:
                    self._move(child, _UNWANTED)
                else:
                    self._agenda.append(present)
        else:
            self._settle(job, result)
        if self._agenda or self._admissions:
            self._drain()
        self._redo()

    def failed(self, job: Job, duration: float | None = None) -> None:
        """A running job failed for good: what depends on it is blocked, and nothing else."""
        self.ready.release(job, duration)
        self._fail(job, _FAILED)
        for child in self._rewritten.pop(job.index, ()):
            self._block(child)
        self._redo()

    def cancelled(self, job: Job) -> None:
        """A running job was cancelled; what depends on it just waits."""
        self.ready.release(job)
        self._fail(job, _CANCELLED)
        self._redo()

    def returned(self, job: Job) -> None:
        """A running job did not run after all, or is to be tried again."""
        self.ready.release(job)
        self._move(job, _READY)
        self.ready.push(job)

    def lost(self, job: Job, digests: Iterable[Digest]) -> bool:
        """A running job's inputs could not be read: they are made again first.

        Returns False when none of the job's inputs has such a value.
        """
        gone = set(digests)
        self._present -= gone
        holders = [u for u in self.holders(job.inputs) if self.value_of(u) in gone]
        if not holders:
            return False
        self.ready.release(job)
        self._move(job, _WAITING)
        for holder in holders:
            self._revive(holder)
        self._wait(job, holders)
        self._drain()
        return True

    def unreadable(self, job: Job, definer: Job) -> bool:
        """The call of a running job, as a generator kept it, can't be read: that one runs first."""
        if self.status[definer.index] not in {_DONE, _DELEGATED}:
            return False
        self.ready.release(job)
        self._move(job, _WAITING)
        # Not as one that depends on it: the generator may promise this very job.
        self._rewritten.setdefault(definer.index, []).append(job)
        self._revive(definer)
        self._drain()
        return True

    # -- snapshots ---------------------------------------------------------------------------

    @property
    def finished(self) -> bool:
        """Whether nothing runs and nothing will be started."""
        if self._counts[_RUNNING]:
            return False
        return self.stopping or not self._counts[_READY]

    def counts(self) -> Counts:
        """How many jobs are in each state."""
        numbers = self._counts
        return Counts(
            done=numbers[_DONE],
            running=numbers[_RUNNING],
            ready=numbers[_READY],
            waiting=numbers[_WAITING] + numbers[_DELEGATED],
            failed=numbers[_FAILED],
            blocked=numbers[_BLOCKED],
            cancelled=numbers[_CANCELLED],
            total=sum(numbers[1:]),
        )

    def jobs_in(self, *statuses: Status) -> list[Job]:
        """The jobs in these states, in definition order."""
        return [job for job in self._graph if self.status[job.index] in statuses]
