"""The state of every job now, computed from traces and attempts (rule 10)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from weft.graph.graph import Graph
from weft.model.job import Job
from weft.model.resources import DEFAULT_OPTIONS
from weft.model.states import AttemptState, JobState
from weft.scheduler.memory import Remembered
from weft.scheduler.plan import Plan, Status
from weft.scheduler.ready import Budget
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


def survey(store: Store, graph: Graph) -> Survey:
    """Decide about all jobs, run none, write nothing."""
    remembered = Remembered(store, graph)
    plan = Plan(graph, remembered.rebuilder, remembered, budget=Budget(1, 0))
    plan.want(None)
    if any(command.dynamic for command in graph.commands.values()):
        recall(graph, (row for row in store.jobs() if _is_of_stale(row, graph, plan)))
        plan.grow()
    return Survey(graph, plan, remembered, _states(graph, plan, remembered))


def recall(graph: Graph, rows: Iterable[JobRow]) -> None:
    """Put remembered jobs into the graph; those that can't run have no function there."""
    for row in rows:
        if row.active and row.job_id not in graph.jobs:
            command = graph.named_command(
                row.name, row.code or b"", DEFAULT_OPTIONS, row.dynamic, ()
            )
            graph.add_remembered(
                row.job_id,
                command,
                row.definition,
                inputs=row.inputs,
                extra=row.extra,
                definer=row.definer,
            )


def _is_of_stale(row: JobRow, graph: Graph, plan: Plan) -> bool:
    """Whether a generator that must run again made this job: it stays as it was (rule 16)."""
    definer = graph.jobs.get(row.definer) if row.definer is not None else None
    return definer is not None and definer.index not in plan.promised


def _states(graph: Graph, plan: Plan, remembered: Remembered) -> dict[str, JobState]:
    failures = _present_failures(plan, remembered, graph)
    states: dict[str, JobState] = {}
    for job in graph:
        status = plan.status[job.index]
        if status == Status.DONE:
            state = JobState.DONE
        elif job.index in failures:
            state = failures[job.index]
        elif status in {Status.READY, Status.FAILED}:
            state = JobState.READY
        else:
            state = JobState.WAITING
        states[job.id] = state
    _block(graph, plan, states)
    return states


FAILED = frozenset({JobState.FAILED, JobState.TIMED_OUT, JobState.OUT_OF_MEMORY})


def _block(graph: Graph, plan: Plan, states: dict[str, JobState]) -> None:
    """Mark all that waits for a failed job; a generator also waits for what it promised."""
    stack = [job for job in graph if states[job.id] in FAILED]
    dependants: dict[int, list[Job]] = {}
    for job in graph if stack else ():
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


def _present_failures(plan: Plan, remembered: Remembered, graph: Graph) -> dict[int, JobState]:
    """Jobs whose newest attempt ended badly at their present key, by index."""
    found = {}
    for job in graph if plan.keys else ():
        key = plan.keys.get(job.index)
        past = remembered.past(job.id) if key is not None else None
        if past is not None and past.key == key:
            state = AttemptState(past.state)
            if state.failed:
                found[job.index] = state.job_state
    return found
