"""Builds views from the store and the survey; writes nothing, renders nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from weft.console.views import (
    AttemptLine,
    Blocked,
    Cancelled,
    Details,
    DidRun,
    Explanation,
    Failure,
    Fresh,
    FunctionLine,
    JobLine,
    Verdict,
    Waits,
    WillRun,
)
from weft.fingerprint.fingerprinter import Fingerprinter
from weft.graph.definition import arguments_text
from weft.graph.selection import select
from weft.model.job import Command, Digest, Job
from weft.model.outcome import ErrorReport, Outcome, describe
from weft.model.reasons import CodeChanged, NeverRun, Reason, from_json
from weft.model.states import AttemptState, JobState
from weft.scheduler.survey import Survey, survey
from weft.store.rows import AttemptRow
from weft.store.store import Store

if TYPE_CHECKING:
    from weft.context import Context

TAIL_LINES = 6
"""Lines of a traceback, and of each output, that a failure shows without being asked."""

FAILED = frozenset({JobState.FAILED, JobState.TIMED_OUT, JobState.OUT_OF_MEMORY})


@dataclass(slots=True)
class Sight:
    """The store and the state of every job, at one moment."""

    store: Store
    survey: Survey
    last_run: int | None
    """Number of the newest run that had something to do."""
    _fingerprinter: Fingerprinter = field(default_factory=Fingerprinter)
    _parts: dict[int, dict[tuple[str, str], Digest]] = field(default_factory=dict)

    def chosen(self, words: Sequence[str]) -> list[Job]:
        """The jobs that the words name; all of them without words."""
        graph = self.survey.graph
        return select(words, graph, lambda: self.survey.states) if words else list(graph)

    def state(self, job: Job) -> JobState:
        return self.survey.states[job.id]

    def is_stale(self, job: Job) -> bool:
        """Whether the job has a result of its own that does not count now."""
        return self.state(job) is not JobState.DONE and self.survey.was_done(job)

    def reasons(self, job: Job) -> tuple[Reason, ...]:
        """Why a job is stale, with the parts of its code that changed."""
        reasons = self.survey.reasons(job)
        if CodeChanged() not in reasons:
            return reasons
        changed = CodeChanged(self._changed_parts(job))
        return tuple(changed if reason == CodeChanged() else reason for reason in reasons)

    def _changed_parts(self, job: Job) -> tuple[str, ...]:
        """Of code that never ran: the store has the parts of its last version only."""
        prior = self.survey.remembered.prior(job)
        function = job.command.function
        if prior is None or function is None:
            return ()
        before = {(p.kind, p.name): p.digest for p in self.store.code_parts(prior.code)}
        if not before:
            return ()
        after = self._parts_now(function, job.command)
        names = [*after, *(key for key in before if key not in after)]
        return tuple(dict.fromkeys(k[1] for k in names if before.get(k) != after.get(k)))

    def _parts_now(
        self, function: Callable[..., Any], command: Command
    ) -> dict[tuple[str, str], Digest]:
        parts = self._parts.get(id(command))
        if parts is None:
            fingerprint = self._fingerprinter.code(function, command.options)
            parts = {(p.kind, p.name): p.digest for p in fingerprint.parts}
            self._parts[id(command)] = parts
        return parts


@contextmanager
def sight(context: Context) -> Iterator[Sight]:
    """Look at a context as it is now."""
    context.prepare()
    with context.reading() as store:
        runs = store.runs()
        yield Sight(store, survey(store, context.graph), runs[-1].id if runs else None)


# -- lists -----------------------------------------------------------------------------------


def job_lines(seen: Sight, jobs: Sequence[Job], *, with_reasons: bool) -> tuple[JobLine, ...]:
    """One line per job."""
    durations = seen.store.durations()
    return tuple(
        JobLine(
            id=job.id,
            function=job.command.name,
            state=seen.state(job),
            stale=seen.is_stale(job),
            seconds=durations.get(job.id),
            reasons=_reasons(seen, job) if with_reasons else (),
        )
        for job in jobs
    )


def function_lines(seen: Sight, jobs: Sequence[Job]) -> tuple[FunctionLine, ...]:
    """One line per function, in the order of their first jobs."""
    durations = seen.store.durations()
    counts: dict[str, dict[JobState, int]] = defaultdict(lambda: defaultdict(int))
    seconds: dict[str, float] = defaultdict(float)
    for job in jobs:
        name = job.command.name
        counts[name][seen.state(job)] += 1
        seconds[name] += durations.get(job.id, 0.0)
    return tuple(FunctionLine(name, dict(found), seconds[name]) for name, found in counts.items())


def _reasons(seen: Sight, job: Job) -> tuple[Reason, ...]:
    return () if seen.state(job) is JobState.DONE else seen.reasons(job)


# -- why -------------------------------------------------------------------------------------


def explain_all(seen: Sight) -> tuple[Explanation, ...]:
    """What there is something to say of: what failed, is blocked or stale, and what an edit ran."""
    found = []
    for job in seen.survey.graph:
        verdict = _verdict(seen, job)
        match verdict:
            case Fresh() | DidRun(reasons=()) | WillRun(reasons=(NeverRun(),)):
                continue
            case Waits() if not seen.survey.was_done(job):
                continue
        found.append(_explanation(seen, job, verdict))
    return tuple(found)


def explain(seen: Sight, jobs: Sequence[Job]) -> tuple[Explanation, ...]:
    """Why these jobs are as they are."""
    return tuple(_explanation(seen, job, _verdict(seen, job)) for job in jobs)


def _explanation(seen: Sight, job: Job, verdict: Verdict) -> Explanation:
    return Explanation(job.id, job.command.name, seen.state(job), verdict)


def _verdict(seen: Sight, job: Job) -> Verdict:
    state = seen.state(job)
    if state is JobState.DONE:
        return _why_fresh(seen, job)
    if state is JobState.CANCELLED:
        return Cancelled()
    if state in FAILED:
        attempt = seen.store.attempts(job.id)[-1]
        stdout, stderr = seen.store.output(attempt.id)
        return failure(_outcome(attempt, stdout, stderr))
    if state is JobState.BLOCKED:
        return Blocked(_culprits(seen, job))
    reasons = seen.reasons(job)
    if reasons:
        return WillRun(reasons)
    return Waits(tuple(u.id for u in job.upstream if seen.state(u) is not JobState.DONE))


def _why_fresh(seen: Sight, job: Job) -> Verdict:
    attempt = seen.survey.remembered.attempts().get(job.id)
    if attempt is None or seen.last_run is None:
        return Fresh()
    newest = seen.store.attempts(job.id)[-1]
    if newest.run != seen.last_run or newest.state.failed:
        return Fresh()
    return DidRun(from_json(newest.reason) if newest.reason else ())


def _culprits(seen: Sight, job: Job) -> tuple[str, ...]:
    """The failed jobs upstream of a blocked one."""
    failed = [u for u in seen.survey.graph.upstream_of([job]) if seen.state(u) in FAILED]
    return tuple(u.id for u in failed)


def failure(outcome: Outcome) -> Failure:
    """What to show at once of an attempt that ended badly."""
    cause = describe(outcome).split("\n", 1)[0]
    tail = [f"  {line}" for line in _traceback_tail(outcome.error)]
    for name, text in (("stdout", outcome.stdout), ("stderr", outcome.stderr)):
        lines = (text or "").rstrip().splitlines()[-TAIL_LINES:]
        tail += [f"  {name}: {line}" for line in lines]
    return Failure(cause, tuple(tail))


def _traceback_tail(error: ErrorReport | None) -> list[str]:
    if error is None:
        return []
    if error.frames:
        last = error.frames[-1]
        places = [f'File "{last.file}", line {last.line}, in {last.function}']
        places += [f"  {last.source.strip()}"] if last.source.strip() else []
        more = str(error).splitlines()[1 : 1 + TAIL_LINES]
        return places + more
    lines = error.text.rstrip().splitlines()
    return [] if len(lines) < 2 else lines[-TAIL_LINES:]


def _outcome(row: AttemptRow, stdout: str | None = None, stderr: str | None = None) -> Outcome:
    return Outcome(
        row.state,
        row.started,
        row.duration,
        pid=row.pid,
        stdout=stdout,
        stderr=stderr,
        error=row.error,
        exit_code=row.exit_code,
        signal=row.signal,
        note=row.note,
    )


# -- details ---------------------------------------------------------------------------------


def details(seen: Sight, jobs: Sequence[Job]) -> tuple[Details, ...]:
    """All that is known of these jobs."""
    dependants: dict[str, list[str]] = {job.id: [] for job in jobs}
    for job in seen.survey.graph:
        for upstream in job.upstream:
            if upstream.id in dependants:
                dependants[upstream.id].append(job.id)
    return tuple(_details(seen, job, dependants[job.id]) for job in jobs)


def _details(seen: Sight, job: Job, dependants: Sequence[str]) -> Details:
    attempts = seen.store.attempts(job.id)
    newest = attempts[-1] if attempts else None
    stdout, stderr = seen.store.output(newest.id) if newest else (None, None)
    failed = newest is not None and newest.state.failed
    error = newest.error if newest is not None and failed else None
    return Details(
        id=job.id,
        function=job.command.name,
        state=seen.state(job),
        definer=job.definer,
        arguments=_arguments(seen, job),
        dependencies=tuple(dict.fromkeys(u.id for u in job.upstream)),
        dependants=tuple(dependants),
        defined=tuple(seen.survey.graph.generated.get(job.id, ())),
        reasons=_reasons(seen, job),
        attempts=tuple(_attempt_line(row) for row in attempts),
        stdout=stdout or "",
        stderr=stderr or "",
        traceback=(error.text or str(error)) if error else "",
    )


def _arguments(seen: Sight, job: Job) -> str:
    if job.command.function is not None:
        return arguments_text(job)
    row = seen.store.job(job.id)
    return row.arguments_text if row else ""


def _attempt_line(row: AttemptRow) -> AttemptLine:
    place = f"{row.executor}, pid {row.pid}" if row.pid else row.executor
    return AttemptLine(
        number=row.number,
        state=row.state,
        started=row.started,
        seconds=row.duration,
        place=f"{place} on {row.host}" if row.host else place,
        memory=row.max_rss,
        cause="" if row.state is AttemptState.DONE else describe(_outcome(row)).split("\n", 1)[0],
        reasons=from_json(row.reason) if row.reason else (),
    )
