"""``check-consistency`` and ``fsck``: whether what is remembered holds together, and is whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from weft.console.text.render import Cell, table
from weft.console.text.screen import Screen, Tone
from weft.console.text.view import View, plain
from weft.console.text.words import count_words, name_list, one_line, size_words
from weft.console.views.sight import Sight
from weft.graph.graph import Graph
from weft.model.job import Job
from weft.scheduler.plan import Plan
from weft.store.check import CheckReport, Fault

if TYPE_CHECKING:
    from weft.context import Context
    from weft.store.check import StoreCheck

_SHOWN = 100
"""Problems that are listed; more are counted by kind."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that does not hold together."""

    kind: str
    job_id: str
    words: str


@dataclass(frozen=True, slots=True)
class Consistency(View):
    """What was looked at, and what is wrong with it."""

    jobs: int
    traces: int
    problems: tuple[Problem, ...]

    def lines(self, screen: Screen) -> Iterator[str]:
        looked = f"{count_words(self.jobs, 'job')}, {count_words(self.traces, 'trace')}"
        if not self.problems:
            yield f"{looked}: {screen.paint('consistent', Tone.GOOD)}."
            return
        rows = [
            [Cell(p.kind, Tone.BAD), Cell(p.job_id), Cell(p.words)] for p in self.problems[:_SHOWN]
        ]
        yield from table(rows, screen)
        for kind, number in Counter(p.kind for p in self.problems[_SHOWN:]).items():
            yield f"and {number} more: {kind}"
        yield f"{looked}: {count_words(len(self.problems), 'problem')}."


def consistency(seen: Sight) -> Consistency:
    """Compare graph and store with each other, and each with itself; one pass each."""
    survey = seen.survey
    stored = seen.store.consistency()
    problems = [
        *graph_problems(seen.graph),
        *_generator_problems(seen.graph, survey.plan, stored.generated),
        *(Problem(*found) for found in stored.problems()),
    ]
    return Consistency(len(seen.graph), stored.traces, tuple(problems))


def graph_problems(graph: Graph) -> Iterator[Problem]:
    """What is wrong with a graph by itself."""
    jobs = graph.jobs
    places: dict[int, str] = {}
    for name, job in jobs.items():
        if job.id != name:
            yield Problem("id", name, f"it is kept under this id and called {job.id}")
        other = places.setdefault(job.index, name)
        if other != name:
            yield Problem("position", name, f"it has the place of {other}")
        for upstream in job.upstream:
            if upstream.id not in jobs:
                yield Problem("dependency", name, f"it depends on {upstream.id}, which is not here")
            elif job.definer is None and upstream.index >= job.index:
                yield Problem("order", name, f"it was defined before {upstream.id}, its dependency")
        if job.definer is not None and job.definer not in jobs:
            yield Problem("definer", name, f"{job.definer}, which defined it, is not here")
    yield from _children_problems(graph)
    yield from (Problem("cycle", name, "it depends on itself") for name in in_cycles(jobs))


def _children_problems(graph: Graph) -> Iterator[Problem]:
    listed = {child: definer for definer, names in graph.generated.items() for child in names}
    for child, definer in listed.items():
        job = graph.jobs.get(child)
        if job is None:
            yield Problem("generated", child, f"{definer} lists it, and it is not here")
        elif job.definer != definer:
            other = job.definer or "the script"
            yield Problem("generated", child, f"{definer} lists it, and {other} defined it")
    for job in graph:
        if job.definer is not None and job.definer in graph.jobs and job.id not in listed:
            yield Problem("generated", job.id, f"{job.definer} does not list it")


def in_cycles(jobs: Mapping[str, Job]) -> list[str]:
    """Ids of the jobs that depend on themselves, or on jobs that do.

    >>> in_cycles({})
    []
    """
    waiting = {}
    dependants: dict[str, list[str]] = {}
    for name, job in jobs.items():
        above = {upstream.id for upstream in job.upstream if upstream.id in jobs}
        waiting[name] = len(above)
        for upstream_id in above:
            dependants.setdefault(upstream_id, []).append(name)
    free = [name for name, number in waiting.items() if not number]
    while free:
        name = free.pop()
        del waiting[name]
        for dependant in dependants.get(name, ()):
            waiting[dependant] -= 1
            if not waiting[dependant]:
                free.append(dependant)
    return list(waiting)


def _generator_problems(
    graph: Graph, plan: Plan, stored: Mapping[str, frozenset[str]]
) -> Iterator[Problem]:
    """Fresh generators have the jobs of their traces; of stale ones the store says which."""
    for definer, names in graph.generated.items():
        job = graph.jobs.get(definer)
        if job is None or job.index in plan.promised:
            continue
        for child in sorted(stored.get(definer, frozenset()).symmetric_difference(names)):
            where = "the store" if child in names else "the graph"
            yield Problem("generated", child, f"{where} does not have it as a job of {definer}")


# -- fsck --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class WrongValue:
    """A value that is not what it should be, or the database."""

    fault: Fault
    digest: str
    why: str
    jobs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CheckPage(View):
    """What ``fsck`` read and found."""

    files: int
    file_bytes: int
    inline: int
    traces: int
    orphans: int
    unverified: Mapping[str, int]
    wrong: tuple[WrongValue, ...]
    repaired: int
    """Values that were set aside or given up."""

    def lines(self, screen: Screen) -> Iterator[str]:
        files = f"{count_words(self.files, 'object file')} ({size_words(self.file_bytes)})"
        yield (
            f"Read {files}, {count_words(self.inline, 'small value')}, "
            f"{count_words(self.traces, 'trace')}."
        )
        for why, number in self.unverified.items():
            yield screen.paint(f"{count_words(number, 'value')} not compared: {why}.", Tone.FAINT)
        if self.orphans:
            yield f"{count_words(self.orphans, 'file')} that nothing refers to: gc removes them."
        rows = [
            [
                Cell(wrong.fault.value, Tone.BAD),
                Cell(wrong.digest[:12]),
                Cell(name_list(wrong.jobs)),
                Cell(wrong.why),
            ]
            for wrong in self.wrong[:_SHOWN]
        ]
        yield from table(rows, screen)
        if len(self.wrong) > _SHOWN:
            yield f"and {len(self.wrong) - _SHOWN} more"
        if not self.wrong:
            yield f"All is {screen.paint('well', Tone.GOOD)}."
        elif self.repaired:
            values = count_words(self.repaired, "value")
            yield f"Gave up {values}: the next make does their jobs again."

    def document(self) -> object:
        """As programs read it."""
        return plain(self)


def check_page(context: Context, screen: Screen, *, repair: bool) -> CheckPage:
    """Read everything; with ``repair`` give up what is damaged."""
    context.prepare()
    comparable = {
        job.id
        for job in context.graph
        if job.command.function is not None and job.command.options.cutoff is not False
    }
    with context.writing() if repair else context.reading() as store:
        check: StoreCheck = store.check()
        report = check.run(_progress(screen), comparable=comparable)
        repaired = check.repair() if repair else 0
    return _page(report, repaired)


def _page(report: CheckReport, repaired: int) -> CheckPage:
    wrong = tuple(WrongValue(f.fault, f.digest, f.why, f.jobs) for f in report.findings)
    return CheckPage(
        report.files,
        report.file_bytes,
        report.inline,
        report.traces,
        report.orphans,
        dict(report.unverified),
        wrong,
        repaired,
    )


def _progress(screen: Screen) -> Callable[[int, int], None] | None:
    """Paints how far it is over one line of a terminal, when that changes by a percent."""
    if not screen.live:
        return None
    last = -1

    def paint(done: int, whole: int) -> None:
        nonlocal last
        percent = 100 * done // whole if whole else 100
        if percent != last:
            last = percent
            end = "" if done < whole else "\r\x1b[K"
            text = one_line(f"reading: {percent} % of {size_words(whole)}")
            screen.write(f"\r\x1b[K{text}{end}")

    return paint
