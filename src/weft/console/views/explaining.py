"""``why``: builds explanations; renders nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from weft.console.views.explanations import (
    Blocked,
    Cancelled,
    DidRun,
    Difference,
    Explanation,
    Explanations,
    Fresh,
    Runs,
    Verdict,
    Waits,
    WillRun,
)
from weft.console.views.failing import failure
from weft.console.views.sight import FEW, Sight, differing
from weft.fingerprint.origin import package_versions
from weft.graph.definition import arguments_text
from weft.model.job import Job
from weft.model.reasons import NeverRun, from_json
from weft.model.states import JobState
from weft.scheduler.survey import FAILED
from weft.store.rows import TraceFlag

ACCEPTED = TraceFlag.ACCEPTED | TraceFlag.PRETENDED


def explain_all(seen: Sight) -> Explanations:
    """What there is something to say of: what failed, is blocked or stale, and what an edit ran."""
    last_run = seen.last_run
    found = [
        _explanation(seen, job)
        for job in seen.chosen(())
        if seen.state(job) is not JobState.DONE or last_run.get(job.id) is not None
    ]
    news = [e for e in found if _is_news(seen, e)]
    ran = tuple(e for e in news if isinstance(e.verdict, DidRun))
    rest = tuple(e for e in news if not isinstance(e.verdict, DidRun))
    return Explanations(rest, of_all=True, ran=ran)


def _is_news(seen: Sight, found: Explanation) -> bool:
    match found.verdict:
        case Fresh() | DidRun(reasons=()) | WillRun(reasons=(NeverRun(),)):
            return False
        case Waits():
            return seen.survey.was_done(seen.graph.jobs[found.job_id])
    return True


def explain(seen: Sight, jobs: Sequence[Job], *, with_differences: bool = False) -> Explanations:
    """Why these jobs are as they are."""
    if len(jobs) > FEW:
        seen.last_run  # noqa: B018 - one query for all of them, instead of one for each
    found = []
    for job in jobs:
        differences = tuple(_differences(seen, job)) if with_differences else ()
        one = _explanation(seen, job)
        found.append(replace(one, upgrades=_upgrades(seen, job), differences=differences))
    return Explanations(tuple(found))


def _upgrades(seen: Sight, job: Job) -> tuple[str, ...]:
    """Packages that are of another version now than when the job's result was made."""
    trace = seen.survey.remembered.prior(job) if job.command.packages else None
    if trace is None or trace.run is None:
        return ()
    before = seen.store.packages(trace.run)
    now = package_versions(job.command.packages)
    return tuple(
        f"{name} {before[name]} -> {now[name]}"
        for name in now
        if before.get(name, now[name]) != now[name]
    )


def _explanation(seen: Sight, job: Job) -> Explanation:
    return Explanation(job.id, job.command.name, seen.state(job), verdict(seen, job))


def verdict(seen: Sight, job: Job) -> Verdict:
    """Why one job is as it is."""
    state = seen.state(job)
    if state is JobState.DONE:
        return _why_fresh(seen, job)
    if state is JobState.RUNNING:
        return Runs()
    if state is JobState.CANCELLED:
        return Cancelled()
    if state is JobState.BLOCKED:
        return Blocked(seen.culprits(job))
    attempt = seen.newest_attempt(job) if state in FAILED else None
    if attempt is not None:
        return failure(attempt.outcome(*seen.store.output(attempt.id)))
    reasons = seen.reasons(job)
    if reasons:
        return WillRun(reasons)
    awaited = [a.id for a in seen.survey.awaited(job) if seen.state(a) is not JobState.DONE]
    return Waits(tuple(awaited))


def _why_fresh(seen: Sight, job: Job) -> Verdict:
    head = seen.survey.plan.traces.get(job.index)
    if head is not None and head[4] & ACCEPTED:
        return Fresh(accepted=True)
    ran, reason = seen.ran_last(job)
    if not ran:
        return Fresh()
    if not seen.is_of_newest_attempt(job):
        return Fresh(again=True)
    return DidRun(from_json(reason) if reason else ())


def _differences(seen: Sight, job: Job) -> Iterator[Difference]:
    """What is another than in the job's trace before: of a stale one the newest, else the last."""
    past = seen.survey.remembered.past(job.id)
    stale = seen.state(job) is not JobState.DONE
    traces = past.traces if past is not None else ()
    if len(traces) < (1 if stale else 2):
        return
    before = seen.store.trace(traces[-1] if stale else traces[-2])
    if stale:
        changed = seen.changed_code(job, before)
        after = arguments_text(job)
    else:
        newest = seen.store.trace(traces[-1])
        changed = differing(seen.code_of(before.code), seen.code_of(newest.code))
        after = newest.arguments_text
    yield from (Difference(*names) for names in changed)
    if before.arguments_text != after:
        yield Difference("arguments", before.arguments_text, after)
