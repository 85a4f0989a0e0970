"""``gantt``: what ran when in a run, as one web page that needs no network."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from weft.console.drawing.course import Course, course_of
from weft.console.drawing.files import write_file
from weft.console.drawing.page import page_text
from weft.console.drawing.timeline import NothingRan, course_document, nothing
from weft.console.text.screen import hung
from weft.console.text.view import View
from weft.console.text.words import count_words, duration_words, one_line
from weft.errors import UserError

if TYPE_CHECKING:
    from weft.console.text.screen import Screen
    from weft.console.views.sight import Sight

_DEFAULT = "weft-gantt.html"
_ENDS_SHOWN = 3
"""Jobs named at each end of a long critical path."""


@dataclass(frozen=True, slots=True)
class GanttDrawn(View):
    """A chart that was written to a file."""

    course: Course
    path: Path

    def lines(self, screen: Screen) -> Iterator[str]:
        """Where the file is, and what held the run up."""
        course = self.course
        yield f"Wrote {one_line(str(self.path))}: {course.where}, {duration_words(course.seconds)}."
        jobs, seconds = course.critical.jobs, duration_words(course.critical.seconds)
        if jobs:
            head = f"critical path: {count_words(len(jobs), 'job')}, {seconds}: "
            yield from hung(head, one_line(chain_words(jobs)), screen)

    def document(self) -> object:
        """The attempts and the critical path, and where the page was written."""
        return {"file": str(self.path), **course_document(self.course)}


def chain_words(jobs: Sequence[str]) -> str:
    """A chain of jobs, its middle counted where it is long.

    >>> chain_words(["load", "fit-1", "draw-1"]), chain_words(list("abcdefgh"))
    ('load > fit-1 > draw-1', 'a > b > c > … 2 more … > f > g > h')
    """
    if len(jobs) <= 2 * _ENDS_SHOWN + 1:
        return " > ".join(jobs)
    left = len(jobs) - 2 * _ENDS_SHOWN
    return " > ".join([*jobs[:_ENDS_SHOWN], f"… {left} more …", *jobs[-_ENDS_SHOWN:]])


def draw_gantt(
    seen: Sight, words: Sequence[str], run: int | None, to: str | None
) -> GanttDrawn | NothingRan:
    """Draw a run, by default the newest that ran something, and write the file."""
    if to == "-":
        raise UserError("A web page is not shown on the screen.", cure="timeline is for that.")
    course = course_of(seen, words, run)
    if course is None or not course.stints:
        return nothing(course, words)
    path = Path(to or _DEFAULT).expanduser()
    write_file(path, page_text(course, when_words(course.began)).encode(errors="backslashreplace"))
    return GanttDrawn(course, path)


def when_words(moment: float) -> str:
    """A moment by the clock on the wall."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(moment))
