"""``log`` and ``top``: what jobs printed, and what is running now."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from weft.console.progress.live import about_words
from weft.console.progress.printed import printed_lines
from weft.console.progress.status import calm_words
from weft.console.text.render import LOOKS, Cell, table
from weft.console.text.screen import Screen, Tone, hung, shorten
from weft.console.text.view import View
from weft.console.text.words import count_words, duration_words, one_line, size_words
from weft.console.views.trail import Printed, follow_trail
from weft.errors import UserError
from weft.model.states import JobState
from weft.store.live import Live, LiveJob, read

if TYPE_CHECKING:
    from weft.model.job import Job
    from weft.store.rows import AttemptRow
    from weft.store.store import Store

SLOWEST = 10
"""Jobs of the last run that ``top`` shows when nothing runs."""
STAGE_COLUMNS = 30
"""That what a job told of its progress takes at most in ``top``."""


# -- log -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LogPage:
    """What one attempt of a job printed.

    Attributes
    ----------
    attempt
        Its number; None when the job never ran.
    state
        How it ended, or running.
    remark
        What is to be said when there is nothing to show.
    """

    job_id: str
    function: str
    attempt: int | None
    state: JobState | None
    stdout: str
    stderr: str
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Log(View):
    """What jobs printed."""

    jobs: tuple[LogPage, ...]

    def lines(self, screen: Screen) -> Iterator[str]:
        """The text as it was printed; with heads where there is more than one."""
        for page in self.jobs:
            if len(self.jobs) > 1:
                yield screen.paint(_head(page), Tone.STRONG)
            yield from _page(page, screen)

    def document(self) -> object:
        """A list with one object per job."""
        whole = View.document(self)
        assert isinstance(whole, dict)
        return whole["jobs"]


def _head(page: LogPage) -> str:
    state = f", {page.state.value}" if page.state is not None else ""
    number = f", attempt {page.attempt}" if page.attempt is not None else ""
    return f"== {one_line(page.job_id)}{number}{state}"


def _page(page: LogPage, screen: Screen) -> Iterator[str]:
    if page.remark:
        yield from hung("", one_line(page.remark), screen)
    both = bool(page.stdout and page.stderr)
    for name, text in (("stdout", page.stdout), ("stderr", page.stderr)):
        if text:
            if both:
                yield screen.paint(f"-- {name}", Tone.FAINT)
            yield from printed_lines(text, screen)


def log(
    store: Store, jobs: Sequence[Job], *, attempt: int | None = None, lines: int | None = None
) -> Log:
    """What these jobs printed: by default in their newest attempts, also if that still runs.

    Parameters
    ----------
    attempt
        Number of the attempt instead of the newest one.
    lines
        How many of each stream are shown at most, from the end.
    """
    live = read(store.folder)
    pages = []
    for job in jobs:
        running = _running(live, job.id)
        if live is not None and running is not None and attempt in {None, running.attempt}:
            page = _page_of_running(job, live, running)
        else:
            page = _page_of_past(store, job, attempt)
        pages.append(page if lines is None else _shortened(page, lines))
    return Log(tuple(pages))


def _running(live: Live | None, job_id: str) -> LiveJob | None:
    jobs = live.jobs if live is not None else ()
    return next((one for one in jobs if one.id == job_id), None)


def _page_of_running(job: Job, live: Live, running: LiveJob) -> LogPage:
    remark = ""
    with follow_trail(live, running) as trail:
        printed = trail.read() if trail is not None else Printed()
    if trail is None:
        remark = f"{job.id} runs on {live.host}: what it prints can be read when it has ended."
    elif not any(printed.texts):
        remark = f"{job.id} is running and has printed nothing so far."
    name, (stdout, stderr) = job.command.name, printed.texts
    return LogPage(job.id, name, running.attempt, JobState.RUNNING, stdout, stderr, remark)


def _page_of_past(store: Store, job: Job, number: int | None) -> LogPage:
    attempts = store.chronicle.attempts(job.id)
    if number is not None:
        attempts = [one for one in attempts if one.number == number]
        if not attempts:
            raise UserError(
                f"Job {job.id!r} has no attempt {number}.",
                cure=f"details {job.id} lists its attempts.",
            )
    if not attempts:
        remark = f"{job.id} never ran."
        return LogPage(job.id, job.command.name, None, None, "", "", remark)
    return page_of_attempt(store, job, attempts[-1])


def page_of_attempt(store: Store, job: Job, row: AttemptRow) -> LogPage:
    """What an attempt printed that has ended."""
    stdout, stderr = store.output(row.id)
    remark = "" if stdout or stderr else f"{job.id} printed nothing."
    return LogPage(
        job.id,
        job.command.name,
        row.number,
        row.state.job_state,
        stdout or "",
        stderr or "",
        remark,
    )


def _shortened(page: LogPage, lines: int) -> LogPage:
    from dataclasses import replace

    def end(text: str) -> str:
        return "".join(text.splitlines(keepends=True)[-lines:])

    return replace(page, stdout=end(page.stdout), stderr=end(page.stderr))


def outcome_line(row: AttemptRow, screen: Screen) -> list[str]:
    """How an attempt ended, in one line."""
    state = row.state.job_state
    look = LOOKS[state]
    cause = row.cause
    words = f"{state.value}: {cause}" if cause and cause != state.value else state.value
    text = one_line(f"{row.job_id} {words}, after {duration_words(row.duration)}")
    return hung(f"{screen.paint(look.glyph, look.tone)} ", text, screen)


# -- top -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TopJob:
    """A job that runs."""

    job_id: str
    function: str
    worker: int
    pid: int
    seconds: float
    stage: str
    memory: int | None
    """Bytes."""
    cpu: float | None
    """Processors kept busy."""


@dataclass(frozen=True, slots=True)
class TopRun:
    """A make that goes on."""

    run: int | None
    pid: int
    host: str
    seconds: float
    workers: int
    paused: bool
    done: int
    failed: int
    blocked: int
    cancelled: int
    waiting: int
    total: int
    left: float | None
    """Seconds; None when nobody knows."""
    jobs: tuple[TopJob, ...]
    """Longest first."""


@dataclass(frozen=True, slots=True)
class SlowJob:
    """A job of the last run."""

    job_id: str
    function: str
    state: JobState
    seconds: float
    memory: int | None
    """Bytes."""


@dataclass(frozen=True, slots=True)
class Top(View):
    """What runs now; if nothing does, what took longest in the last run."""

    going_on: TopRun | None
    slowest: tuple[SlowJob, ...] = ()

    def lines(self, screen: Screen) -> Iterator[str]:
        """A table of the jobs, below a summary."""
        if self.going_on is not None:
            yield from _run_lines(self.going_on, screen)
            return
        yield "No make is going on here."
        if self.slowest:
            yield "The slowest jobs of the last run:"
            yield from table([_SLOW_HEADS, *map(_slow_cells, self.slowest)], screen)


def top(folder: Path, now: float | None = None) -> TopRun | None:
    """The make that goes on in a folder, as its process told last; None when there is none."""
    live = read(folder)
    if live is None:
        return None
    now = time.time() if now is None else now
    jobs = sorted((_top_job(one, now) for one in live.jobs), key=lambda job: -job.seconds)
    return TopRun(
        run=live.run,
        pid=live.pid,
        host=live.host,
        seconds=max(now - live.began, 0.0),
        workers=live.workers,
        paused=live.paused,
        done=live.done,
        failed=live.failed,
        blocked=live.blocked,
        cancelled=live.cancelled,
        waiting=live.waiting,
        total=live.total,
        left=live.left,
        jobs=tuple(jobs),
    )


def _top_job(job: LiveJob, now: float) -> TopJob:
    return TopJob(
        job_id=job.id,
        function=job.function,
        worker=job.number,
        pid=job.pid,
        seconds=max(now - job.started, 0.0),
        stage=job.progress,
        memory=job.rss,
        cpu=job.cpu,
    )


def slowest(store: Store) -> tuple[SlowJob, ...]:
    """The jobs of the last run that took longest."""
    runs = store.chronicle.runs(1)
    attempts = store.chronicle.attempts_of_run(runs[-1].id) if runs else []
    attempts.sort(key=lambda row: -row.duration)
    functions = {row.job_id: row.name for row in store.jobs()} if attempts else {}
    return tuple(
        SlowJob(
            row.job_id,
            functions.get(row.job_id, ""),
            row.state.job_state,
            row.duration,
            row.max_rss,
        )
        for row in attempts[:SLOWEST]
    )


def _run_lines(run: TopRun, screen: Screen) -> Iterator[str]:
    number = f"Run {run.run}" if run.run is not None else "A run"
    state = ", paused" if run.paused else ""
    head = f"{number} of process {run.pid} on {run.host}, for {calm_words(run.seconds)}{state}"
    yield from hung("", one_line(head), screen)
    yield from hung("", ", ".join(_count_parts(run)), screen)
    yield from hung("", ", ".join(_use_parts(run)), screen)
    if run.jobs:
        yield ""
        yield from table([_TOP_HEADS, *map(_top_cells, run.jobs)], screen)


def _count_parts(run: TopRun) -> list[str]:
    parts = [f"{run.done}/{run.total} done"]
    parts += [
        f"{number} {what}"
        for number, what in (
            (run.failed, "failed"),
            (run.blocked, "blocked"),
            (run.cancelled, "cancelled"),
            (run.waiting, "waiting"),
        )
        if number
    ]
    return parts if run.left is None else [*parts, f"{about_words(run.left)} left"]


def _use_parts(run: TopRun) -> list[str]:
    parts = [f"{len(run.jobs)} of {count_words(run.workers, 'worker')} busy"]
    if any(job.memory is not None for job in run.jobs):
        parts.append(f"{size_words(sum(job.memory or 0 for job in run.jobs))} of memory")
    if any(job.cpu is not None for job in run.jobs):
        parts.append(f"{sum(job.cpu or 0.0 for job in run.jobs):.1f} processors busy")
    return parts


def _heads(*names: str, right: int) -> list[Cell]:
    """Heads of a table, the last ``right`` of them above numbers."""
    first = len(names) - right
    return [Cell(name, Tone.STRONG, right=place >= first) for place, name in enumerate(names)]


_TOP_HEADS = _heads("", "job", "stage", "time", "cpu", "memory", right=3)
_SLOW_HEADS = _heads("", "job", "function", "time", "memory", right=2)


def _top_cells(job: TopJob) -> list[Cell]:
    return [
        Cell(str(job.worker), LOOKS[JobState.RUNNING].tone),
        Cell(job.job_id),
        Cell(shorten(job.stage, STAGE_COLUMNS), Tone.FAINT),
        Cell(calm_words(job.seconds), right=True),
        Cell("" if job.cpu is None else f"{100 * job.cpu:.0f}%", right=True),
        Cell("" if job.memory is None else size_words(job.memory), right=True),
    ]


def _slow_cells(job: SlowJob) -> list[Cell]:
    look = LOOKS[job.state]
    return [
        Cell(look.glyph, look.tone),
        Cell(job.job_id),
        Cell(f"{job.function}()", Tone.FAINT),
        Cell(duration_words(job.seconds), right=True),
        Cell("" if job.memory is None else size_words(job.memory), right=True),
    ]
