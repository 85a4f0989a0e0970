"""``why``: builds explanations; renders nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from weft.console.failing import failure, outcome_of
from weft.console.sight import Sight
from weft.console.views import (
    Blocked,
    Cancelled,
    DidRun,
    Explanation,
    Explanations,
    Fresh,
    Verdict,
    Waits,
    WillRun,
)
from weft.fingerprint.origin import package_versions
from weft.model.job import Job
from weft.model.reasons import NeverRun, from_json
from weft.model.states import JobState
from weft.scheduler.survey import FAILED


def explain_all(seen: Sight) -> Explanations:
    """What there is something to say of: what failed, is blocked or stale, and what an edit ran."""
    found = [_explanation(seen, job) for job in seen.survey.graph]
    news = [e for e in found if _is_news(seen, e)]
    ran = tuple(e for e in news if isinstance(e.verdict, DidRun))
    rest = tuple(e for e in news if not isinstance(e.verdict, DidRun))
    return Explanations(rest, of_all=True, ran=ran)


def _is_news(seen: Sight, found: Explanation) -> bool:
    match found.verdict:
        case Fresh() | DidRun(reasons=()) | WillRun(reasons=(NeverRun(),)):
            return False
        case Waits():
            return seen.survey.was_done(seen.survey.graph.jobs[found.id])
    return True


def explain(seen: Sight, jobs: Sequence[Job]) -> Explanations:
    """Why these jobs are as they are."""
    found = [_explanation(seen, job) for job in jobs]
    upgrades = [_upgrades(seen, job) for job in jobs]
    pairs = zip(found, upgrades, strict=True)
    return Explanations(tuple(replace(one, upgrades=packages) for one, packages in pairs))


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
    return Explanation(job.id, job.command.name, seen.state(job), _verdict(seen, job))


def _verdict(seen: Sight, job: Job) -> Verdict:
    state = seen.state(job)
    if state is JobState.DONE:
        return _why_fresh(seen, job)
    if state is JobState.CANCELLED:
        return Cancelled()
    if state is JobState.BLOCKED:
        return Blocked(seen.culprits(job))
    attempt = seen.newest_attempt(job) if state in FAILED else None
    if attempt is not None:
        return failure(outcome_of(attempt, *seen.store.output(attempt.id)))
    reasons = seen.reasons(job)
    if reasons:
        return WillRun(reasons)
    awaited = [a.id for a in seen.survey.awaited(job) if seen.state(a) is not JobState.DONE]
    return Waits(tuple(awaited))


def _why_fresh(seen: Sight, job: Job) -> Verdict:
    if job.id not in seen.last_run:
        return Fresh()
    if not seen.is_of_newest_attempt(job):
        return Fresh(again=True)
    reason = seen.last_run[job.id]
    return DidRun(from_json(reason) if reason else ())
