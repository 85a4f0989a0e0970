"""The states of jobs (computed) and of attempts (stored)."""

from __future__ import annotations

from enum import Enum, IntEnum


class JobState(Enum):
    """What a job is now, computed from traces and attempts, never stored (rule 10)."""

    DONE = "done"
    FAILED = "failed"
    TIMED_OUT = "timed out"
    OUT_OF_MEMORY = "out of memory"
    CANCELLED = "cancelled"
    BLOCKED = "blocked"
    RUNNING = "running"
    READY = "ready"
    WAITING = "waiting"


class AttemptState(IntEnum):
    """How one execution of a job ended; the numbers are what the database holds.

    >>> AttemptState.DONE.failed, AttemptState.TIMED_OUT.failed, AttemptState.CANCELLED.failed
    (False, True, False)
    """

    DONE = 0
    FAILED = 1
    TIMED_OUT = 2
    OUT_OF_MEMORY = 3
    CANCELLED = 4
    DIED = 5

    @property
    def done(self) -> bool:
        """Whether the attempt left a result."""
        return self is AttemptState.DONE

    @property
    def failed(self) -> bool:
        """Whether the attempt left no result, and nobody had interrupted it."""
        return self is not AttemptState.DONE and self is not AttemptState.CANCELLED

    @property
    def job_state(self) -> JobState:
        """The state of a job whose newest attempt at the present key ended so."""
        return _JOB_STATES[self]


_JOB_STATES = {
    AttemptState.DONE: JobState.DONE,
    AttemptState.FAILED: JobState.FAILED,
    AttemptState.TIMED_OUT: JobState.TIMED_OUT,
    AttemptState.OUT_OF_MEMORY: JobState.OUT_OF_MEMORY,
    AttemptState.CANCELLED: JobState.CANCELLED,
    AttemptState.DIED: JobState.FAILED,
}
