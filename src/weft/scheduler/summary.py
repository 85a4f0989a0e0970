"""What a run tells: while it goes on, to a reporter; in the end, as a summary."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from weft.model.job import Job
from weft.scheduler.plan import Plan
from weft.scheduler.status import Counts, Status

if TYPE_CHECKING:
    from weft.model.outcome import Outcome
    from weft.scheduler.loop import Loop


class Reporter(Protocol):
    """Who is told how a run goes."""

    echo: bool
    """Whether ``printed`` is to be called."""

    def tick(self, loop: Loop) -> None:
        """Called about ten times a second; ``loop`` has the snapshots."""

    def failed(self, job: Job, outcome: Outcome, *, again: bool) -> None:
        """A job failed; ``again`` says that it will be retried in this run."""

    def note(self, job: Job, text: str) -> None:
        """Something worth knowing about a job that did not fail."""

    def printed(self, job: Job, outcome: Outcome) -> None:
        """A job that printed something has ended; called before anything else is said of it."""


class Silent:
    """A reporter that tells nobody."""

    echo = False

    def tick(self, loop: Loop) -> None:
        """Nothing."""

    def failed(self, job: Job, outcome: Outcome, *, again: bool) -> None:
        """Nothing."""

    def note(self, job: Job, text: str) -> None:
        """Nothing."""

    def printed(self, job: Job, outcome: Outcome) -> None:
        """Nothing."""


@dataclass(frozen=True, slots=True)
class RunSummary:
    """What a run did."""

    ran: int
    """Attempts that ended, well or not."""
    counts: Counts
    failed: tuple[str, ...] = ()
    blocked: tuple[str, ...] = ()
    seconds: float = 0.0
    interrupted: bool = False
    executed: tuple[str, ...] = ()
    """Ids of the jobs that ran and ended well, in that order."""
    asked: int | None = None
    """The signal by which somebody wants this process to end."""

    def __str__(self) -> str:
        ended = self.ran + len(self.failed) + self.counts.cancelled
        if not ended and not self.interrupted:
            jobs = "1 job is" if self.counts.done == 1 else f"{self.counts.done} jobs are"
            return f"Nothing to do: {jobs} fresh."
        parts = [f"{self.ran} ran", f"{self.counts.done} done", f"{len(self.failed)} failed"]
        parts.append(f"{len(self.blocked)} blocked")
        if self.counts.cancelled:
            parts.append(f"{self.counts.cancelled} cancelled")
        unfinished = self.counts.waiting + self.counts.ready
        if unfinished:
            parts.append(f"{unfinished} not started")
        return f"{', '.join(parts)}, in {self.seconds:.1f} s."


def summarise(
    plan: Plan,
    *,
    ran: int = 0,
    seconds: float = 0.0,
    interrupted: bool = False,
    executed: tuple[str, ...] = (),
) -> RunSummary:
    """What became of the jobs of a plan."""
    counts = plan.counts()
    return RunSummary(
        ran=ran,
        counts=counts,
        failed=_ids(plan.jobs_in(Status.FAILED)) if counts.failed else (),
        blocked=_ids(plan.jobs_in(Status.BLOCKED)) if counts.blocked else (),
        seconds=seconds,
        interrupted=interrupted,
        executed=executed,
    )


def _ids(jobs: list[Job]) -> tuple[str, ...]:
    return tuple(job.id for job in jobs)
