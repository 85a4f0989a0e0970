"""What the store gives back: one frozen dataclass per kind of row."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntFlag
from typing import NamedTuple

from weft.graph.spec import Spec
from weft.model.job import Digest
from weft.model.kind import Kind
from weft.model.outcome import ErrorReport, Outcome
from weft.model.states import AttemptState


class TraceFlag(IntFlag):
    """What is special about a trace; most have none of these, and so need no second look.

    >>> TraceFlag.OBSERVED | TraceFlag.FILE
    <TraceFlag.OBSERVED|FILE: 9>
    """

    OBSERVED = 1
    """It has observations to verify."""
    CHILDREN = 2
    """Its job is a generator."""
    PROMISED = 4
    """Its value has holes that other jobs' values fill."""
    FILE = 8
    """Its value is in an object file."""
    ACCEPTED = 16
    """A person said that the result is right although the key changed."""
    PRETENDED = 32
    """A person said that the job needs no run: there is no value."""
    INVALID = 64
    """It does not count for freshness any more; its result still stops re-runs downstream."""
    SUPERSEDED = 128
    """It left nothing but what it did, and its job has begun to run again since (rule 7)."""


@dataclass(frozen=True, slots=True)
class TraceRow:
    """With this key, the job gave this result."""

    id: int
    """Of the attempt that made it."""
    key: Digest
    result: Digest
    job_id: str
    flags: TraceFlag
    run: int
    definition: Digest
    code: Digest
    arguments_text: str
    input_ids: str | None
    """Ids of the upstream jobs, newline-joined: inputs, then extra ones; None without any."""
    input_hashes: bytes | None
    """Their results, joined."""
    children: Digest | None
    """Of the records of the jobs that a generator defined."""
    promised: tuple[str, ...] = ()
    """Ids of the jobs that fill the holes of the value, by number."""
    outputs: bytes | None = None
    """Of a job that made files: what became of them, see ``weft.store.seals``."""
    origin: int = 0
    """Id of the attempt that stands for it: its own, unless it repeats or accepts another."""


@dataclass(frozen=True, slots=True)
class AttemptRow:
    """One execution of one job in one place."""

    id: int
    run: int
    job_id: str
    number: int
    key: Digest | None
    """None when it does not count for the job's state any more."""
    state: AttemptState
    executor: str
    host: str | None
    pid: int
    started: float
    """Seconds since the epoch."""
    duration: float
    """Seconds."""
    cpu: float
    """Seconds."""
    exit_code: int | None
    signal: int | None
    max_rss: int | None
    """Bytes."""
    note: str | None
    error: ErrorReport | None
    reason: str | None
    """Why it ran, as ``weft.model.reasons.to_json`` writes it."""
    remembered: bool
    """Whether a trace of it is there."""

    def outcome(self, stdout: str | None = None, stderr: str | None = None) -> Outcome:
        """What the attempt left behind, as far as the row has it."""
        return Outcome(
            self.state,
            self.started,
            self.duration,
            pid=self.pid,
            stdout=stdout,
            stderr=stderr,
            error=self.error,
            exit_code=self.exit_code,
            signal=self.signal,
            note=self.note,
        )

    @property
    def cause(self) -> str:
        """How it ended, in one line; empty when it ended well."""
        return self.outcome().cause.split("\n", 1)[0]


class Past(NamedTuple):
    """What the attempts of one job tell, newest first in each respect."""

    attempt: int
    """Id of the newest attempt."""
    key: Digest | None
    """Of the newest attempt; None when it does not count any more."""
    state: int
    """Of the newest attempt, an ``AttemptState``."""
    number: int
    """Of the newest attempt."""
    duration: float | None
    """Seconds of the newest success."""
    traces: tuple[int, ...]
    """Ids of its traces, oldest first, invalidated or not."""


@dataclass(frozen=True, slots=True)
class JobRow:
    """A job as it was defined last."""

    job_id: str
    position: int
    """Place in definition order."""
    name: str
    definition: Digest | None
    code: Digest | None
    arguments_text: str
    """Of generated jobs; those of the script's jobs are in their traces."""
    definer: str | None
    """Id of the generator that defined it."""
    inputs: tuple[str, ...]
    extra: tuple[str, ...]
    dynamic: bool
    active: bool
    """Whether the last definition of the graph had it."""
    retired_run: int | None
    """Run in which its generator did not declare it any more."""
    tags: tuple[str, ...] = ()
    kind: Kind = Kind.VALUE
    spec: Spec | None = None


@dataclass(frozen=True, slots=True)
class RunRow:
    """One pass over the graph."""

    id: int
    argv: tuple[str, ...]
    host: str
    pid: int
    started: float
    """Seconds since the epoch."""
    ended: float | None
    outcome: str | None
    """None while it runs, or when it was killed."""


@dataclass(frozen=True, slots=True)
class RunCounts:
    """What a run did: attempts, and those that ended well or were cancelled."""

    ran: int = 0
    done: int = 0
    cancelled: int = 0
    seconds: float = 0.0
    """Of all attempts together."""

    @property
    def failed(self) -> int:
        """Attempts that failed, or died."""
        return self.ran - self.done - self.cancelled


@dataclass(frozen=True, slots=True)
class EventRow:
    """Something that happened, for consoles, logs and dashboards."""

    id: int
    run: int | None
    time: float
    """Seconds since the epoch."""
    kind: str
    payload: dict[str, object]


@dataclass(frozen=True, slots=True)
class CodeRow:
    """A part of a code fingerprint: a function, class or constant that the code reaches."""

    kind: str
    name: str
    digest: Digest
    source: str | None


@dataclass(frozen=True, slots=True)
class StoreStatistics:
    """How much the store holds."""

    jobs: int
    """Active ones."""
    traces: int
    attempts: int
    values: int
    """Small ones, in the database."""
    pending: int
    """Attempts that are not committed yet."""
    database_bytes: int
