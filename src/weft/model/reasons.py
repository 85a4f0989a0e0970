"""Why a job is stale, as data; rendering is done elsewhere."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NeverRun:
    """There is no trace of this job, or of another one with the same definition."""


@dataclass(frozen=True, slots=True)
class CodeChanged:
    """The function, or something that it reaches, is another than in the newest trace."""

    parts: tuple[str, ...] = ()
    """Names of the functions, classes and constants that differ."""


@dataclass(frozen=True, slots=True)
class ArgumentsChanged:
    """The arguments differ from those of the newest trace."""

    before: str
    after: str


@dataclass(frozen=True, slots=True)
class OptionsChanged:
    """An option that can change the result differs."""

    before: str
    after: str


@dataclass(frozen=True, slots=True)
class DependencyChanged:
    """A dependency's result differs from the one that the newest trace saw."""

    job_id: str


@dataclass(frozen=True, slots=True)
class DependencyAdded:
    """The job depends on one more job."""

    job_id: str


@dataclass(frozen=True, slots=True)
class DependencyRemoved:
    """The job depends on one job less."""

    job_id: str


@dataclass(frozen=True, slots=True)
class ObservationChanged:
    """A file or setting that the job read is another now."""

    kind: str
    key: str


@dataclass(frozen=True, slots=True)
class ValueMissing:
    """The result is remembered, but its value is not there any more and is needed."""


@dataclass(frozen=True, slots=True)
class Invalidated:
    """``invalidate`` or ``remake`` was asked for."""


@dataclass(frozen=True, slots=True)
class Taken:
    """The matching result serves another job of this run (an equal call)."""


Reason = (
    NeverRun
    | CodeChanged
    | ArgumentsChanged
    | OptionsChanged
    | DependencyChanged
    | DependencyAdded
    | DependencyRemoved
    | ObservationChanged
    | ValueMissing
    | Invalidated
    | Taken
)
