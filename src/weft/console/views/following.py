"""``log -f`` and the live ``top``: they go on until the job or the run ends, or a person leaves."""

from __future__ import annotations

import time
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from weft.console.progress.keys import Terminal, in_front
from weft.console.progress.live import Painter, Size
from weft.console.progress.printed import harmless
from weft.console.text.screen import Screen
from weft.console.text.words import one_line
from weft.console.views.trail import Trail, follow_trail
from weft.console.views.watching import Top, outcome_line, page_of_attempt, top
from weft.store.live import Live, LiveJob, read

if TYPE_CHECKING:
    from weft.context import Context
    from weft.model.job import Job
    from weft.store.rows import AttemptRow

LOOK_SECONDS = 0.2
"""Between two looks at what a job printed."""
COMMIT_SECONDS = 2.0
"""How long a job that ended may take to be found in the store: ten times the usual."""
TOP_SECONDS = 1.0


class Follower:
    """Prints what a job prints until it ends, then how it ended.

    Parameters
    ----------
    lines
        How many of what each stream has already are shown at most, from the end; None for all.
    """

    def __init__(self, context: Context, job: Job, screen: Screen, lines: int | None) -> None:
        self._context = context
        self._job = job
        self._screen = screen
        self._lines = lines
        self._newest = 0
        """Number of the newest attempt that had ended before."""
        self._open_lines = ["", ""]
        self._terminal = screen.stream.isatty()

    def follow(self, newest: AttemptRow | None, *, expected: bool) -> str | None:
        """Go on until the job has ended; returns what else is to be said.

        Parameters
        ----------
        newest
            The newest attempt that has ended.
        expected
            Whether the make that goes on, if there is one, may still run the job.
        """
        if newest is not None:
            self._newest = newest.number
            live = read(self._context.folder)
            if self._running(live) is None and not (expected and live is not None):
                self._show_rest(newest, None)
                return None
        return self._wait()

    def _wait(self) -> str | None:
        said = False
        while True:
            live = read(self._context.folder)
            running = self._running(live)
            if live is not None and running is not None:
                return self._follow_running(live, running)
            row = self._ended()
            if row is not None:
                self._show_rest(row, None)
                return None
            if live is None:
                return f"{one_line(self._job.id)} never ran, and no make is going on."
            if not said:
                self._screen.line(f"{one_line(self._job.id)} has not begun; Ctrl-C leaves.")
                said = True
            time.sleep(LOOK_SECONDS)

    def _running(self, live: Live | None, attempt: int | None = None) -> LiveJob | None:
        for one in live.jobs if live is not None else ():
            if one.id == self._job.id and attempt in {None, one.attempt}:
                return one
        return None

    def _follow_running(self, live: Live, running: LiveJob) -> str | None:
        """Show what comes, and in the end what was not seen in time."""
        with follow_trail(live, running) as trail:
            if trail is None:
                name = one_line(self._job.id)
                self._screen.line(
                    f"{name} runs on {live.host}: its output comes when it has ended."
                )
            while self._running(read(self._context.folder), running.attempt) is not None:
                if trail is not None:
                    self._show(*self._end_of(trail.read().texts))
                time.sleep(LOOK_SECONDS)
            row = self._wait_for_end(running.attempt)
            if row is None:
                self._finish_lines()
                return f"{one_line(self._job.id)} did not end: the process that made it is gone."
            self._show_rest(row, trail)
        return None

    def _wait_for_end(self, attempt: int) -> AttemptRow | None:
        deadline = time.monotonic() + COMMIT_SECONDS
        while True:
            row = self._ended(attempt)
            if row is not None or time.monotonic() >= deadline:
                return row
            time.sleep(LOOK_SECONDS)

    def _ended(self, attempt: int | None = None) -> AttemptRow | None:
        """The attempt of that number, or any newer than those known, if it has ended."""
        with self._context.reading() as store:
            rows = store.chronicle.attempts(self._job.id)
        least = self._newest + 1 if attempt is None else attempt
        return next((row for row in rows if row.number >= least), None)

    def _show_rest(self, row: AttemptRow, trail: Trail | None) -> None:
        """What the store has beyond what was shown already, and the outcome."""
        with self._context.reading() as store:
            page = page_of_attempt(store, self._job, row)
        seen = trail.characters if trail is not None else [0, 0]
        if trail is None or trail.whole:
            self._show(*self._end_of((page.stdout[seen[0] :], page.stderr[seen[1] :])))
        self._finish_lines()
        self._screen.line("\n".join(outcome_line(row, self._screen)))

    def _end_of(self, texts: tuple[str, str]) -> tuple[str, str]:
        """What is to be shown of what was there when it was first looked at."""
        lines, self._lines = self._lines, None
        if lines is None:
            return texts
        stdout, stderr = ("".join(t.splitlines(keepends=True)[-lines:]) for t in texts)
        return stdout, stderr

    def _show(self, *texts: str) -> None:
        if not self._terminal:
            if any(texts):
                self._screen.write("".join(texts))
                self._open_lines[0] = (self._open_lines[0] + "".join(texts))[-1:]
            return
        for place, text in enumerate(texts):
            *lines, self._open_lines[place] = (self._open_lines[place] + text).split("\n")
            for line in lines:
                self._screen.line(harmless(line))

    def _finish_lines(self) -> None:
        """Show lines that have no end, or give one to the last."""
        if not self._terminal:
            if self._open_lines[0] not in {"", "\n"}:
                self._screen.line()
        else:
            for line in filter(None, self._open_lines):
                self._screen.line(harmless(line))
        self._open_lines = ["", ""]


def watch_top(folder: Path, screen: Screen) -> str:
    """Show ``top`` until the run ends, or a person presses q or Ctrl-C; returns what to say."""
    painter, number = Painter(screen), None
    terminal = Terminal.of(screen)
    try:
        with terminal or nullcontext():
            while (run := top(folder)) is not None:
                number = run.run
                if terminal is not None and terminal.take_resumed():
                    painter.forget()
                if in_front(screen.stream):
                    size = Size.of(screen)
                    view = Top(run).lines(replace(screen, width=size.columns - 1))
                    painter.paint(list(view)[: size.rows - 1])
                if "q" in _keys(terminal).lower():
                    return ""
    except KeyboardInterrupt:
        return ""
    finally:
        painter.leave()
    return f"Run {number} has ended." if number is not None else "The run has ended."


def _keys(terminal: Terminal | None) -> str:
    """What is pressed within the next second."""
    keys = terminal.read(TOP_SECONDS) if terminal is not None else ""
    if not keys and (terminal is None or not terminal.listening):
        time.sleep(TOP_SECONDS)
    return keys
