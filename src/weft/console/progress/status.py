"""What people see while a run goes on: a live view, or plain lines at most once a second."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

from weft.console.text.screen import Screen, Tone, columns_of, hung, shorten
from weft.console.text.words import duration_words, one_line
from weft.scheduler.summary import RunSummary

if TYPE_CHECKING:
    from weft.console.progress.estimate import Estimator
    from weft.console.progress.keys import Kill, Steering, Terminal, Wish
    from weft.console.progress.live import Painter, Piece
    from weft.context import Context
    from weft.errors import MakeFailed
    from weft.model.job import Job
    from weft.model.outcome import Outcome
    from weft.scheduler.loop import Loop

LIVE_SECONDS = 0.25
"""Between two repaints of the live view."""
PLAIN_SECONDS = 1.0
"""Between two plain lines, where nothing can be painted over."""
NAME_COLUMNS = 24
"""That the name of a running job takes at most in a plain line."""
TOLD_COLUMNS = 30
"""That what it told of its progress takes at most there."""
FULL_FAILURES = 10
"""Failures that are shown with the end of their output; later ones take one line each."""
LISTED_FAILURES = 50
"""Failures that are shown at all."""


@dataclass(frozen=True, slots=True)
class JobProgress:
    """How far a running job is.

    Attributes
    ----------
    told
        What it said by ``weft.progress``.
    number
        Of its worker.
    memory
        Bytes; None where that is not known.
    """

    name: str
    seconds: float
    told: str = ""
    number: int = 1
    memory: int | None = None

    def __str__(self) -> str:
        told = f" {shorten(one_line(self.told), TOLD_COLUMNS)}" if self.told else ""
        return f"{shorten(one_line(self.name), NAME_COLUMNS)} {calm_words(self.seconds)}{told}"


def calm_words(seconds: float) -> str:
    """A duration whose text changes at most once a second.

    >>> calm_words(0.3), calm_words(8.2), calm_words(61)
    ('0 s', '8 s', '1 min 1 s')
    """
    return duration_words(seconds) if seconds >= 59.5 else f"{seconds:.0f} s"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is, at one moment.

    Attributes
    ----------
    running
        The running jobs.
    left
        Seconds that the rest will take; None when nobody can know.
    elapsed
        Seconds since the run began.
    """

    done: int
    total: int
    failed: int
    blocked: int
    waiting: int
    running: tuple[JobProgress, ...]
    left: float | None
    cancelled: int = 0
    elapsed: float = 0.0
    paused: bool = False
    stopping: bool = False


def progress_of(loop: Loop, left: float | None) -> Progress:
    """The snapshot of a loop; its running jobs by the number of their worker."""
    counts, now = loop.plan.counts(), time.time()
    running = [
        JobProgress(job.task.job.id, max(now - job.started, 0.0), job.progress, job.number, job.rss)
        for job in loop.running()
    ]
    return Progress(
        done=counts.done,
        total=counts.total,
        failed=counts.failed,
        blocked=counts.blocked,
        waiting=counts.waiting + counts.ready,
        running=tuple(sorted(running, key=lambda job: job.number)),
        left=left,
        cancelled=counts.cancelled,
        elapsed=time.monotonic() - loop.started,
        paused=loop.plan.paused,
        stopping=loop.plan.stopping,
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
        after.append(f"{calm_words(progress.left)} left")
    before = f"{progress.done}/{progress.total} done"
    if not progress.running:
        return shorten(", ".join([before, *after]), width)
    before = f"{before}, {len(progress.running)} running"
    rest = "".join(f", {part}" for part in after)
    longest_first = sorted(progress.running, key=lambda job: -job.seconds)
    names = _names_in(longest_first, width - columns_of(before) - columns_of(rest))
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
    """Tells on a screen how a run goes; implements ``weft.scheduler.summary.Reporter``.

    Parameters
    ----------
    n
        Jobs that may run at the same time.
    echo
        Whether what jobs print is shown when they end.
    keys
        Whether the run is steered by keys, where there is a person at a terminal.
    """

    def __init__(
        self, screen: Screen, context: Context, n: int, *, echo: bool = False, keys: bool = True
    ) -> None:
        self.echo = echo
        self._screen = screen
        self._context = context
        self._parallel = n > 1
        self._keys = keys
        self._estimator: Estimator | None = None
        self._loop: Loop | None = None
        self._view: _LiveView | None = None
        self._next = 0.0
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
            return
        if self._view is not None and self._view.steer(loop):
            self._next = now
        if now >= self._next:
            self._next = now + (LIVE_SECONDS if self._screen.live else PLAIN_SECONDS)
            loop.left = self._left(loop, now)
            self._say(loop)

    def _left(self, loop: Loop, now: float) -> float | None:
        if loop.plan.paused or loop.plan.stopping:
            return None
        if self._estimator is None:
            from weft.console.progress.estimate import Estimator

            self._estimator = Estimator(self._context)
        return self._estimator.left(loop, now)

    def _say(self, loop: Loop) -> None:
        progress = progress_of(loop, loop.left)
        if not self._screen.live:
            self._screen.line(progress_line(progress, self._screen.width))
            return
        if self._view is None:
            self._view = _LiveView(self._screen, keys=self._keys and loop.executor.apart)
        self._view.show(progress, loop.workers)

    def failed(self, job: Job, outcome: Outcome, *, again: bool) -> None:
        """Say at once that a job failed, and why."""
        self._failures += 1
        if self._failures > LISTED_FAILURES:
            return
        from weft.console.views.failing import failure

        found, screen = failure(outcome), self._wide()
        mark = screen.paint("✗", Tone.BAD)
        what = f"{job.id} failed{', trying again' if again else ''}: {found.cause}"
        lines = hung(f"{mark} ", one_line(what), screen)
        for tail in found.tail if self._failures <= FULL_FAILURES else ():
            parts = hung("    ", one_line(tail), screen)
            lines += [screen.paint(part, Tone.FAINT) for part in parts]
        if self._failures == LISTED_FAILURES:
            lines.append("Further failures are not listed here.")
        self._print(lines)

    def note(self, job: Job, text: str) -> None:
        """Say something about a job that did not fail."""
        screen = self._wide()
        mark = screen.paint("–", Tone.WARNING)
        self._print(hung(f"{mark} ", one_line(f"{job.id}: {text}"), screen))

    def printed(self, job: Job, outcome: Outcome) -> None:
        """Show what a job printed; with its id, where the lines of several come mixed."""
        from weft.console.progress.printed import printed_lines

        head = f"{self._screen.paint(one_line(job.id), Tone.FAINT)}: " if self._parallel else ""
        lines = [
            f"{head}{line}"
            for text in (outcome.stdout, outcome.stderr)
            for line in printed_lines(text or "", self._screen)
        ]
        if lines:
            self._print(lines)

    def _wide(self) -> Screen:
        """The screen, as wide as it is now."""
        if not self._screen.live:
            return self._screen
        from weft.console.progress.live import Size

        return replace(self._screen, width=Size.of(self._screen).columns)

    def _print(self, lines: Sequence[str]) -> None:
        text = "\n".join(lines)
        if self._view is not None:
            self._view.print(text)
        else:
            self._screen.line(text)

    def close(self) -> None:
        """Take the live view away, and give the terminal back."""
        view, self._view = self._view, None
        if view is not None:
            view.close()

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


class _LiveView:
    """The view on a terminal and the keys that steer the run; made when a run takes long enough.

    Before that the terminal is not touched, and nothing of this needs to be imported.
    """

    def __init__(self, screen: Screen, *, keys: bool) -> None:
        from weft.console.progress.keys import Steering, Terminal
        from weft.console.progress.live import Painter

        self._screen = screen
        self._painter: Painter = Painter(screen)
        self._terminal: Terminal | None = Terminal.of(screen, listens=keys)
        if self._terminal is not None:
            self._terminal.read()
        self._steering: Steering = Steering()

    def steer(self, loop: Loop) -> bool:
        """Do what keys ask for that were pressed; whether there were any."""
        keys = self._terminal.read() if self._terminal is not None else ""
        if not keys:
            return False
        running = {one.number: one.task.job.id for one in loop.running()}
        for wish in self._steering.press(keys, running):
            self._grant(wish, loop, set(running.values()))
        return True

    def _grant(self, wish: Wish | Kill, loop: Loop, running: set[str]) -> None:
        from weft.console.progress.keys import Kill, Wish

        if isinstance(wish, Kill) and wish.job_id in running:
            loop.kill(wish.job_id)
        elif isinstance(wish, Kill):
            self.print(f"{one_line(wish.job_id)} has ended already.")
        elif wish is Wish.PAUSE and loop.plan.paused:
            loop.resume()
        elif wish is Wish.PAUSE:
            loop.pause()
        elif wish is not Wish.REPAINT:
            loop.set_workers(loop.workers + (1 if wish is Wish.MORE else -1))

    def show(self, progress: Progress, workers: int) -> None:
        """Paint; not over a shell that has the terminal while this process is in the background."""
        from weft.console.progress.keys import in_front
        from weft.console.progress.live import Size, frame

        if self._terminal is not None and self._terminal.take_resumed():
            self._painter.forget()
        if not in_front(self._screen.stream):
            self._painter.forget()
            return
        foot = self._foot(workers)
        self._painter.paint(frame(progress, self._screen, Size.of(self._screen), foot))

    def _foot(self, workers: int) -> Piece | None:
        from weft.console.progress.live import HINT

        if self._steering.question:
            return self._steering.question, Tone.STRONG
        if self._terminal is None or not self._terminal.listening:
            return None
        return HINT.format(workers), Tone.FAINT

    def print(self, text: str) -> None:
        """Let a text stay above the view."""
        self._painter.print(text)

    def close(self) -> None:
        """Take the view away, and give the terminal back."""
        try:
            self._painter.clear()
        finally:
            if self._terminal is not None:
                self._terminal.close()
