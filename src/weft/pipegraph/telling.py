"""What a run tells on standard output."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weft.console.progress.status import StatusReporter
from weft.console.text.screen import Screen

if TYPE_CHECKING:
    from weft.console.context import Context
    from weft.model.job import Job
    from weft.model.outcome import Outcome
    from weft.scheduler.loop import Loop


class Telling(StatusReporter):
    """Tells on standard output how a run goes; in a pipe only what failed."""

    def __init__(self, context: Context, n: int, *, keys: bool, failures: bool) -> None:
        screen = Screen.of(colours=context.settings["color"])
        super().__init__(screen, context, n, keys=keys)
        self._live = screen.live
        self._failures_told = failures

    def tick(self, loop: Loop) -> None:
        """Repaint, where there is something to repaint."""
        if self._live:
            super().tick(loop)

    def failed(self, job: Job, outcome: Outcome, *, again: bool) -> None:
        """Say at once that a job failed, and why, if that was wanted."""
        if self._failures_told:
            super().failed(job, outcome, again=again)
