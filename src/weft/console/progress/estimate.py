"""How long the rest of a run will take, from past durations; nothing rather than nonsense."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from weft.model.job import Job
from weft.scheduler.loop import Loop
from weft.scheduler.status import Status

if TYPE_CHECKING:
    from weft.context import Context

FRESH_SECONDS = 2.0
"""How long an estimate is counted down before it is made anew: a look at 100,000 jobs takes
50 ms."""
KNOWN_SHARE = 0.9
"""Of the jobs to come must have a past, for past durations to say anything."""
PACE_JOBS = 20
"""Finished jobs from which this run's own pace says something."""


def expected_seconds(
    jobs: Iterable[Job], durations: Mapping[str, float], means: Mapping[str, float], n: int
) -> float | None:
    """Seconds that ``jobs`` take on ``n`` lanes; None when too many of them have no past.

    Parameters
    ----------
    durations
        Seconds by job id.
    means
        Seconds by name of function, for jobs without a duration of their own.
    """
    total = longest = 0.0
    known = number = 0
    for job in jobs:
        number += 1
        seconds = durations.get(job.id, means.get(job.command.name))
        if seconds is not None:
            known += 1
            total += seconds
            longest = max(longest, seconds)
    if not number or known < KNOWN_SHARE * number:
        return None
    return max(total * number / known / n, longest)


class Estimator:
    """Estimates what is left of one run, for as many workers as it has at that time."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._durations: Mapping[str, float] | None = None
        self._means: dict[str, float] = {}
        self._made = 0.0
        self._left: float | None = None

    def left(self, loop: Loop, now: float) -> float | None:
        """Seconds that the rest of the run takes; None when nobody can know.

        Parameters
        ----------
        now
            By the monotonic clock.
        """
        if now - self._made >= FRESH_SECONDS:
            self._made, self._left = now, self._estimate(loop, now)
        return None if self._left is None else max(self._left - (now - self._made), 0.0)

    def _estimate(self, loop: Loop, now: float) -> float | None:
        durations = self._past()
        open_jobs = loop.plan.jobs_in(
            Status.WAITING, Status.READY, Status.RUNNING, Status.DELEGATED
        )
        seconds = expected_seconds(open_jobs, durations, self._means, loop.workers)
        if seconds is None:
            return self._by_pace(loop, len(open_jobs), now)
        under_way = sum(time.time() - running.started for running in loop.running())
        return max(seconds - under_way / loop.workers, 0.0)

    def _by_pace(self, loop: Loop, jobs: int, now: float) -> float | None:
        """As fast as up to now; said only when all jobs are known (a generator may add some)."""
        dynamic = any(
            job.command.dynamic for job in loop.plan.jobs_in(Status.WAITING, Status.READY)
        )
        if loop.ran < PACE_JOBS or dynamic:
            return None
        return jobs * (now - loop.started) / loop.ran

    def _past(self) -> Mapping[str, float]:
        if self._durations is None:
            with self._context.reading() as store:
                self._durations = store.columns.durations()
            by_function: dict[str, list[float]] = defaultdict(list)
            for job in self._context.graph:
                if job.id in self._durations:
                    by_function[job.command.name].append(self._durations[job.id])
            self._means = {
                name: sum(seconds) / len(seconds) for name, seconds in by_function.items()
            }
        return self._durations
