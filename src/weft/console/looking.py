"""``ls``, ``stats`` and ``details``: builds their views; renders nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from weft.console.failing import outcome_of
from weft.console.sight import Sight
from weft.console.views import (
    AttemptLine,
    Details,
    DetailsPages,
    FunctionLine,
    JobLine,
    Listing,
    Tally,
)
from weft.errors import WeftError
from weft.graph.definition import arguments_text, value_text
from weft.model.job import Job
from weft.model.outcome import describe
from weft.model.reasons import from_json
from weft.model.states import AttemptState, JobState
from weft.store.objects import ObjectLost
from weft.store.rows import AttemptRow


def listing(seen: Sight, jobs: Sequence[Job], *, with_reasons: bool) -> Listing:
    """One line per job."""
    durations = seen.store.durations()
    lines = tuple(
        JobLine(
            id=job.id,
            function=job.command.name,
            state=seen.state(job),
            stale=seen.is_stale(job),
            seconds=durations.get(job.id),
            reasons=seen.reasons(job) if with_reasons else (),
        )
        for job in jobs
    )
    return Listing(lines, with_reasons)


def tally(seen: Sight, jobs: Sequence[Job]) -> Tally:
    """One line per function, in the order of their first jobs."""
    durations = seen.store.durations()
    counts: dict[str, dict[JobState, int]] = defaultdict(lambda: defaultdict(int))
    seconds: dict[str, float] = defaultdict(float)
    for job in jobs:
        name = job.command.name
        counts[name][seen.state(job)] += 1
        seconds[name] += durations.get(job.id, 0.0)
    lines = [FunctionLine(name, dict(found), seconds[name]) for name, found in counts.items()]
    return Tally(tuple(lines))


def details(seen: Sight, jobs: Sequence[Job]) -> DetailsPages:
    """All that is known of these jobs."""
    dependants: dict[str, list[str]] = {job.id: [] for job in jobs}
    for job in seen.survey.graph:
        for upstream in job.upstream:
            if upstream.id in dependants:
                dependants[upstream.id].append(job.id)
    return DetailsPages(tuple(_details(seen, job, dependants[job.id]) for job in jobs))


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
        result=_result(seen, job),
        dependencies=tuple(dict.fromkeys(u.id for u in job.upstream)),
        dependants=tuple(dependants),
        defined=tuple(seen.survey.graph.generated.get(job.id, ())),
        reasons=seen.reasons(job),
        packages=_packages(seen, job, newest),
        attempts=tuple(_attempt_line(row) for row in attempts),
        stdout=stdout or "",
        stderr=stderr or "",
        traceback=(error.text or str(error)) if error else "",
    )


def _result(seen: Sight, job: Job) -> str:
    """The value of a fresh job in one line, or why it can't be shown."""
    if seen.state(job) is not JobState.DONE:
        return ""
    survey = seen.survey
    try:
        value = seen.store.objects.load_input(survey.remembered.input_of(job, survey.plan))
    except ObjectLost:
        return "(its value is gone; the next job that needs it makes it again)"
    except WeftError as error:
        return f"({error.title})"
    return value_text(value)


def _packages(seen: Sight, job: Job, newest: AttemptRow | None) -> tuple[str, ...]:
    if newest is None or not job.command.packages:
        return ()
    versions = seen.store.packages(newest.run)
    return tuple(f"{name} {version}" for name, version in versions.items())


def _arguments(seen: Sight, job: Job) -> str:
    if job.command.function is not None:
        return arguments_text(job)
    trace = seen.store.newest_trace(job.id)
    if trace is not None:
        return trace.arguments_text
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
        cause="" if row.state is AttemptState.DONE else describe(outcome_of(row)).split("\n", 1)[0],
        reasons=from_json(row.reason) if row.reason else (),
    )
