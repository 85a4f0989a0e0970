"""What the plan and the loop ask of the store, for one run."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from weft.fingerprint.files import ABSENT, FileHasher, watched_digest
from weft.graph.graph import Graph
from weft.graph.plain import DamagedError
from weft.graph.standing import standing_for
from weft.model.job import Digest, InvariantJob, Job, JobRecord, PartJob
from weft.model.kind import Kind
from weft.model.states import AttemptState
from weft.scheduler.identity import NOTHING
from weft.scheduler.plan import Plan
from weft.scheduler.port import Expansion
from weft.scheduler.ready import History
from weft.scheduler.rebuilder import Rebuilder, TraceHead
from weft.store.objects import Composite, Input, ObjectLost
from weft.store.rows import TraceFlag
from weft.store.seals import UNCHANGED, Seen, State, decode, encode, is_unchanged, is_whole, present
from weft.store.store import Store

if TYPE_CHECKING:
    from weft.model.outcome import Observation
    from weft.model.reasons import Reason
    from weft.store.rows import Past, TraceRow

Observe = Callable[[str, str], Digest | None]


COMPARED = 8
"""How many of a job's newest traces are compared to find the reasons of a run."""


class Remembered:
    """The store as one run sees it: the plan's ``Memory`` port, reasons, and inputs to send.

    Everything that only a run with work to do needs is read when it is first asked for.
    """

    def __init__(self, store: Store, graph: Graph) -> None:
        self._store = store
        self._graph = graph
        self._heads = store.traces()
        self._past: dict[str, Past] = {}
        self._past_of: frozenset[str] | None = frozenset()
        """The jobs whose past is in ``_past``; None: all."""
        self._observed_now: dict[tuple[str, str], Digest | None] = {}
        self._files = FileHasher(store.file_stats)
        self._inputs: dict[int, Input] = {}
        self._doubtful: frozenset[str] | None = None
        """Jobs whose files are to be read whatever their times; None before that was asked."""
        self._away = graph.away() is not None
        """Whether files are to be looked at from another folder than the working one."""
        self.rebuilder = Rebuilder(
            self._heads, store.observations, self.observe, store.invalidated(), self.intact
        )

    # -- the plan's port ---------------------------------------------------------------------

    def expand(self, job: Job, trace: TraceHead) -> Expansion | None:
        """The jobs that a fresh generator made, put into the graph; None if it must run for them.

        It must where what is kept of them can't be read, and where it was called otherwise when it
        made them and another job has that id now: theirs begin with it.
        """
        row = self._store.trace(trace[0])
        try:
            records = self._store.children(row.children) if row.children else ()
        except (ObjectLost, DamagedError):
            return None
        if records and records[0].definer != job.id:
            if records[0].definer in self._graph.jobs:
                return None
            records = tuple([replace(record, definer=job.id) for record in records])
        return self.take_in(job, records, row.promised)

    def carried(self, job: Job, stood: Sequence[Digest]) -> TraceHead | None:
        """The newest trace of a job, under whatever code, if all else is as it was then."""
        past = self.past(job.id)
        if past is None or not past.traces or AttemptState(past.state).failed:
            return None
        if job.args or job.kwargs:  # what is kept of them are shortened words
            return None
        row = self._store.trace(past.traces[-1])
        if row.flags >= TraceFlag.INVALID or row.flags & TraceFlag.PRETENDED:
            return None
        given = row.arguments_text.partition("\n")[0]  # below stands what its function held
        if given != "()" or row.input_hashes != (b"".join(stood) or None):
            return None
        head = (row.id, row.key, row.result, job.id, int(row.flags), row.outputs, row.origin)
        return head if self.rebuilder.verifies(head) else None

    def take_in(self, job: Job, records: Sequence[JobRecord], promised: Sequence[str]) -> Expansion:
        """Put a generator's jobs into the graph; those it no longer defines leave it."""
        children = self._graph.replace_generated(job.id, records)
        return Expansion(children, [self._graph.jobs[name] for name in promised])

    def present(self, results: Iterable[Digest]) -> set[Digest]:
        """Those of the results whose values are there."""
        return self._store.has_values(results)

    def invariant(self, job: Job) -> Digest | None:
        """What an invariant's result is now; None when a file that it watches is not there."""
        if not isinstance(job, InvariantJob) or not job.watched:
            return job.definition
        with self._at_root():
            paths = map(os.path.abspath, job.watched)  # links stay as they are
            digests = [self.observe("file", path) for path in paths]
        there = [one for one in digests if one not in {None, ABSENT}]
        return watched_digest(job.watched, there) if len(there) == len(digests) else None

    def moved(self, job: InvariantJob) -> list[str]:
        """Files that an invariant watches and that are not as they were when it was asked."""
        with self._at_root():
            paths = dict(zip(job.watched, map(os.path.abspath, job.watched), strict=True))
            return [
                path
                for path, absolute in paths.items()
                if self._look("file", absolute) != self.observe("file", absolute)
            ]

    def part(self, job: Job, outputs: bytes | None) -> Digest | None:
        """The digest of the file that a job stands for."""
        if outputs is None or not isinstance(job, PartJob):
            return None
        whole = job.extra[0]
        return decode(outputs, whole.id, b"")[job.place].digest

    def has_files(self, job: Job, result: Digest, outputs: bytes) -> bool:
        """Whether all files of a job are there as it left them, temporary ones too."""
        with self._at_root():
            return present(outputs, job.id, result, self._files)

    def look(self, job_id: str, result: Digest, outputs: bytes) -> Seen:
        """Whether the files that a job keeps are there as it left them."""
        if self._doubtful is None:
            self._doubtful = self._store.doubtful()
        if job_id in self._doubtful:
            with self._at_root():
                whole = is_whole(outputs, job_id, result, None)
            return UNCHANGED if whole else Seen(State.CHANGED, job_id)
        if not self._away:
            return is_unchanged(outputs, job_id, result, self._files)
        with self._at_root():
            return is_unchanged(outputs, job_id, result, self._files)

    def intact(self, job_id: str, result: Digest, outputs: bytes) -> bool:
        """The same, in one word."""
        return self.look(job_id, result, outputs).state is State.UNCHANGED

    def _at_root(self) -> AbstractContextManager[None]:
        return self._graph.at_root() if self._away else nullcontext()

    def history(self, job_ids: Collection[str]) -> History:
        """Past durations and failures of the jobs that may have to run."""
        past = self.load_past(job_ids)
        durations = {name: p.duration for name, p in past.items() if p.duration is not None}
        failed = frozenset(name for name, p in past.items() if AttemptState(p.state).failed)
        return History(durations, failed)

    def keeps_failure(self, job: Job, key: Digest) -> bool:
        """Whether the newest attempt failed at this very key, and what it read is unchanged."""
        past = self.past(job.id)
        if past is None or past.key != key or not AttemptState(past.state).failed:
            return False
        seen = self._store.observations([past.attempt]).get(past.attempt, ())
        return all(self.observe(o.kind, o.key) == o.digest for o in seen)

    # -- whose traces are whose --------------------------------------------------------------

    def acts(self) -> dict[str, list[int]]:
        """The traces of this run's beginning that count and have nothing as result, by owner."""
        found: dict[str, list[int]] = {}
        adopted = self.rebuilder.adopted
        for trace in self._heads:
            if trace[2] == NOTHING:
                found.setdefault(adopted.get(trace[0], trace[3]), []).append(trace[0])
        return found

    def adopt(self) -> None:
        """Let traces that serve other jobs now belong to these (rule 6)."""
        self._store.adopt(self.rebuilder.adopted)

    # -- attempts and reasons ----------------------------------------------------------------

    def past(self, job_id: str) -> Past | None:
        """What the attempts of a job before this run tell."""
        if self._past_of is not None and job_id not in self._past_of:
            self.load_past(None)
        return self._past.get(job_id)

    def load_past(self, job_ids: Collection[str] | None) -> dict[str, Past]:
        """Read the past of these jobs (None: of all) in one query."""
        if self._past_of is not None:
            self._past_of = None if job_ids is None else frozenset(job_ids)
            self._past = self._store.past(job_ids)
        return self._past

    def observe(self, kind: str, key: str) -> Digest | None:
        """How something that a job observed is now; asked once per run."""
        question = (kind, key)
        if question not in self._observed_now:
            self._observed_now[question] = self._look(kind, key)
        return self._observed_now[question]

    def _look(self, kind: str, key: str) -> Digest | None:
        if kind != "file":
            return None
        try:
            return self._files.digest(key)
        except OSError:  # there, but unreadable: the job that reads it will say so
            return None

    def prior(self, job: Job) -> TraceRow | None:
        """The newest trace of the job's own before this run, invalidated or not."""
        past = self.past(job.id)
        return self._store.trace(past.traces[-1]) if past is not None and past.traces else None

    def reasons(self, job: Job, plan: Plan) -> tuple[Reason, ...]:
        """Why a stale job runs; empty for one that never did (that goes without saying).

        Compared with the trace of its own that is nearest: after an edit was undone that need not
        be the newest one.
        """
        from weft.model.reasons import DataNeeded, RunsEachTime, Superseded

        if job.command.kind.each_run:
            return (RunsEachTime(),)
        if job.command.kind is Kind.LOADING:
            return (DataNeeded(),)
        past = self.past(job.id)
        if past is None or not past.traces:
            return ()
        if job.index in plan.revived:
            from weft.model.reasons import ValueMissing

            newest = self._store.trace(past.traces[-1])
            if newest.outputs is not None:
                return (self._lacking(newest, newest.outputs),)
            return (ValueMissing(pretended=bool(newest.flags & TraceFlag.PRETENDED)),)
        found = [self._compare(job, plan, trace) for trace in past.traces[: -1 - COMPARED : -1]]
        # What was done before is undone by what came after: that is told as the newest differs.
        return min(found, key=lambda one: (Superseded() in one, len(one)))

    def _compare(self, job: Job, plan: Plan, trace_id: int) -> tuple[Reason, ...]:
        from weft.scheduler.explain import explain

        results = plan.identities.stood(job)
        key, trace = plan.keys[job.index], self._store.trace(trace_id)
        return explain(
            job,
            key,
            trace,
            results,
            self._changed,
            self._wrong_outputs,
            self._store.changed_parts,
            plan.identities.by_attempt(job),
        )

    def _wrong_outputs(self, trace: TraceRow) -> Reason | None:
        from weft.model.reasons import OutputChanged, OutputMissing

        if trace.outputs is None:
            return None
        state, path = self.look(trace.job_id, trace.result, trace.outputs)
        if state is State.UNCHANGED:
            return None
        return OutputMissing(path) if state is State.MISSING else OutputChanged(path)

    def _lacking(self, trace: TraceRow, outputs: bytes) -> Reason:
        """What is wrong with the files of a job that others need, temporary ones too."""
        from weft.model.reasons import OutputChanged, OutputMissing

        with self._at_root():
            for file in decode(outputs, trace.job_id, trace.result):
                if not present(encode([file]), file.path, file.digest, self._files):
                    there = Path(file.path).exists()
                    return OutputChanged(file.path) if there else OutputMissing(file.path)
        return OutputMissing(trace.job_id)

    def _changed(self, trace_id: int) -> Observation | None:
        return self.rebuilder.changed(trace_id)

    # -- values to send ----------------------------------------------------------------------

    def inputs(self, job: Job, plan: Plan) -> list[Input]:
        """The encoded results of the job's inputs, in order.

        Raises
        ------
        ObjectLost
            When one of them is not there.
        """
        if not plan.promised:
            find, results = self._store.input, plan.results
            return [
                standing_for(u) if u.command.kind else find(results[u.index] or b"")
                for u in job.inputs
            ]
        return [self.input_of(u, plan) for u in job.inputs]

    def input_of(self, job: Job, plan: Plan) -> Input:
        """The encoded result of a settled job, with what it promised filled in.

        A generator may promise the promise of another, and so on: built from the innermost out.
        """
        stack = [job]
        while stack:
            top = stack[-1]
            promised = plan.promised.get(top.index, ())
            open_ones = [p for p in promised if p.index not in self._inputs]
            if open_ones:
                stack.extend(open_ones)
                continue
            self._inputs[stack.pop().index] = self._input(top, plan)
        found = self._inputs[job.index]
        if not plan.promised.get(job.index):
            del self._inputs[job.index]
        return found

    def _input(self, job: Job, plan: Plan) -> Input:
        """The job's input, once those of what it promised are known."""
        if job.command.kind:
            return standing_for(job)
        digest = plan.templates.get(job.index) or plan.results[job.index] or b""
        own = self._store.input(digest)
        promised = plan.promised.get(job.index, ())
        if not promised or isinstance(own, Composite):
            return own
        return Composite(own, tuple(self._inputs[p.index] for p in promised))
