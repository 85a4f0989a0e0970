"""What commands found out, as plain data; rendering is done elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from weft.model.reasons import Reason
from weft.model.states import AttemptState, JobState


@dataclass(frozen=True, slots=True)
class JobLine:
    """One job in a list."""

    id: str
    function: str
    state: JobState
    stale: bool
    """Whether it has a result of its own that does not count now."""
    seconds: float | None
    """Of its newest success."""
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class Listing:
    """Some jobs, in definition order."""

    jobs: tuple[JobLine, ...]
    with_reasons: bool = False


@dataclass(frozen=True, slots=True)
class FunctionLine:
    """The jobs of one function, counted."""

    function: str
    counts: Mapping[JobState, int]
    seconds: float
    """Of the newest successes, together."""


@dataclass(frozen=True, slots=True)
class Tally:
    """Jobs counted by function and state."""

    functions: tuple[FunctionLine, ...]


@dataclass(frozen=True, slots=True)
class Failure:
    """How an attempt ended badly."""

    cause: str
    """In one line."""
    tail: tuple[str, ...]
    """The last lines of the traceback and of what the job printed."""


@dataclass(frozen=True, slots=True)
class WillRun:
    """The job is stale."""

    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class DidRun:
    """The job is fresh by what the last run made."""

    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Fresh:
    """The job is fresh and the last run had no need to run it.

    Attributes
    ----------
    again
        Whether the last run ran it for what the script asked then, and its present result is that
        of an earlier run.
    """

    again: bool = False


@dataclass(frozen=True, slots=True)
class Waits:
    """It is not certain yet whether the job must run: these upstream jobs come first."""

    upstream: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Blocked:
    """These upstream jobs failed."""

    culprits: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cancelled:
    """Its newest attempt was stopped before its end."""


Verdict = Failure | Cancelled | WillRun | DidRun | Fresh | Waits | Blocked


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why one job is as it is."""

    id: str
    function: str
    state: JobState
    verdict: Verdict
    upgrades: tuple[str, ...] = ()
    """Installed packages whose version is another than when the job ran; no reason to run."""


@dataclass(frozen=True, slots=True)
class Explanations:
    """Why some jobs are as they are.

    Attributes
    ----------
    of_all
        Whether nobody asked for certain jobs: then these are all that there is something to say of.
    ran
        With ``of_all``, those of them that the last run ran because something changed.
    """

    jobs: tuple[Explanation, ...]
    of_all: bool = False
    ran: tuple[Explanation, ...] = ()


@dataclass(frozen=True, slots=True)
class AttemptLine:
    """One execution of a job."""

    number: int
    state: AttemptState
    started: float
    """Seconds since the epoch."""
    seconds: float
    place: str
    """Executor, host and pid."""
    memory: int | None
    """Bytes."""
    cause: str
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Details:
    """All about one job."""

    id: str
    function: str
    state: JobState
    definer: str | None
    arguments: str
    result: str
    """Of a fresh job, shortened."""
    dependencies: tuple[str, ...]
    dependants: tuple[str, ...]
    defined: tuple[str, ...]
    """Ids of the jobs that it defined."""
    reasons: tuple[Reason, ...]
    packages: tuple[str, ...]
    """Installed packages that its code reaches, with the versions of its newest attempt."""
    attempts: tuple[AttemptLine, ...]
    stdout: str
    stderr: str
    traceback: str


@dataclass(frozen=True, slots=True)
class DetailsPages:
    """All about some jobs."""

    jobs: tuple[Details, ...]


@dataclass(frozen=True, slots=True)
class HelpLine:
    """One command in the list of commands."""

    section: str
    usage: str
    help: str


@dataclass(frozen=True, slots=True)
class HelpList:
    """All commands."""

    commands: tuple[HelpLine, ...]
    words: tuple[str, ...]
    """That choose jobs."""


@dataclass(frozen=True, slots=True)
class HelpPage:
    """One command: its usage, and label and text of each parameter."""

    usage: str
    help: str
    description: str
    aliases: tuple[str, ...]
    parameters: tuple[tuple[str, str], ...]


View = Listing | Tally | Explanations | DetailsPages | HelpList | HelpPage
