"""Why a job is stale, as data; rendering is done elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, get_args


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
class HeldChanged:
    """A plain value that the function holds, in its closure or as a default, differs."""

    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class FilesChanged:
    """The job is to make other files, or under other names, or to keep them or not."""


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
class DependencyRan:
    """A dependency ran again, and its result does not tell what it did."""

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
class RunsEachTime:
    """Jobs of this kind run in each run."""


@dataclass(frozen=True, slots=True)
class DataNeeded:
    """A job that must run needs the data that this one loads."""


@dataclass(frozen=True, slots=True)
class OutputMissing:
    """A file that the job made is not there any more, and is needed."""

    path: str


@dataclass(frozen=True, slots=True)
class OutputChanged:
    """A file that the job made is not as it left it: somebody else wrote to it."""

    path: str


@dataclass(frozen=True, slots=True)
class ValueMissing:
    """The result is remembered, but its value is not there any more and is needed."""

    pretended: bool = False
    """Whether there never was one: somebody said that the job counts as done."""


@dataclass(frozen=True, slots=True)
class Invalidated:
    """``invalidate`` or ``remake`` was asked for."""


@dataclass(frozen=True, slots=True)
class Superseded:
    """The job leaves nothing but what it does, and began to do something else since."""


@dataclass(frozen=True, slots=True)
class Taken:
    """The matching result serves another job of this run (an equal call)."""


Reason = (
    NeverRun
    | CodeChanged
    | ArgumentsChanged
    | HeldChanged
    | FilesChanged
    | OptionsChanged
    | DependencyChanged
    | DependencyRan
    | DependencyAdded
    | DependencyRemoved
    | ObservationChanged
    | RunsEachTime
    | DataNeeded
    | OutputMissing
    | OutputChanged
    | ValueMissing
    | Invalidated
    | Superseded
    | Taken
)

_KINDS: dict[str, type[Reason]] = {kind.__name__: kind for kind in get_args(Reason)}


def to_json(reasons: Sequence[Reason]) -> str:
    """Reasons as the store keeps them.

    >>> from_json(to_json([CodeChanged(("helper",))]))
    (CodeChanged(parts=('helper',)),)
    """
    import json

    return json.dumps([[type(reason).__name__, asdict(reason)] for reason in reasons])


def from_json(text: str) -> tuple[Reason, ...]:
    """Reasons read back; those of a newer Weft that this one does not know are left out."""
    import json

    reasons = []
    for name, facts in json.loads(text):
        kind = _KINDS.get(name)
        if kind is not None:
            values: dict[str, Any] = {
                k: tuple(v) if isinstance(v, list) else v for k, v in facts.items()
            }
            reasons.append(kind(**values))
    return tuple(reasons)
