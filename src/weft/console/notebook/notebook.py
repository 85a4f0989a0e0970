"""What notebooks show: a context and a promise as HTML, and a run while it goes on.

Plain HTML with colours that follow the notebook's theme; no widgets, so that it stays readable in
saved notebooks, in exported pages and without any extension.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import escape
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol, Self

from weft.console.progress.status import (
    FULL_FAILURES,
    LISTED_FAILURES,
    Progress,
    calm_words,
    progress_of,
)
from weft.console.text.render import LOOKS, Look
from weft.console.text.screen import Tone
from weft.console.text.words import count_words, one_line
from weft.console.views.failing import failure
from weft.console.views.sight import Sight, sight
from weft.errors import Interrupted
from weft.model.states import JobState
from weft.scheduler.summary import RunSummary, summarise
from weft.scheduler.survey import FAILED

if TYPE_CHECKING:
    from weft.console.progress.estimate import Estimator
    from weft.context import Context
    from weft.model.job import Job
    from weft.model.outcome import Outcome
    from weft.scheduler.loop import Loop

UPDATE_SECONDS = 0.25
"""Between two updates of the display; each is a message to the browser."""
RUNNING_SHOWN = 10
"""Running jobs that are listed."""
FAILED_SHOWN = 10
"""Failed jobs that the page of a context lists."""
SURVEYED_JOBS = 20_000
"""Up to this number of jobs a context's page has their states: 0.2 s."""

_COLOURS = {
    Tone.GOOD: "var(--jp-success-color1, #3a9a4b)",
    Tone.BAD: "var(--jp-error-color1, #d9362f)",
    Tone.WARNING: "var(--jp-warn-color1, #c77700)",
    Tone.BUSY: "var(--jp-info-color1, #1a86b0)",
    Tone.READY: "var(--jp-info-color1, #00868b)",
}
"""The theme's own where there is one; else readable on white and on black. Other tones inherit."""
_FAINT = "opacity:.7"
_INDENT = "margin:.2em 0 .2em 1.5em"


# -- pieces --------------------------------------------------------------------------------------


def text(words: str) -> str:
    """User's text, harmless and in one line.

    >>> text('<a>\\n"')
    '&lt;a&gt;\\\\n&quot;'
    """
    return escape(one_line(words))


def painted(words: str, tone: Tone) -> str:
    """Text in the colour of a tone.

    >>> painted("a", Tone.GOOD)
    '<span style="color:var(--jp-success-color1, #3a9a4b)">a</span>'
    """
    return f'<span style="color:{_COLOURS.get(tone, "inherit")}">{text(words)}</span>'


def _state_words(look: Look, number: int, name: str) -> str:
    return f"{painted(look.glyph, look.tone)}&nbsp;{number}&nbsp;{text(name)}"


def _block(lines: Iterable[str]) -> str:
    return f"<div>{''.join(f'<div>{line}</div>' for line in lines)}</div>"


# -- a context -----------------------------------------------------------------------------------


def context_html(context: Context) -> str:
    """A context as HTML: its folder, how many jobs are in which state, and what failed.

    Never raises: a store that can't be read is shown by its error.
    """
    head = f"<b>{text(repr(context))}</b> <span style='{_FAINT}'>{text(str(context.folder))}</span>"
    number = len(context.graph)
    if number > SURVEYED_JOBS:
        return _block([head, f"{number:,} jobs"])
    try:
        return _block([head, *_context_lines(context)])
    except Exception as error:  # noqa: BLE001 - a display that raises hides what it was asked for
        return _block([head, f"{painted('✗', Tone.BAD)} {text(str(error))}"])


def _context_lines(context: Context) -> Iterator[str]:
    with sight(context) as seen:
        counts = Counter(seen.survey.states[job.id] for job in context.graph)
        number = len(context.graph)
        words = [_state_words(LOOKS[s], counts[s], s.value) for s in JobState if counts[s]]
        yield " &nbsp; ".join([count_words(number, "job"), *words])
        failed = [job for job in context.graph if seen.state(job) in FAILED]
        for job in failed[:FAILED_SHOWN]:
            yield _failed_line(job, seen)
        if len(failed) > FAILED_SHOWN:
            yield f"<span style='{_FAINT}'>and {len(failed) - FAILED_SHOWN} more failed</span>"


def _failed_line(job: Job, seen: Sight) -> str:
    row, look = seen.newest_attempt(job), LOOKS[seen.state(job)]
    cause = row.cause if row is not None else ""
    return f"{painted(look.glyph, look.tone)} <code>{text(job.id)}</code> {text(cause)}"


# -- a run ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Told:
    """Something that was said of one job while the run went on."""

    job_id: str
    words: str
    tail: tuple[str, ...] = ()
    """The end of its output."""
    tone: Tone = Tone.BAD

    def html(self) -> str:
        """One line, which opens if there is output."""
        glyph = "✗" if self.tone is Tone.BAD else "–"
        line = f"{painted(glyph, self.tone)} <code>{text(self.job_id)}</code> {text(self.words)}"
        if not self.tail:
            return line
        output = "\n".join(text(part) for part in self.tail)
        return f"<details><summary>{line}</summary><pre style='{_INDENT}'>{output}</pre></details>"


def run_html(
    progress: Progress, told: Iterable[Told] = (), more: int = 0, summary: RunSummary | None = None
) -> str:
    """A run as HTML: a bar, counts, running jobs, what was told of jobs; in the end its summary.

    Parameters
    ----------
    more
        Failures that are not listed.
    """
    lines = [_bar(progress), _counts(progress) if summary is None else _ended(summary)]
    if summary is None:
        lines += _running(progress)
    lines += [one.html() for one in told]
    if more:
        lines.append(f"<span style='{_FAINT}'>and {more} more failed</span>")
    return _block(lines)


def _ended(summary: RunSummary) -> str:
    bad = summary.failed or summary.interrupted
    look = LOOKS[
        JobState.FAILED if summary.failed else JobState.CANCELLED if bad else JobState.DONE
    ]
    stopped = "Stopped. " if summary.interrupted else ""
    return f"{painted(look.glyph, look.tone)} {text(f'{stopped}{summary}')}"


def _bar(progress: Progress) -> str:
    parts = (
        (progress.done, Tone.GOOD),
        (progress.failed, Tone.BAD),
        (progress.blocked + progress.cancelled, Tone.WARNING),
        (len(progress.running), Tone.BUSY),
    )
    total = max(progress.total, 1)
    filled = "".join(
        f"<div style='width:{100 * number / total:.2f}%;background:{_COLOURS[tone]}'></div>"
        for number, tone in parts
        if number
    )
    return (
        f"<div role='progressbar' aria-valuemin='0' aria-valuemax='{progress.total}' "
        f"aria-valuenow='{progress.done}' style='display:flex;height:.6em;max-width:40em;"
        "margin:.3em 0;border:1px solid currentColor;border-radius:.3em;overflow:hidden'>"
        f"{filled}</div>"
    )


def _counts(progress: Progress) -> str:
    parts = [f"{progress.done}/{progress.total} done"]
    parts += [
        painted(f"{number} {name}", tone)
        for number, name, tone in (
            (len(progress.running), "running", Tone.BUSY),
            (progress.failed, "failed", Tone.BAD),
            (progress.blocked, "blocked", Tone.WARNING),
            (progress.cancelled, "cancelled", Tone.WARNING),
            (progress.waiting, "waiting", Tone.FAINT),
        )
        if number
    ]
    if progress.left is not None:
        parts.append(f"{calm_words(progress.left)} left")
    if progress.stopping:
        parts.append("stopping")
    return ", ".join(parts)


def _running(progress: Progress) -> Iterator[str]:
    longest = sorted(progress.running, key=lambda job: -job.seconds)
    look = LOOKS[JobState.RUNNING]
    for job in longest[:RUNNING_SHOWN]:
        told = f" {text(job.told)}" if job.told else ""
        name = f"{painted(look.glyph, look.tone)} <code>{text(job.name)}</code>"
        yield f"{name} {calm_words(job.seconds)}<span style='{_FAINT}'>{told}</span>"
    if len(longest) > RUNNING_SHOWN:
        yield f"<span style='{_FAINT}'>and {len(longest) - RUNNING_SHOWN} more running</span>"


class Shown(Protocol):
    """What IPython's ``display`` gives back: something on the page that can be replaced."""

    def update(self, obj: Any) -> None:
        """Show another thing in its place."""


class NotebookReporter:
    """Shows in a notebook how a run goes; implements ``weft.scheduler.loop.Reporter``."""

    echo = False

    def __init__(self, context: Context) -> None:
        self._context = context
        self._estimator: Estimator | None = None
        self._loop: Loop | None = None
        self._shown: Shown | None = None
        self._next = 0.0
        self._told: list[Told] = []
        self._failures = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        self.close(interrupted=isinstance(error, Interrupted))

    def tick(self, loop: Loop) -> None:
        """Update the display, when it is time to."""
        now = time.monotonic()
        self._loop = loop
        if now >= self._next:
            self._next = now + UPDATE_SECONDS
            self._show(run_html(progress_of(loop, self._left(loop, now)), self._told, self._more()))

    def _left(self, loop: Loop, now: float) -> float | None:
        if self._shown is None:
            return None  # a run that ends at once needs no estimate
        if self._estimator is None:
            from weft.console.progress.estimate import Estimator

            self._estimator = Estimator(self._context)
        return self._estimator.left(loop, now)

    def failed(self, job: Job, outcome: Outcome, *, again: bool) -> None:
        """Keep why a job failed, for the next update."""
        self._failures += 1
        if self._failures > LISTED_FAILURES:
            return
        found = failure(outcome)
        words = f"failed{', trying again' if again else ''}: {found.cause}"
        tail = tuple(found.tail) if self._failures <= FULL_FAILURES else ()
        self._told.append(Told(job.id, words, tail))

    def note(self, job: Job, text: str) -> None:
        """Keep what was said of a job that did not fail."""
        if len(self._told) < 2 * LISTED_FAILURES:
            self._told.append(Told(job.id, text, tone=Tone.WARNING))

    def printed(self, job: Job, outcome: Outcome) -> None:
        """Nothing: what jobs print is in their logs, and with their failures."""

    def _more(self) -> int:
        return max(self._failures - LISTED_FAILURES, 0)

    def close(self, *, interrupted: bool = False) -> None:
        """Show how the run ended."""
        loop = self._loop
        if loop is None:
            return
        summary = summarise(
            loop.plan,
            ran=loop.ran,
            seconds=time.monotonic() - loop.started,
            interrupted=interrupted,
        )
        self._loop = None
        self._show(run_html(progress_of(loop, None), self._told, self._more(), summary))

    def _show(self, html: str) -> None:
        ipython: Any = import_module("IPython.display")  # untyped, and often not installed
        page = ipython.HTML(html)
        if self._shown is None:
            self._shown = ipython.display(page, display_id=True)
        else:
            self._shown.update(page)
