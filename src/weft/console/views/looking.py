"""``ls``, ``stats`` and ``details``: builds their views; renders nothing."""

from __future__ import annotations

import os
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from weft.console.views.details import AttemptLine, Details, DetailsPages
from weft.console.views.explaining import verdict
from weft.console.views.explanations import verdict_words
from weft.console.views.listing import LARGE, FunctionLine, JobLines, Listing, More, Tally
from weft.console.views.sight import FEW, Sight
from weft.errors import WeftError
from weft.graph.definition import arguments_text, arguments_words, value_text
from weft.model.job import Job
from weft.model.kind import Kind
from weft.model.reasons import from_json
from weft.model.resources import DEFAULT_OPTIONS, Options
from weft.model.states import JobState
from weft.store.objects import ObjectLost
from weft.store.rows import AttemptRow

_STATES = tuple(JobState)
SORTS: Mapping[str, tuple[Callable[[JobLines, int], Any], bool]] = {
    "id": (lambda jobs, i: jobs.ids[i], False),
    "function": (lambda jobs, i: jobs.functions[i], False),
    "state": (lambda jobs, i: _STATES.index(jobs.states[i]), False),
    "time": (lambda jobs, i: jobs.seconds[i] or 0.0, True),
    "size": (lambda jobs, i: jobs.sizes[i] or 0, True),
    "memory": (lambda jobs, i: jobs.more[i].memory or 0, True),
    "age": (lambda jobs, i: jobs.ended[i] or 0.0, True),
}
"""What ``ls`` can sort by; and whether the largest (or newest) comes first."""


@dataclass(frozen=True, slots=True)
class Wish:
    """How a list is to be."""

    reasons: bool = False
    details: bool = False
    sort: str | None = None
    reverse: bool = False
    limit: int | None = None


def listing(seen: Sight, jobs: Sequence[Job], wish: Wish) -> Listing:
    """One line per job."""
    lines = _lines(seen, jobs, _sizes(seen, all_sizes=wish.details or wish.sort == "size"))
    if wish.details or wish.reasons or wish.sort == "memory":
        lines = replace(lines, more=_costs(seen, jobs))
    if wish.sort is not None or wish.reverse or wish.limit is not None:
        lines = lines.ordered(_order(lines, wish))
    if wish.reasons:
        found = [_with_reasons(seen, *one) for one in zip(lines.ids, lines.more, strict=True)]
        lines = replace(lines, more=found)
    left_out = len(jobs) - len(lines)
    return Listing(lines, time.time(), wish.reasons, wish.details, left_out)


def _order(lines: JobLines, wish: Wish) -> list[int]:
    order = list(range(len(lines)))
    if wish.sort is not None:
        key, descending = SORTS[wish.sort]
        order.sort(key=lambda i: key(lines, i), reverse=descending is not wish.reverse)
    elif wish.reverse:
        order.reverse()
    return order[: wish.limit]


def _with_reasons(seen: Sight, job_id: str, more: More) -> More:
    job = seen.graph.jobs[job_id]
    if seen.state(job) is JobState.DONE:
        return more
    why = verdict_words(verdict(seen, job), job.command.name)
    return more._replace(reasons=seen.reasons(job), why=why)


def _lines(seen: Sight, jobs: Sequence[Job], sizes: Mapping[bytes, int]) -> JobLines:
    ids = [job.id for job in jobs]
    seconds, ended = seen.store.columns.times(ids if len(jobs) <= FEW else None)
    found, results = seen.survey.states, seen.survey.plan.results
    states, done = list(map(found.__getitem__, ids)), JobState.DONE
    return JobLines(
        ids,
        [job.command.name for job in jobs],
        states,
        [s is not done and seen.is_stale(job) for job, s in zip(jobs, states, strict=True)],
        list(map(seconds.get, ids)),
        list(map(ended.get, ids)),
        [sizes.get(results[job.index] or b"") for job in jobs] if sizes else [None] * len(ids),
    )


def _costs(seen: Sight, jobs: Sequence[Job]) -> list[More]:
    newest, nothing = seen.store.columns.newest(), (None, None, 0)
    costs = []
    for job in jobs:
        cpu, memory, attempts = newest.get(job.id, nothing)
        level = len(_definers(seen, job)) + 1
        costs.append(
            More(
                level=level,
                dynamic=job.command.dynamic,
                cpu=cpu,
                memory=memory,
                attempts=attempts,
            )
        )
    return costs


def _sizes(seen: Sight, *, all_sizes: bool) -> Mapping[bytes, int]:
    """Bytes by result, of all or of the large ones."""
    return seen.store.columns.value_sizes(0 if all_sizes else LARGE)


def tally(seen: Sight, jobs: Sequence[Job]) -> Tally:
    """One line per function, in the order of their first jobs."""
    durations, found = seen.store.columns.durations(), seen.survey.states
    names = [job.command.name for job in jobs]
    ids = [job.id for job in jobs]
    # Identities, because Python's enums hash themselves by a call of 0.1 us.
    pairs = Counter(zip(names, map(id, map(found.__getitem__, ids)), strict=True))
    counts: dict[str, dict[JobState, int]] = {name: {} for name in names}
    known = {id(state): state for state in JobState}
    for (name, state), number in pairs.items():
        counts[name][known[state]] = number
    seconds: dict[str, list[float]] = defaultdict(list)
    for name, taken in zip(names, map(durations.get, ids), strict=True):
        if taken is not None:
            seconds[name].append(taken)
    return Tally(tuple(_function_line(name, counts[name], seconds[name]) for name in counts))


def _function_line(
    name: str, counts: Mapping[JobState, int], seconds: Sequence[float]
) -> FunctionLine:
    return FunctionLine(name, counts, sum(seconds), max(seconds, default=0.0), len(seconds))


def details(seen: Sight, jobs: Sequence[Job], max_lines: int | None) -> DetailsPages:
    """All that is known of these jobs."""
    dependants: dict[str, list[str]] = {job.id: [] for job in jobs}
    for job in seen.graph:
        for upstream in _above(seen, job):
            if upstream.id in dependants and job.command.kind is not Kind.FINAL:
                dependants[upstream.id].append(job.id)
    return DetailsPages(tuple(_details(seen, job, dependants[job.id]) for job in jobs), max_lines)


def _above(seen: Sight, job: Job) -> Sequence[Job]:
    """What a job depends on; a generator also on the jobs that it promised."""
    return (*job.upstream, *seen.survey.plan.promised.get(job.index, ()))


def _details(seen: Sight, job: Job, dependants: Sequence[str]) -> Details:
    attempts = seen.store.chronicle.attempts(job.id)
    newest = attempts[-1] if attempts else None
    stdout, stderr = seen.store.output(newest.id) if newest else (None, None)
    failed = newest is not None and not newest.state.done
    error = newest.error if newest is not None and failed else None
    return Details(
        job_id=job.id,
        function=job.command.name,
        state=seen.state(job),
        verdict=verdict_words(verdict(seen, job), job.command.name),
        definers=_definers(seen, job),
        arguments=arguments_words(_arguments(seen, job)),
        result=_result(seen, job),
        size=seen.store.columns.value_size(seen.survey.plan.results[job.index]),
        options=_options(job.command.options),
        dependencies=tuple(dict.fromkeys(u.id for u in _above(seen, job))),
        dependants=tuple(dict.fromkeys(dependants)),
        defined=tuple(seen.graph.generated.get(job.id, ())),
        packages=_packages(seen, job, newest),
        attempts=tuple(_attempt_line(row) for row in attempts),
        stdout=stdout or "",
        stderr=stderr or "",
        traceback=(error.text or str(error)) if error else "",
    )


def _definers(seen: Sight, job: Job) -> tuple[str, ...]:
    found: list[str] = []
    while job.definer is not None:
        found.append(job.definer)
        job = seen.graph.jobs[job.definer]
    return tuple(reversed(found))


def _options(options: Options) -> Mapping[str, object]:
    """Those that differ from the defaults, as text."""
    return {
        field.name: _option_text(getattr(options, field.name))
        for field in fields(options)
        if getattr(options, field.name) != getattr(DEFAULT_OPTIONS, field.name)
    }


def _option_text(value: object) -> str:
    if isinstance(value, tuple):
        return " ".join(one if isinstance(one, str) else value_text(one) for one in value)
    return value if isinstance(value, str) else value_text(value)


def _result(seen: Sight, job: Job) -> str:
    """The value of a fresh job in one line, or why it can't be shown."""
    if seen.state(job) is not JobState.DONE:
        return ""
    survey = seen.survey
    try:
        seen.check_trust("To read a value")
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
        cpu=row.cpu,
        place=place if row.host in {None, os.uname().nodename} else f"{place} on {row.host}",
        memory=row.max_rss,
        cause=row.cause,
        reasons=from_json(row.reason) if row.reason else (),
    )
