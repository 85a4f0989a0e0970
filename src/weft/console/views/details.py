"""``details``: all that is known of a job."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from weft.console.text.reasons import reason_documents, reasons_words
from weft.console.text.render import LOOKS
from weft.console.text.screen import Screen, Tone, hung
from weft.console.text.view import View, plain
from weft.console.text.words import (
    count_words,
    duration_words,
    name_list,
    one_line,
    output_line,
    size_words,
)
from weft.model.reasons import Reason
from weft.model.states import AttemptState, JobState


@dataclass(frozen=True, slots=True)
class AttemptLine:
    """One execution of a job."""

    number: int
    state: AttemptState
    started: float
    """Seconds since the epoch."""
    seconds: float
    cpu: float
    """Seconds of processor time."""
    place: str
    """Executor, host and pid."""
    memory: int | None
    """Bytes."""
    cause: str
    reasons: tuple[Reason, ...]

    def document(self, function: str) -> dict[str, object]:
        """As programs read it."""
        found = plain(replace(self, reasons=()))
        assert isinstance(found, dict)
        return {**found, "reasons": reason_documents(self.reasons, function)}


@dataclass(frozen=True, slots=True)
class Details:
    """All about one job."""

    job_id: str
    function: str
    state: JobState
    verdict: str
    """Why it is in this state, in words."""
    definers: tuple[str, ...]
    """Ids of the generators that lead to it, outermost first; none for the script's jobs."""
    arguments: str
    result: str
    """Of a fresh job, shortened."""
    size: int | None
    """Bytes of the result."""
    options: Mapping[str, object]
    """Those that differ from the defaults."""
    dependencies: tuple[str, ...]
    dependants: tuple[str, ...]
    defined: tuple[str, ...]
    """Ids of the jobs that it defined."""
    packages: tuple[str, ...]
    """Installed packages that its code reaches, with the versions of its newest attempt."""
    attempts: tuple[AttemptLine, ...]
    stdout: str
    stderr: str
    traceback: str

    def document(self) -> dict[str, object]:
        """As programs read it."""
        found = plain(self)
        assert isinstance(found, dict)
        found["attempts"] = [attempt.document(self.function) for attempt in self.attempts]
        return found


@dataclass(frozen=True, slots=True)
class DetailsPages(View):
    """All about some jobs.

    Attributes
    ----------
    max_lines
        Of each output at most; None for all.
    """

    jobs: tuple[Details, ...]
    max_lines: int | None = None

    def document(self) -> object:
        """A list with one object per job."""
        return [job.document() for job in self.jobs]

    def lines(self, screen: Screen) -> Iterator[str]:
        if not self.jobs:
            yield "No jobs."
        for number, job in enumerate(self.jobs):
            if number:
                yield ""
            yield from _page(job, self.max_lines, screen)


def _page(job: Details, max_lines: int | None, screen: Screen) -> Iterator[str]:
    look = LOOKS[job.state]
    state = screen.paint(f"{look.glyph} {job.state.value}", look.tone)
    yield screen.paint(one_line(job.job_id), Tone.STRONG)
    yield f"  {'state:':<13}{state}"
    for label, text in _facts(job):
        if text:
            yield from hung(f"  {label + ':':<13}", one_line(text), screen)
    for attempt in job.attempts:
        yield from _attempt(attempt, job.function, screen)
    for label, text in (
        ("traceback", job.traceback),
        ("stdout", job.stdout),
        ("stderr", job.stderr),
    ):
        if text.strip():
            yield f"  {label}:"
            yield from _tail(text.rstrip().splitlines(), max_lines)


def _tail(lines: list[str], most: int | None) -> Iterator[str]:
    left_out = len(lines) - most if most is not None else 0
    if left_out > 0:
        yield f"    [... {count_words(left_out, 'line')} before; max_lines={len(lines)} shows all]"
    for line in lines[max(left_out, 0) :]:
        yield f"    {output_line(line)}"


def _facts(job: Details) -> list[tuple[str, str]]:
    options = ", ".join(f"{name}={value}" for name, value in job.options.items())
    size = f" ({size_words(job.size)})" if job.size and job.result else ""
    return [
        ("because", job.verdict),
        ("call", _call(job)),
        ("options", options),
        ("defined by", " > ".join(job.definers) or "the script"),
        ("result", f"{job.result}{size}"),
        ("depends on", name_list(job.dependencies)),
        ("needed by", name_list(job.dependants)),
        ("defined", name_list(job.defined)),
        ("packages", ", ".join(job.packages)),
    ]


def _call(job: Details) -> str:
    if not job.arguments:
        return f"{job.function}(…)"
    if job.arguments.endswith(",)"):  # a tuple of one, as Python writes it
        return f"{job.function}{job.arguments[:-2]})"
    return f"{job.function}{job.arguments}"


def _attempt(attempt: AttemptLine, function: str, screen: Screen) -> Iterator[str]:
    when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(attempt.started))
    memory = f", {size_words(attempt.memory)}" if attempt.memory else ""
    what = attempt.cause or attempt.state.job_state.value
    cpu = f" (cpu {duration_words(attempt.cpu)})" if attempt.seconds >= 1.0 else ""
    text = f"{when}, {duration_words(attempt.seconds)}{cpu}, {attempt.place}{memory}: {what}"
    yield from hung(f"  attempt {attempt.number}:  ", one_line(text), screen)
    if attempt.reasons:
        because = f"ran because {reasons_words(attempt.reasons, function)}"
        yield from hung(" " * 14, one_line(because), screen)
