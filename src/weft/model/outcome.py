"""The outcome of an attempt: a value, an error, or a death; and the words for each."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from typing import Any

from weft.model.job import Digest, JobRecord
from weft.model.states import AttemptState

CANNOT_START = "CannotStart"
"""What the report of a job that could not begin has for the class of an exception."""


CALL = -1
"""Stands for the call of a job among what can't be read."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One line of a traceback."""

    file: str
    line: int
    function: str
    source: str


@dataclass(frozen=True, slots=True)
class ErrorReport:
    """An exception as text and data, so that it survives any transport."""

    type: str
    message: str
    frames: tuple[Frame, ...] = ()
    text: str = ""
    """The whole traceback as Python prints it, without frames of Weft's own."""
    type_names: tuple[str, ...] = ()
    """Qualified names of the exception's classes, for ``retry_on``."""

    def __str__(self) -> str:
        return f"{self.type}: {self.message}" if self.message else self.type


@dataclass(frozen=True, slots=True)
class Observation:
    """Something that a job told us while running that its result depends on (rule 4)."""

    group: int
    kind: str
    key: str
    digest: Digest


CodeParts = tuple[Digest, tuple[tuple[str, str, Digest, str | None], ...]]
"""A code digest; and kind, name, digest and source of each part of the fingerprint."""


@dataclass(frozen=True, slots=True)
class OtherCode:
    """What a worker has other code of than the process that sent a job."""

    named: Any
    """The ``fingerprint.named.Named`` that was asked for."""
    places: tuple[tuple[str, str], ...]
    """Modules, and names in them, under which it has something else."""
    parts: dict[str, Digest]
    """What that is made of."""


@dataclass(slots=True)
class Outcome:
    """What one attempt left behind."""

    state: AttemptState
    started: float
    """Seconds since the epoch."""
    duration: float
    """Seconds."""
    cpu: float = 0.0
    """Seconds of processor time of the job's process (not of its children)."""
    pid: int = 0
    result: Digest | None = None
    """Hash of the value, where there is one."""
    value: bytes | None = None
    """The encoded value when it is small; None when an object file holds it."""
    size: int = 0
    """Bytes of the encoded value."""
    outputs: bytes | None = None
    """What became of the files of a job that makes files, see ``weft.store.seals``."""
    stdout: str | None = None
    stderr: str | None = None
    error: ErrorReport | None = None
    exit_code: int | None = None
    signal: int | None = None
    max_rss: int | None = None
    """Bytes; None for jobs too short to measure."""
    note: str | None = None
    """A warning to show with the outcome, such as threads that the job left running."""
    observed: tuple[Observation, ...] = ()
    remember: bool = True
    """False when an input moved while the job ran: the value is good for this run only."""
    children: tuple[JobRecord, ...] | None = None
    """The jobs that a generator defined, in order; None for other jobs."""
    codes: tuple[CodeParts, ...] = ()
    """What the code fingerprints of those jobs are made of, each code once."""
    promised: tuple[str, ...] = ()
    """Ids of the jobs whose promises stand in the value, numbered as its holes."""
    lost: tuple[Digest, ...] = ()
    """Inputs that could not be read: the job did not run, they must be made again."""
    unread: int | None = None
    """Place of the input that is there and can't be read back, or ``CALL`` for the call itself: the
    job did not run."""
    other: OtherCode | None = None
    """Code that the place had another of: the job did not run."""
    brought: Any = None
    """The ``fingerprint.named.Named`` of code that came by name with the inputs, as it is there."""
    host: str | None = None
    """Name of the machine, where that is another one than the main process's."""

    @property
    def cause(self) -> str:
        """Why there is no result, in words; empty when there is one."""
        return describe(self)


def describe(outcome: Outcome) -> str:
    """The words for each way in which an attempt can end (rule 26).

    >>> describe(Outcome(AttemptState.DIED, 0.0, 1.0, signal=11))
    'killed by SIGSEGV (segmentation fault)'
    >>> describe(Outcome(AttemptState.DIED, 0.0, 1.0, exit_code=3))
    'its process ended itself with exit code 3 (os._exit?)'
    """
    if outcome.state is AttemptState.DONE:
        return ""
    if outcome.error is not None:
        return str(outcome.error)
    if outcome.state is AttemptState.CANCELLED:
        return "cancelled"
    if outcome.note:
        return outcome.note
    if outcome.signal is not None:
        return f"killed by {_signal_words(outcome.signal)}"
    if outcome.exit_code is not None:
        return f"its process ended itself with exit code {outcome.exit_code} (os._exit?)"
    return outcome.state.job_state.value


_SIGNAL_NOTES = {
    signal.SIGSEGV: "segmentation fault",
    signal.SIGABRT: "abort",
    signal.SIGBUS: "bus error",
    signal.SIGFPE: "arithmetic fault",
    signal.SIGILL: "illegal instruction",
    signal.SIGKILL: "by someone, or by the kernel when memory ran out",
}


def _signal_words(number: int) -> str:
    try:
        known = signal.Signals(number)
    except ValueError:
        return f"signal {number}"
    note = _SIGNAL_NOTES.get(known)
    return f"{known.name} ({note})" if note else known.name
