"""What people see while a run goes on: a live line, or plain lines at most once a second."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from weft.console.screen import Screen, Tone, columns_of, hung, shorten
from weft.console.words import duration_words, one_line
from weft.errors import MakeFailed
from weft.model.job import Job
from weft.model.outcome import Outcome
from weft.scheduler.loop import Loop
from weft.scheduler.summary import RunSummary

if TYPE_CHECKING:
    from weft.console.estimate import Estimator
    from weft.context import Context
    from weft.errors import MakeFailed
    from weft.model.job import Job
    from weft.model.outcome import Outcome
    from weft.scheduler.loop import Loop

LIVE_SECONDS = 0.25
"""Between two repaints of the live line."""
PLAIN_SECONDS = 1.0
"""Between two plain lines, where nothing can be painted over."""
NAME_COLUMNS = 24
"""That the name of a running job takes at most."""
TOLD_COLUMNS = 30
"""That what it told of its progress takes at most."""
FULL_FAILURES = 10
"""Failures that are shown with the end of their output; later ones take one line each."""
LISTED_FAILURES = 50
"""Failures that are shown at all."""


@dataclass(frozen=True, slots=True)
class JobProgress:
    """How far a running job is; ``told`` is what it said by ``weft.progress``."""

    name: str
    seconds: float
    told: str = ""

    def __str__(self) -> str:
        told = f" {shorten(one_line(self.told), TOLD_COLUMNS)}" if self.told else ""
        return f"{shorten(one_line(self.name), NAME_COLUMNS)} {_calm_words(self.seconds)}{told}"


def _calm_words(seconds: float) -> str:
    """A duration whose text changes at most once a second."""
    return duration_words(seconds) if seconds >= 59.5 else f"{seconds:.0f} s"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is, at one moment.

    Attributes
    ----------
    running
        The running jobs, longest first.
    left
        Seconds that the rest will take; None when nobody can know.
    """

    done: int
    total: int
    failed: int
    blocked: int
    waiting: int
    running: tuple[JobProgress, ...]
    left: float | None


def progress_of(loop: Loop, left: float | None) -> Progress:
    """The snapshot of a loop."""
    counts, now = loop.plan.counts(), time.time()
    running = [
        JobProgress(job.task.job.id, max(now - job.started, 0.0), job.progress)
        for job in loop.executor.running()
    ]
    return Progress(
        done=counts.done,
        total=counts.total,
        failed=counts.failed,
        blocked=counts.blocked,
        waiting=counts.waiting + counts.ready,
        running=tuple(sorted(running, key=lambda job: -job.seconds)),
        left=left,
    )


def progress_line(progress: Progress, width: int) -> str:
    """A run in one line of at most ``width`` columns; names give way first.

    >>> jobs = (JobProgress("fit-1", 2.0, "epoch 3/9"), JobProgress("fit-2", 1.0))
    >>> progress_line(Progress(3, 9, 1, 0, 1, jobs, 4.0), 100)
    '3/9 done, 2 running (fit-1 2 s epoch 3/9, fit-2 1 s), 1 failed, 1 waiting, 4 s left'
    >>> progress_line(Progress(3, 9, 1, 2, 1, jobs, None), 74)
    '3/9 done, 2 running (fit-1 2 s epoch 3/9), 1 failed, 2 blocked, 1 waiting'
    """
    after = [
        f"{number} {what}"
        for number, what in (
            (progress.failed, "failed"),
            (progress.blocked, "blocked"),
            (progress.waiting, "waiting"),
        )
        if number
    ]
    if progress.left is not None:
        after.append(f"{_calm_words(progress.left)} left")
    before = f"{progress.done}/{progress.total} done"
    if not progress.running:
        return shorten(", ".join([before, *after]), width)
    before = f"{before}, {len(progress.running)} running"
    rest = "".join(f", {part}" for part in after)
    names = _names_in(progress.running, width - columns_of(before) - columns_of(rest))
    return shorten(f"{before}{names}{rest}", width)


def _names_in(running: Sequence[JobProgress], width: int) -> str:
    """As many running jobs as fit, in brackets."""
    shown: list[str] = []
    for job in running:
        more = [*shown, str(job)]
        if columns_of(", ".join(more)) + 3 > width:
            break
        shown = more
    return f" ({', '.join(shown)})" if shown else ""


class StatusReporter:
    """Tells on a screen how a run goes; implements ``weft.scheduler.loop.Reporter``.

    Parameters
    ----------
    n
        Jobs that may run at the same time, for the estimate of what is left.
    """

    def __init__(self, screen: Screen, context: Context, n: int) -> None:
        self._screen = screen
        self._context = context
        self._n = n
        self._estimator: Estimator | None = None
        self._loop: Loop | None = None
        self._next = 0.0
        self._painted = False
        self._failures = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def tick(self, loop: Loop) -> None:
        """Repaint, when it is time to."""
        now = time.monotonic()
        if self._loop is None:
            self._loop = loop
            self._next = now + (LIVE_SECONDS if self._screen.live else PLAIN_SECONDS)
        elif now >= self._next:
            self._next = now + (LIVE_SECONDS if self._screen.live else PLAIN_SECONDS)
            self._say(progress_of(loop, self._left(loop, now)))

    def _left(self, loop: Loop, now: float) -> float | None:
        if self._estimator is None:
            from weft.console.estimate import Estimator

            self._estimator = Estimator(self._context, self._n)
        return self._estimator.left(loop, now)

    def _say(self, progress: Progress) -> None:
        if self._screen.live:
            line = progress_line(progress, self._screen.width - 1)
            self._screen.write(f"\r{line}\x1b[K")
            self._painted = True
        else:
            self._screen.line(progress_line(progress, self._screen.width))

    def failed(self, job: Job, outcome: Outcome, *, again: bool) -> None:
        """Say at once that a job failed, and why."""
        self._failures += 1
        if self._failures > LISTED_FAILURES:
            return
        from weft.console.failing import failure

        found = failure(outcome)
        mark = self._screen.paint("✗", Tone.BAD)
        what = f"{job.id} failed{', trying again' if again else ''}: {found.cause}"
        lines = hung(f"{mark} ", one_line(what), self._screen)
        for tail in found.tail if self._failures <= FULL_FAILURES else ():
            parts = hung("    ", one_line(tail), self._screen)
            lines += [self._screen.paint(part, Tone.FAINT) for part in parts]
        if self._failures == LISTED_FAILURES:
            lines.append("Further failures are not listed here.")
        self._print(lines)

    def note(self, job: Job, text: str) -> None:
        """Say something about a job that did not fail."""
        mark = self._screen.paint("–", Tone.WARNING)
        self._print(hung(f"{mark} ", one_line(f"{job.id}: {text}"), self._screen))

    def _print(self, lines: Sequence[str]) -> None:
        self.close()
        self._screen.line("\n".join(lines))

    def close(self) -> None:
        """Take the live line away."""
        if self._painted:
            self._screen.write("\r\x1b[K")
            self._painted = False

    def summary(self, error: MakeFailed) -> str:
        """What a run with failures did, in one line."""

        loop = self._loop
        if loop is None:
            return f"{len(error.failed)} failed, {len(error.blocked)} blocked."
        return str(
            RunSummary(
                ran=loop.ran,
                counts=loop.plan.counts(),
                failed=error.failed,
                blocked=error.blocked,
                seconds=time.monotonic() - loop.started,
            )
        )
