"""Views as text: the same data for a terminal and for a pipe."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from weft.console.reasons import reasons_in_general, reasons_words
from weft.console.screen import Screen, Tone, columns_of, hung, shorten
from weft.console.views import (
    AttemptLine,
    Blocked,
    Cancelled,
    Details,
    DetailsPages,
    DidRun,
    Explanation,
    Explanations,
    Failure,
    Fresh,
    HelpList,
    HelpPage,
    JobLine,
    Listing,
    Tally,
    Verdict,
    View,
    Waits,
    WillRun,
)
from weft.console.words import (
    count_words,
    duration_words,
    name_list,
    one_line,
    size_words,
)
from weft.model.states import JobState


@dataclass(frozen=True, slots=True)
class Look:
    """How a state is shown: by a glyph and a colour, both beside its name."""

    glyph: str
    tone: Tone


LOOKS = {
    JobState.DONE: Look("✓", Tone.GOOD),
    JobState.FAILED: Look("✗", Tone.BAD),
    JobState.TIMED_OUT: Look("✗", Tone.BAD),
    JobState.OUT_OF_MEMORY: Look("✗", Tone.BAD),
    JobState.CANCELLED: Look("–", Tone.WARNING),
    JobState.BLOCKED: Look("■", Tone.WARNING),
    JobState.RUNNING: Look("▶", Tone.BUSY),
    JobState.READY: Look("○", Tone.BUSY),
    JobState.WAITING: Look("·", Tone.FAINT),
}

_SHORTEST = 16
"""Columns that the longest column of a table keeps in a narrow terminal."""
_RAN_SHOWN = 10
"""Jobs of the last run that ``why`` tells one by one; more are counted by reason."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One field of a table."""

    text: str
    tone: Tone | None = None
    right: bool = False


def table(rows: Sequence[Sequence[Cell]], screen: Screen) -> Iterator[str]:
    """Rows in aligned columns; in a terminal the widest column is shortened to fit."""
    if not rows:
        return
    widths = [max(columns_of(one_line(row[i].text)) for row in rows) for i in range(len(rows[0]))]
    if screen.live:
        spare = screen.width - sum(widths) - 2 * (len(widths) - 1)
        widest = widths.index(max(widths))
        if spare < 0:
            widths[widest] = max(widths[widest] + spare, _SHORTEST)
    for row in rows:
        parts = [_field(cell, width, screen) for cell, width in zip(row, widths, strict=True)]
        yield "  ".join(parts).rstrip()


def _field(cell: Cell, width: int, screen: Screen) -> str:
    text = shorten(one_line(cell.text), width)
    space = " " * (width - columns_of(text))
    painted = screen.paint(text, cell.tone)
    return space + painted if cell.right else painted + space


def render(view: View, screen: Screen) -> Iterator[str]:
    """The lines of a view."""
    return _RENDERERS[type(view)](view, screen)


# -- ls and stats ----------------------------------------------------------------------------


def _listing(view: Listing, screen: Screen) -> Iterator[str]:
    if not view.jobs:
        yield "No jobs."
        return
    yield from table([_job_cells(job, with_reasons=view.with_reasons) for job in view.jobs], screen)


def _job_cells(job: JobLine, *, with_reasons: bool) -> list[Cell]:
    look = LOOKS[job.state]
    cells = [
        Cell(look.glyph, look.tone),
        Cell(job.id),
        Cell(f"{job.state.value}, stale" if job.stale else job.state.value, look.tone),
        Cell(f"{job.function}()", Tone.FAINT),
        Cell("" if job.seconds is None else duration_words(job.seconds), right=True),
    ]
    if with_reasons:
        cells.append(Cell(reasons_words(job.reasons, job.function)))
    return cells


def _tally(view: Tally, screen: Screen) -> Iterator[str]:
    states = [s for s in JobState if any(s in line.counts for line in view.functions)]
    if not states:
        yield "No jobs."
        return
    heads = ["function", "jobs", *(state.value for state in states), "time"]
    rows = [
        [Cell(head, Tone.STRONG, right=i > 0) for i, head in enumerate(heads)],
        *(
            _tally_row(f"{line.function}()", [line.counts], states, line.seconds)
            for line in view.functions
        ),
    ]
    if len(view.functions) > 1:
        counts = [line.counts for line in view.functions]
        seconds = sum(line.seconds for line in view.functions)
        rows.append(_tally_row("all", counts, states, seconds))
    yield from table(rows, screen)


def _tally_row(name: str, counts: Sequence[Any], states: Sequence[JobState], seconds: float) -> Any:
    totals = {state: sum(count.get(state, 0) for count in counts) for state in states}
    numbers = [
        Cell(str(number) if number else "", LOOKS[state].tone, right=True)
        for state, number in totals.items()
    ]
    whole = Cell(str(sum(totals.values())), right=True)
    return [
        Cell(name),
        whole,
        *numbers,
        Cell(duration_words(seconds) if seconds else "", right=True),
    ]


# -- why -------------------------------------------------------------------------------------


def _explanations(view: Explanations, screen: Screen) -> Iterator[str]:
    if not view.jobs and not view.ran:
        yield "Nothing failed, and nothing that ran before is out of date."
        return
    shown = view.ran if len(view.ran) <= _RAN_SHOWN else ()
    width = min(max((columns_of(job.id) for job in (*view.jobs, *shown)), default=0), 30)
    for job in view.jobs:
        yield from _explanation(job, width, screen)
    if view.jobs and view.ran:
        yield ""
    for job in shown:
        yield from _explanation(job, width, screen)
    if not shown:
        yield from _ran(view.ran, screen)


def _ran(jobs: Sequence[Explanation], screen: Screen) -> Iterator[str]:
    """One line per reason."""
    look = LOOKS[JobState.DONE]
    mark = screen.paint(look.glyph, look.tone)
    counts = Counter(
        reasons_in_general(job.verdict.reasons, job.function)
        for job in jobs
        if isinstance(job.verdict, DidRun)
    )
    for words, number in counts.most_common():
        head = f"{mark} {count_words(number, 'job')}  "
        yield from hung(head, one_line(f"ran in the last run: {words}"), screen)


def _explanation(job: Explanation, width: int, screen: Screen) -> Iterator[str]:
    look = LOOKS[job.state]
    name = one_line(job.id)
    name += " " * (width - columns_of(name))
    words = one_line(verdict_words(job.verdict, job.function))
    yield from hung(f"{screen.paint(look.glyph, look.tone)} {name}  ", words, screen)
    if isinstance(job.verdict, Failure):
        for line in job.verdict.tail:
            yield from _aside(line, screen)
    if job.upgrades:
        upgrades = ", ".join(job.upgrades)
        yield from _aside(f"since its last run: {upgrades} (no reason to run by itself)", screen)


def _aside(text: str, screen: Screen) -> Iterator[str]:
    for line in hung("    ", one_line(text), screen):
        yield screen.paint(line, Tone.FAINT)


def verdict_words(verdict: Verdict, function: str) -> str:
    """Why a job is as it is, in one line."""
    match verdict:
        case Failure(cause):
            return f"failed: {cause}"
        case Cancelled():
            return "was cancelled; the next make runs it"
        case Blocked(()):
            return "blocked: a job failed that it depends on"
        case Blocked(culprits):
            return f"blocked: {name_list(culprits)} failed"
        case WillRun(reasons):
            return f"will run: {reasons_words(reasons, function)}"
        case DidRun(()):
            return "ran in the last run: it had no result before"
        case DidRun(reasons):
            return f"ran in the last run: {reasons_words(reasons, function)}"
        case Waits(()):
            return "waits"
        case Waits(upstream):
            return f"waits for {name_list(upstream)}, whose results decide whether it runs"
        case Fresh(again=True):
            return "fresh: its result was found again from an earlier run"
        case Fresh():
            return "fresh: its result for this code and these inputs is known"


# -- details ---------------------------------------------------------------------------------


def _pages(view: DetailsPages, screen: Screen) -> Iterator[str]:
    for number, job in enumerate(view.jobs):
        if number:
            yield ""
        yield from _page(job, screen)


def _page(job: Details, screen: Screen) -> Iterator[str]:
    look = LOOKS[job.state]
    state = screen.paint(f"{look.glyph} {job.state.value}", look.tone)
    yield screen.paint(one_line(job.id), Tone.STRONG)
    facts = [
        ("call", _call(job)),
        ("defined by", job.definer or "the script"),
        ("result", job.result),
        ("depends on", name_list(job.dependencies)),
        ("needed by", name_list(job.dependants)),
        ("defined", name_list(job.defined)),
        ("will run", reasons_words(job.reasons, job.function)),
        ("packages", ", ".join(job.packages)),
    ]
    yield f"  {'state:':<13}{state}"
    for label, text in facts:
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
            yield from (f"    {line}" for line in text.rstrip().splitlines())


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
    text = f"{when}, {duration_words(attempt.seconds)}, {attempt.place}{memory}: {what}"
    yield from hung(f"  attempt {attempt.number}:  ", one_line(text), screen)
    if attempt.reasons:
        because = f"ran because {reasons_words(attempt.reasons, function)}"
        yield from hung(" " * 14, one_line(because), screen)


# -- help ------------------------------------------------------------------------------------


def _help_list(view: HelpList, screen: Screen) -> Iterator[str]:
    section = ""
    width = max(columns_of(command.usage) for command in view.commands)
    width = min(width, 28)
    for command in view.commands:
        if command.section != section:
            section = command.section
            yield screen.paint(section, Tone.STRONG)
        yield f"  {command.usage:<{width}}  {command.help}"
    yield ""
    yield from _wrapped(
        "JOBS are ids, wildcards such as draw*, function(), or: "
        f"{', '.join(view.words)}. Quote ids that hold spaces or =. "
        "Commands are separated by ;",
        screen,
    )


def _help_page(view: HelpPage, screen: Screen) -> Iterator[str]:
    yield screen.paint(view.usage, Tone.STRONG)
    yield from _wrapped(f"{view.help} {view.description}".strip(), screen)
    width = max((len(name) for name, _ in view.parameters), default=0)
    for name, text in view.parameters:
        yield f"  {name:<{width}}  {text}"
    if view.aliases:
        yield f"Also called: {', '.join(view.aliases)}."


def _wrapped(text: str, screen: Screen) -> list[str]:
    import textwrap

    return textwrap.wrap(text, min(screen.width, 80), break_long_words=False)


_RENDERERS: dict[type, Callable[[Any, Screen], Iterator[str]]] = {
    Listing: _listing,
    Tally: _tally,
    Explanations: _explanations,
    DetailsPages: _pages,
    HelpList: _help_list,
    HelpPage: _help_page,
}
