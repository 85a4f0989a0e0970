"""Decides about each job, once its upstream is settled. Pure: no I/O, no clock, no recursion.

A job waits for its upstream to be *settled* (a result is known), then has a key; a trace with that
key settles it at once, else it is stale and becomes ready. So nothing is decided about a job
before all that it depends on is certain, and early cutoff needs no rule of its own.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence

from weft.graph.graph import Graph
from weft.model.job import Digest, Job
from weft.model.kind import Kind
from weft.scheduler.effects import Effects, whole
from weft.scheduler.identity import NOTHING, Identities, Standing
from weft.scheduler.port import Expansion, Memory
from weft.scheduler.ready import Budget, ReadyQueue
from weft.scheduler.rebuilder import Rebuilder, TraceHead, key_of
from weft.scheduler.status import Status
from weft.store.rows import TraceFlag

_FILE = int(TraceFlag.FILE)
_CHILDREN = int(TraceFlag.CHILDREN)
_PRETENDED = int(TraceFlag.PRETENDED)
_UNWANTED, _WAITING, _READY, _RUNNING, _DONE = range(5)
_FAILED, _BLOCKED, _CANCELLED, _DELEGATED = range(5, 9)
"""Plain numbers of ``Status``, as a bytearray gives them."""


class Decisions:
    """What is known of each job in one run.

    Parameters
    ----------
    recurse
        Whether the jobs that generators define are wanted although nobody depends on them.
    looking
        Whether nothing will be run: then jobs that run each time count as done if they were.
    """

    def __init__(
        self,
        graph: Graph,
        rebuilder: Rebuilder,
        memory: Memory,
        *,
        budget: Budget,
        recurse: bool = True,
        fail_fast: bool = False,
        looking: bool = False,
    ) -> None:
        self._graph = graph
        self._rebuilder = rebuilder
        self._memory = memory
        self._recurse = recurse
        self._fail_fast = fail_fast
        self._looking = looking
        self._wanted_children: set[str] = set()
        self._targets: set[int] | None = None
        self.status = bytearray(graph.size)
        self.results: list[Digest | None] = [None] * graph.size
        self.outputs: list[bytes | None] = [None] * graph.size
        """What became of the files of jobs that are done, as the store keeps it."""
        self.identities = Identities(self.results)
        """What stands for each job in the keys of those that depend on it."""
        self.keys: dict[int, Digest] = {}
        """Keys of the jobs that are stale, by index."""
        self.traces: dict[int, TraceHead] = {}
        """Traces of fresh jobs that are more than a small value, by index."""
        self.promised: dict[int, tuple[Job, ...]] = {}
        self.templates: dict[int, Digest] = {}
        """Results of generators before what they promised is filled in, by index."""
        self.revived: set[int] = set()
        """Jobs that run only because what they left is missing, by index."""
        self.effects = Effects(graph, self._is_done)
        self.ready = ReadyQueue(budget)
        self.stopping = False
        self.paused = False
        """Whether nothing new begins for now; the run is not over by that."""
        self._present: set[Digest] = set()
        self._waiting: dict[int, int] = {}
        self._dependants: dict[int, list[Job]] = {}
        self._agenda: deque[Job] = deque()
        self._admissions: deque[list[Job]] = deque()
        self._before: dict[int, Standing] = {}
        """Of jobs that were settled and are decided about again, by index."""
        self._lost: dict[int, tuple[Digest, int]] = {}
        self._rewritten: dict[int, list[Job]] = {}
        """Jobs that wait for their generator to write their calls anew, by its index."""
        """Result and attempt of jobs that run only because what they left is missing, by index."""
        self._outdated: dict[int, Job] = {}
        """Jobs that are settled by results which are, or may soon be, others now."""
        self._settled_at: dict[int, Digest] = {}
        """At which keys outdated jobs were settled, where that may still be right, by index."""
        self._held: list[Job] = []
        """Jobs that wait until nothing that they rest on is outdated."""
        self._counts = [0] * len(Status)
        rebuilder.rival = self._is_rival
        rebuilder.carried = lambda job: memory.carried(job, self.identities.stood(job))

    def _admit(self, jobs: Iterable[Job]) -> None:
        """The first decision about each job, in definition order: the hot path of a no-op run."""
        status, results, take = self.status, self.results, self._rebuilder.take
        outputs, active = self.outputs, self.effects.active
        attempts = self.identities.attempts
        admitted = done = 0
        for job in jobs:
            index = job.index
            if status[index]:
                continue
            admitted += 1
            status[index] = _WAITING
            key = job.definition
            assert key is not None
            if job.inputs or job.extra:
                known = [results[u.index] for u in job.inputs]
                if job.extra or None in known or NOTHING in known:
                    self._decide(job)
                    continue
                key = key_of(key, known)  # type: ignore[arg-type]
            trace = take(job, key)
            if trace is None:
                self._stale(job, key)
            elif trace[4] or active or index in self._dependants:
                self._fresh(job, trace)
            else:
                status[index] = _DONE
                results[index] = trace[2]
                outputs[index] = trace[5]
                attempts[index] = trace[6]
                done += 1
        self._counts[_DONE] += done
        self._counts[_WAITING] += admitted - done

    def _is_target(self, job: Job) -> bool:
        """Whether the job is wanted for its value; asked only about values in files."""
        if self._targets is None:
            self._targets = {top.index for top in self._graph.top()}
        return job.index in self._targets

    # -- decisions ---------------------------------------------------------------------------

    def _move(self, job: Job, status: int) -> None:
        counts, index = self._counts, job.index
        counts[self.status[index]] -= 1
        counts[status] += 1
        self.status[index] = status

    def _decide(self, job: Job) -> None:
        """Settle, make ready, or let wait one job."""
        if self.status[job.index] == _DELEGATED:
            self._conclude(job)
            return
        results = self.results
        unsettled = [u for u in job.upstream if results[u.index] is None]
        if unsettled:
            self._wait(job, unsettled)
            return
        if self._outdated and self._rests_on_outdated(job):
            self._held.append(job)
            return
        key = self.known_key(job)
        assert key is not None
        if self._settled_at.pop(job.index, None) == key and job.index not in self.revived:
            self._settle(job, self._before[job.index].result or b"")
            return
        trace = None if job.index in self.revived else self._rebuilder.take(job, key)
        if trace is None:
            self._stale(job, key)
        else:
            self._fresh(job, trace)

    def _is_done(self, index: int) -> bool:
        return self.status[index] == _DONE and index not in self._outdated

    def _is_rival(self, job_id: str, key: Digest) -> bool:
        """Whether a job that was not decided yet has this key, as far as that is known."""
        job = self._graph.jobs.get(job_id)
        if job is None or self.status[job.index] not in {_UNWANTED, _WAITING}:
            return False
        return self.known_key(job) == key

    def known_key(self, job: Job) -> Digest | None:
        """The key of a job, if all that it rests on has a result now."""
        told, ordered = self.identities.told, self.identities.ordered
        inputs = [told(u) for u in job.inputs]
        extra = [ordered(u) for u in job.extra]
        if None in inputs or None in extra or job.definition is None:
            return None
        return key_of(job.definition, inputs, extra)  # type: ignore[arg-type]

    def _wait(self, job: Job, upstream: Iterable[Job]) -> None:
        awaited = list(dict.fromkeys(upstream))
        if any(self.status[other.index] in {_FAILED, _BLOCKED} for other in awaited):
            self._block(job)
            return
        for other in awaited:
            if self.status[other.index] == _UNWANTED:
                self._admissions.append([other])
            self._dependants.setdefault(other.index, []).append(job)
        self._waiting[job.index] = len(awaited)

    def _fresh(self, job: Job, trace: TraceHead) -> None:
        if trace[4]:
            self.traces[job.index] = trace
        self.identities.attempts[job.index] = trace[6]
        if job.command.kind.each_run and not self._looking:
            self._stale(job, trace[1])
        elif trace[4] & _CHILDREN:
            expansion = self._memory.expand(job, trace)
            if expansion is not None:
                self._expand(job, trace[2], expansion)
                return
            self._miss(job, trace[2])
            self._stale(job, trace[1])
        elif self._is_missed(job, trace):
            self._miss(job, trace[2])
            self._stale(job, trace[1])
        else:
            self.outputs[job.index] = trace[5]
            self._settle(job, trace[2])

    def _is_missed(self, job: Job, trace: TraceHead) -> bool:
        """Whether what a fresh job left is wanted for itself, and not there."""
        if trace[4] & _FILE and self._is_target(job) and self._lacking(job):
            return True
        return job.index in self.effects.asked and not self._has_files(job, trace[2], trace[5])

    def _stale(self, job: Job, key: Digest) -> None:
        self.effects.made.discard(job.index)
        if job.command.kind:
            result = self._without_run(job, key)
            if result is not None:
                self._settle(job, result)
                return
        self.keys[job.index] = key
        if job.command.options.keep_failed and self._memory.keeps_failure(job, key):
            self._fail(job, _FAILED)
            return
        missing = self._missing(job.inputs)
        if self.effects.active:
            missing += [base for base in self.effects.needs(job) if not self._is_there(base)]
        if missing:
            self._wait(job, missing)
            for holder in missing:
                self._revive(holder)
            return
        self._move(job, _READY)
        self.ready.push(job)

    def _without_run(self, job: Job, key: Digest) -> Digest | None:
        """The result of a job that need not run to have one; None for all others."""
        match job.command.kind:
            case Kind.INVARIANT:
                return self._memory.invariant(job)
            case Kind.PART:
                return self._memory.part(job, self.outputs[whole(job).index])
            case Kind.LOADING if job.index not in self.revived:
                return key
            case _:
                return None

    def _is_there(self, base: Job) -> bool:
        """Whether loaded data, or the files of a job, are there to be read."""
        index = base.index
        if base.command.kind is Kind.LOADING:
            return index in self.effects.made
        result = self.results[index]
        return result is not None and self._has_files(base, result, self.outputs[index])

    def _has_files(self, job: Job, result: Digest, outputs: bytes | None) -> bool:
        return outputs is None or self._memory.has_files(job, result, outputs)

    def _missing(self, jobs: Sequence[Job]) -> list[Job]:
        """Those of the jobs, or of what they promised, whose values are not there (yet)."""
        if not self.traces and not self.revived:
            return []
        doubtful: dict[Digest, list[Job]] = {}
        missing: list[Job] = []
        for job in self.holders(jobs) if self.promised else jobs:
            trace = self.traces.get(job.index)
            if job.index in self.revived and self.results[job.index] is None:
                missing.append(job)
            elif trace is not None and trace[4] & _FILE and trace[2] not in self._present:
                doubtful.setdefault(trace[2], []).append(job)
        self._present |= self._memory.present(doubtful) if doubtful else set()
        for digest, holders in doubtful.items():
            if digest not in self._present:
                missing.extend(holders)
        return missing

    def _lacking(self, job: Job) -> list[Job]:
        """What is missing of a target's value. That a job is only pretended to be done is what was
        asked for: it runs when another one needs its value, not for being a target."""
        return [holder for holder in self._missing([job]) if not self.is_pretended(holder)]

    def is_pretended(self, job: Job) -> bool:
        """Whether the job counts as done without ever having given this result."""
        trace = self.traces.get(job.index)
        return trace is not None and bool(trace[4] & _PRETENDED)

    def _revive(self, job: Job) -> None:
        """Run a settled job again because somebody needs its value, which is gone."""
        if self.status[job.index] in {_DONE, _DELEGATED}:
            self._miss(job, self.value_of(job))
            self._reopen(job)

    def _miss(self, job: Job, result: Digest | None) -> None:
        """Something that a job left is not there."""
        self.traces.pop(job.index, None)
        self.revived.add(job.index)
        if result is not None:
            self._lost[job.index] = result, self.identities.attempts[job.index]

    def origin(self, job: Job, result: Digest) -> int | None:
        """The attempt that a running job repeats, if it runs only because what that one left is
        missing, and gave the same again: it stands for this one too."""
        before, attempt = self._lost.get(job.index, (None, None))
        return attempt if before == result else None

    def _reopen(self, job: Job) -> None:
        """Decide about a settled job again."""
        if self.results[job.index] is not None:
            self._before[job.index] = self.identities.standing(job)
        self._outdated.pop(job.index, None)
        if self.effects.active:
            self.effects.unsettled(job)
        self._move(job, _WAITING)
        self.results[job.index] = None
        self._agenda.append(job)

    def _settle(self, job: Job, result: Digest) -> None:
        self._move(job, _DONE)
        self.results[job.index] = result
        if self._before:
            self._compare(job, self._before.pop(job.index, None))
        if self.effects.active:
            self.effects.settled(job)
        if self._outdated and self._rests_on_outdated(job):
            self._mark(job)
        for dependant in self._dependants.pop(job.index, ()):
            left = self._waiting[dependant.index] - 1
            self._waiting[dependant.index] = left
            if not left and self.status[dependant.index] in {_WAITING, _DELEGATED}:
                self._agenda.append(dependant)

    # -- results that turned out others ------------------------------------------------------

    def _compare(self, job: Job, before: Standing | None) -> None:
        """Outdate what rests on a job that is settled again, but not as before."""
        if before is None:
            return
        now = self.identities.standing(job)
        if now != before:
            self._outdate(
                user
                for user in self.effects.users(job)
                if (now.told != before.told and job in user.inputs)
                or (now.ordered != before.ordered and job in user.extra)
            )

    def _outdate(self, users: Iterable[Job]) -> None:
        """What these jobs rest on is another now: all that are settled by the old one, directly
        or not, are decided about again, as soon as nothing runs that may be reading what they
        made. Until then nothing begins that rests on them."""
        agenda = [user for user in users if self._is_outdatable(user)]
        for user in agenda:
            self._mark(user)
            self._settled_at.pop(user.index, None)
        while agenda:
            for user in self.effects.users(agenda.pop()):
                if self._is_outdatable(user):
                    self._mark(user)
                    agenda.append(user)

    def _is_outdatable(self, job: Job) -> bool:
        return self._is_done(job.index) and job.index not in self.promised

    def _mark(self, job: Job) -> None:
        self._outdated[job.index] = job
        key = self.known_key(job)
        if key is not None:
            self._settled_at[job.index] = key
        if self.effects.active:
            self.effects.unsettled(job)

    def _rests_on_outdated(self, job: Job) -> bool:
        return not self._outdated.keys().isdisjoint([u.index for u in job.upstream])

    def _redo(self) -> None:
        """Decide again about what is outdated, if nothing runs."""
        counts = self._counts
        while self._outdated or self._held:
            if counts[_RUNNING] or counts[_READY] or self.stopping:
                break
            for job in list(self._outdated.values()):
                self._reopen(job)
            self._agenda.extend(self._held)
            self._held.clear()
            self._drain()

    # -- jobs that define jobs ---------------------------------------------------------------

    def _expand(self, job: Job, template: Digest, expansion: Expansion) -> None:
        """Take in what a generator made; it is settled when all that it promised is (rule 15)."""
        self.grow(expansion.children)
        self.templates[job.index] = template
        self.promised[job.index] = tuple(expansion.promised)
        self._move(job, _DELEGATED)
        unsettled = [p for p in expansion.promised if self.results[p.index] is None]
        wanted = self._lasting(
            [c for c in expansion.children if self._recurse or c.id in self._wanted_children]
        )
        self._admissions.append([*wanted, *expansion.promised])
        if unsettled:
            self._wait(job, unsettled)
        else:
            self._conclude(job)

    def _conclude(self, job: Job) -> None:
        """Settle a generator, as all that it promised is; unless its value is wanted but gone."""
        missing = self._lacking(job) if self._is_target(job) else []
        if job in missing:
            self._revive(job)
        elif missing:
            self._wait(job, missing)
            for holder in missing:
                self._revive(holder)
        else:
            template, promised = self.templates[job.index], self.promised[job.index]
            self._settle(job, self.identities.delegate(job, template, promised))

    def _lasting(self, jobs: Sequence[Job]) -> Sequence[Job]:
        """The jobs that are wanted for themselves, not only as far as others need them."""
        effects = self.effects
        return [job for job in jobs if effects.is_wanted(job)] if effects.active else jobs

    def grow(self, jobs: Iterable[Job] = ()) -> None:
        """Make room for jobs that came into the graph."""
        more = self._graph.size - len(self.status)
        self.status.extend(bytes(more))
        self.results.extend([None] * more)
        self.outputs.extend([None] * more)
        self.identities.grow(more)
        self.effects.grow(jobs)

    def _drain(self) -> None:
        """Decide about all that recent events concern."""
        while self._agenda or self._admissions:
            while self._admissions:
                self._admit(self._unwanted_upstream(self._admissions.popleft()))
            while self._agenda and not self._admissions:
                self._decide(self._agenda.popleft())

    def _unwanted_upstream(self, jobs: Iterable[Job]) -> list[Job]:
        """``jobs`` and their upstream as far as nothing was decided about them, in order."""
        found = {job.index: job for job in jobs if not self.status[job.index]}
        stack = list(found.values())
        while stack:
            for upstream in stack.pop().upstream:
                if upstream.index not in found and not self.status[upstream.index]:
                    found[upstream.index] = upstream
                    stack.append(upstream)
        return [found[index] for index in sorted(found)]

    def _block(self, job: Job) -> None:
        self._move(job, _BLOCKED)
        self._block_dependants(job)

    def _block_dependants(self, job: Job) -> None:
        stack = [job]
        while stack:
            for dependant in self._dependants.pop(stack.pop().index, ()):
                if self.status[dependant.index] in {_WAITING, _DELEGATED}:
                    self._move(dependant, _BLOCKED)
                    stack.append(dependant)

    def _fail(self, job: Job, status: int) -> None:
        self._move(job, status)
        if status == _FAILED:
            self._block_dependants(job)
            self.stopping = self.stopping or self._fail_fast

    def holders(self, jobs: Iterable[Job]) -> list[Job]:
        """The jobs, and all that they promised."""
        found: dict[int, Job] = {}
        stack = list(jobs)
        while stack:
            job = stack.pop()
            if job.index not in found:
                found[job.index] = job
                stack.extend(self.promised.get(job.index, ()))
        return list(found.values())

    def value_of(self, job: Job) -> Digest | None:
        """The digest of what a settled job gave, promises left open."""
        return self.templates.get(job.index) or self.results[job.index]
