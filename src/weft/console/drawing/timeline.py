"""``timeline``: what ran when in a run, in a terminal."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from weft.console.drawing.course import Course, Stint, course_of
from weft.console.text.render import LOOKS
from weft.console.text.screen import Screen, Tone, columns_of, shorten
from weft.console.text.view import View
from weft.console.text.words import count_words, duration_words, one_line

if TYPE_CHECKING:
    from weft.console.views.sight import Sight

_SHOWN = 40
"""Jobs that fit on a screen or two."""
_LONGEST_NAME = 32
_NARROWEST_BAR = 10


@dataclass(frozen=True, slots=True)
class NothingRan(View):
    """No attempt to show."""

    sentence: str

    def lines(self, screen: Screen) -> Iterator[str]:  # noqa: ARG002 - the same on all screens
        """The sentence."""
        yield one_line(self.sentence)

    def document(self) -> object:
        """A run without attempts."""
        return {"run": None, "attempts": []}


@dataclass(frozen=True, slots=True)
class Timeline(View):
    """One line per job, in order of start."""

    course: Course
    show_all: bool

    def lines(self, screen: Screen) -> Iterator[str]:
        """A head, the jobs, and an axis."""
        course = self.course
        jobs = _by_job(course.stints)
        shown = jobs if self.show_all else longest(jobs)
        when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(course.began))
        yield f"{course.where}: {duration_words(course.seconds)}, from {when}"
        yield from _rows(shown, course.seconds, screen)
        if len(shown) < len(jobs):
            left = len(jobs) - len(shown)
            yield f"{count_words(left, 'shorter job')} left out; all=1 shows all."

    def document(self) -> object:
        """Start and duration of each attempt."""
        return course_document(self.course)


def course_document(course: Course) -> dict[str, object]:
    """A run as programs read it."""
    return {
        "run": course.run.id,
        "started": course.began,
        "seconds": course.seconds,
        "outcome": course.run.outcome,
        "critical_path": {
            "job_ids": list(course.critical.jobs),
            "seconds": course.critical.seconds,
        },
        "attempts": [
            {
                "job_id": stint.job_id,
                "function": stint.function,
                "attempt": stint.attempt,
                "state": stint.state.value,
                "start": stint.start,
                "seconds": stint.seconds,
                "worker": stint.worker,
                "memory": stint.memory,
            }
            for stint in course.stints
        ],
    }


def timeline(
    seen: Sight, words: Sequence[str], run: int | None, *, show_all: bool
) -> Timeline | NothingRan:
    """What a run did, by default the newest that ran something."""
    course = course_of(seen, words, run)
    return Timeline(course, show_all) if course and course.stints else nothing(course, words)


def nothing(course: Course | None, words: Sequence[str]) -> NothingRan:
    """Why there is nothing to show."""
    if course is None:
        return NothingRan("Nothing has run yet.")
    which = f"of {' or '.join(words)} " if words else ""
    return NothingRan(f"Nothing {which}ran in run {course.run.id}.")


def _by_job(stints: Sequence[Stint]) -> list[list[Stint]]:
    """The attempts of each job, jobs in order of their first start."""
    found: dict[str, list[Stint]] = {}
    for stint in stints:
        found.setdefault(stint.job_id, []).append(stint)
    return list(found.values())


def longest(jobs: list[list[Stint]]) -> list[list[Stint]]:
    """The jobs that took longest, still in order of start."""
    if len(jobs) <= _SHOWN:
        return jobs
    ranked = sorted(range(len(jobs)), key=lambda n: -sum(s.seconds for s in jobs[n]))
    return [jobs[n] for n in sorted(ranked[:_SHOWN])]


def _rows(jobs: Sequence[Sequence[Stint]], whole: float, screen: Screen) -> Iterator[str]:
    names = [one_line(stints[0].job_id) for stints in jobs]
    times = [_time_words(stints) for stints in jobs]
    last = max((columns_of(words) for words in times), default=0)
    room = screen.width - last - 6
    wide = min(max(map(columns_of, names)), _LONGEST_NAME, max(room - _NARROWEST_BAR, 8))
    bar = max(room - wide, _NARROWEST_BAR)
    mark = _bar_mark(screen)
    for name, words, stints in zip(names, times, jobs, strict=True):
        look = LOOKS[stints[-1].state]
        short = shorten(name, wide)
        cells = bar_cells([(s.start, s.seconds) for s in stints], whole, bar)
        drawn = "".join(mark if cell else " " for cell in cells)
        yield (
            f"{screen.paint(look.glyph, look.tone)} {short}{' ' * (wide - columns_of(short))}  "
            f"{screen.paint(drawn, look.tone)}  {words:>{last}}"
        )
    end = duration_words(whole)
    axis = f"0{end:>{bar - 1}}"
    yield " " * (wide + 4) + screen.paint(axis, Tone.FAINT)


def _time_words(stints: Sequence[Stint]) -> str:
    words = duration_words(sum(stint.seconds for stint in stints))
    return words if len(stints) == 1 else f"{len(stints)} tries, {words}"


def bar_cells(spans: Sequence[tuple[float, float]], whole: float, width: int) -> list[bool]:
    """Which of ``width`` cells are filled by spans (start, seconds) of a run of ``whole`` seconds.

    >>> "".join("#" if cell else "." for cell in bar_cells([(0.0, 1.0), (3.0, 0.0)], 4.0, 8))
    '##....#.'
    """
    cells = [False] * width
    scale = width / whole if whole > 0 else 0.0
    for start, seconds in spans:
        first = min(int(start * scale), width - 1)
        after = min(max(round((start + seconds) * scale), first + 1), width)
        cells[first:after] = [True] * (after - first)
    return cells


def _bar_mark(screen: Screen) -> str:
    encoding = getattr(screen.stream, "encoding", None) or "utf-8"
    try:
        "█".encode(encoding)
    except UnicodeEncodeError:
        return "#"
    return "█"
