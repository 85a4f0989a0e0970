"""The state of every job now, computed from traces and attempts (rule 10)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from weft.graph.graph import Graph
from weft.model.job import Job
from weft.model.resources import DEFAULT_OPTIONS, Options
from weft.model.states import AttemptState, JobState
from weft.scheduler.memory import Remembered
from weft.scheduler.plan import Plan
from weft.scheduler.ready import Budget
from weft.scheduler.status import Status
from weft.store.store import Store

if TYPE_CHECKING:
    from weft.model.reasons import Reason
    from weft.store.rows import JobRow


@dataclass(slots=True)
class Survey:
    """States and reasons of all jobs at one moment."""

    graph: Graph
    plan: Plan
    remembered: Remembered
    states: Mapping[str, JobState]

    def reasons(self, job: Job) -> tuple[Reason, ...]:
        """Why a job is stale; empty when it is fresh, or waits for others to be certain."""
        from weft.model.reasons import NeverRun

        if job.index not in self.plan.keys:
            return ()
        return self.remembered.reasons(job, self.plan) or (NeverRun(),)

    def awaited(self, job: Job) -> tuple[Job, ...]:
        """The jobs that must be done before this one is: its upstream, and what it promised."""
        return _awaited(self.graph, self.plan, job)

    def was_done(self, job: Job) -> bool:
        """Whether the job has a trace of its own, fresh or stale."""
        return self.remembered.prior(job) is not None


def survey(
    store: Store,
    graph: Graph,
    running: Mapping[str, int] = MappingProxyType({}),
    chosen: Sequence[Job] | None = None,
) -> Survey:
    """Decide about all jobs, run none, write nothing.

    Parameters
    ----------
    chosen
        Jobs to decide about, with their upstream, where the others don't matter; None: all. A graph
        with generators is always decided about as a whole.
    running
        Numbers of the attempts that are under way, by job id (see ``weft.store.live``); one that
        has ended since does not count.
    """
    remembered = Remembered(store, graph)
    plan = Plan(graph, remembered.rebuilder, remembered, budget=Budget(1, 0), looking=True)
    dynamic = any(command.dynamic for command in graph.commands.values())
    if chosen is None or dynamic:
        plan.want(None)
        jobs: Collection[Job] = graph.jobs.values()
    else:
        jobs = plan.consider(chosen)
        remembered.load_past([job.id for job in jobs])
    if dynamic:
        recall(graph, (row for row in store.generated_jobs() if _is_of_stale(row, graph, plan)))
        plan.grow()
    return Survey(graph, plan, remembered, _states(graph, jobs, plan, remembered, running))


def recall(graph: Graph, rows: Iterable[JobRow]) -> None:
    """Put remembered jobs into the graph; those that can't run have no function there."""
    for row in rows:
        if row.active and row.job_id not in graph.jobs:
            command = graph.named_command(
                row.name, row.code or b"", _tagged(row.tags), row.dynamic, (), row.kind
            )
            graph.add_remembered(
                row.job_id,
                command,
                row.definition,
                inputs=row.inputs,
                extra=row.extra,
                definer=row.definer,
                spec=row.spec,
            )


def _tagged(tags: tuple[str, ...]) -> Options:
    return replace(DEFAULT_OPTIONS, tags=tags) if tags else DEFAULT_OPTIONS


def _is_of_stale(row: JobRow, graph: Graph, plan: Plan) -> bool:
    """Whether a generator that must run again made this job: it stays as it was (rule 16)."""
    definer = graph.jobs.get(row.definer) if row.definer is not None else None
    return definer is not None and definer.index not in plan.promised


def _states(
    graph: Graph,
    jobs: Collection[Job],
    plan: Plan,
    remembered: Remembered,
    running: Mapping[str, int],
) -> dict[str, JobState]:
    """The states of ``jobs``; in one step where all are done, as 100,000 may be."""
    status_of, done = plan.status, int(Status.DONE)
    if not running and len(jobs) == status_of.count(done):
        return dict.fromkeys([job.id for job in jobs], JobState.DONE)
    failures = _failures(plan, remembered, jobs)
    under_way = {name for name, number in running.items() if _goes_on(remembered, name, number)}
    states: dict[str, JobState] = {}
    for job in jobs:
        status = status_of[job.index]
        if job.id in under_way:
            state = JobState.RUNNING
        elif status == done:
            state = JobState.DONE
        elif job.index in failures:
            state = failures[job.index]
        elif status in {Status.READY, Status.FAILED}:
            state = JobState.READY
        else:
            state = JobState.WAITING
        states[job.id] = state
    _block(graph, jobs, plan, states)
    return states


def _goes_on(remembered: Remembered, job_id: str, number: int) -> bool:
    past = remembered.past(job_id)
    return past is None or past.number < number


FAILED = frozenset({JobState.FAILED, JobState.TIMED_OUT, JobState.OUT_OF_MEMORY})


def _block(graph: Graph, jobs: Collection[Job], plan: Plan, states: dict[str, JobState]) -> None:
    """Mark all that waits for a failed job; a generator also waits for what it promised."""
    stack = [job for job in jobs if states[job.id] in FAILED]
    dependants: dict[int, list[Job]] = {}
    for job in jobs if stack else ():
        if states[job.id] is JobState.WAITING:
            for other in _awaited(graph, plan, job):
                dependants.setdefault(other.index, []).append(job)
    while stack:
        for job in dependants.pop(stack.pop().index, ()):
            if states[job.id] is JobState.WAITING:
                states[job.id] = JobState.BLOCKED
                stack.append(job)


def _awaited(graph: Graph, plan: Plan, job: Job) -> tuple[Job, ...]:
    awaited = job.upstream + plan.promised.get(job.index, ())
    if job.definer is not None and plan.status[job.index] == Status.UNWANTED:
        awaited += (graph.jobs[job.definer],)
    return awaited


def _failures(plan: Plan, remembered: Remembered, jobs: Collection[Job]) -> dict[int, JobState]:
    """Jobs that must run and whose newest attempt ended badly, by index.

    One that failed stays in sight when it was edited: that is when people look for it. One that
    was cancelled just has to run, unless that was at its present key.
    """
    found = {}
    for job in jobs if plan.keys else ():
        key = plan.keys.get(job.index)
        past = remembered.past(job.id) if key is not None else None
        if past is None or past.key is None or past.state == AttemptState.DONE:
            continue
        state = AttemptState(past.state)
        if state.failed or past.key == key:
            found[job.index] = state.job_state
    return found
