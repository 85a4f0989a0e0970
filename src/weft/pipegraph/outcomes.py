"""What became of the jobs of a run."""

from __future__ import annotations

import builtins
import os
import sys
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from itertools import islice
from typing import TYPE_CHECKING, Any

import weft.errors
from weft.model.outcome import CANNOT_START
from weft.model.states import AttemptState
from weft.pipegraph.errors import JobContractError, JobDiedException, PyPipeGraphError

if TYPE_CHECKING:
    from weft.model.outcome import ErrorReport
    from weft.pipegraph.job import Job
    from weft.store.rows import AttemptRow
    from weft.store.store import Store

SHOWN = 50
"""Jobs that a ``repr`` of the outcomes of all of them names."""


class JobOutcome(Enum):
    """How a job fared in a run.

    Examples
    --------
    >>> JobOutcome("Skipped")
    <JobOutcome.Skipped: 'Skipped'>
    """

    Success = "Success"
    """It ran."""
    Skipped = "Skipped"
    """It was done already, or nothing needed it."""
    Failed = "Failed"
    """It raised, died, or did not keep its contract."""
    UpstreamFailed = "UpstreamFailed"
    """Something that it depends on failed."""
    Pruned = "Pruned"
    """It was left out, see ``Job.prune``."""


@dataclass(frozen=True, slots=True)
class RecordedJobOutcome:
    """How one job fared in a run.

    Examples
    --------
    >>> RecordedJobOutcome("a.txt", JobOutcome.Skipped).reason
    'no error'
    """

    job_id: str
    outcome: JobOutcome
    error: BaseException | None = None
    """What it raised, where its kind of error can be made again; else a ``PyPipeGraphError``."""
    runtime: float | None = None
    """Seconds; None if it did not run."""
    needed_too_much: bool = False
    """Whether it could not begin, as it asks for more memory than there is."""

    @property
    def reason(self) -> str:
        """What kind of failure it was.

        ``no error``, ``Indirect``, ``Exception``, ``Unknown/died`` or ``Needed to much
        memory/cores``, as pypipegraph spells it.
        """
        if self.needed_too_much:
            return "Needed to much memory/cores"
        if self.outcome is JobOutcome.UpstreamFailed:
            return "Indirect"
        if self.error is None:
            return "no error"
        return "Unknown/died" if isinstance(self.error, JobDiedException) else "Exception"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Outcomes(Mapping[str, RecordedJobOutcome]):
    """The outcomes of all jobs by id, each put together when it is asked for.

    That matters where 100,000 jobs had nothing to do.
    """

    job_ids: Mapping[str, object] = field(default_factory=dict)
    ran: Mapping[str, float] = field(default_factory=dict)
    """Seconds, of the jobs that ran and did well."""
    failures: Mapping[str, AttemptRow] = field(default_factory=dict)
    failed: Collection[str] = ()
    blocked: Collection[str] = ()
    pruned: Collection[str] = ()
    run: int | None = None
    """Its number in the store; None where nothing had to run."""
    _raised: dict[str, BaseException] = field(default_factory=dict)
    """The exceptions that were made already."""

    def __repr__(self) -> str:
        shown = [f"{name!r}: {self[name].outcome.value}" for name in islice(self, SHOWN)]
        if len(self) > SHOWN:
            shown.append(f"and {len(self) - SHOWN} more")
        return f"{{{', '.join(shown)}}}"

    def __iter__(self) -> Iterator[str]:
        return iter(self.job_ids)

    def __len__(self) -> int:
        return len(self.job_ids)

    def __getitem__(self, job_id: str) -> RecordedJobOutcome:
        if job_id not in self.job_ids:
            raise KeyError(job_id)
        if job_id in self.failed or job_id in self.failures:
            return self._failure(job_id)
        if job_id in self.ran:
            return RecordedJobOutcome(job_id, JobOutcome.Success, runtime=self.ran[job_id])
        if job_id in self.blocked:
            return RecordedJobOutcome(job_id, JobOutcome.UpstreamFailed)
        what = JobOutcome.Pruned if job_id in self.pruned else JobOutcome.Skipped
        return RecordedJobOutcome(job_id, what)

    def _failure(self, job_id: str) -> RecordedJobOutcome:
        attempt = self.failures.get(job_id)
        error = self._raised.get(job_id)
        if error is None:
            words = f"Job {job_id!r} failed."
            error = PyPipeGraphError(words) if attempt is None else exception_of(attempt)
            self._raised[job_id] = error
        seconds = attempt.duration if attempt is not None else None
        too_much = attempt is not None and _needed_too_much(attempt)
        return RecordedJobOutcome(job_id, JobOutcome.Failed, error, seconds, too_much)


def gathered(
    store: Store,
    started: float,
    job_ids: Mapping[str, object],
    failed: Collection[str],
    blocked: Collection[str],
    pruned: Collection[str],
) -> Outcomes:
    """The outcomes of the run of this process that began after ``started``, if there was one."""
    runs = store.chronicle.runs(newest=1)
    number: int | None = None
    ran: dict[str, float] = {}
    failures: dict[str, AttemptRow] = {}
    if runs and runs[0].pid == os.getpid() and runs[0].started >= started:
        number = runs[0].id
        for deed in store.chronicle.deeds_of_run(number):
            if deed.state == AttemptState.DONE:
                ran[deed.job_id] = deed.duration
        for attempt in store.chronicle.failures_of_run(number).values():
            if attempt.job_id not in ran:
                failures[attempt.job_id] = attempt
    return Outcomes(dict(job_ids), ran, failures, set(failed), set(blocked), pruned, number)


def last_attempt(job: Job) -> AttemptRow | None:
    """The newest attempt of a job, of this run or an earlier one."""
    with job.pipegraph.context.reading() as store:
        return _newest(store, job)


def last_output(job: Job) -> tuple[str, str]:
    """What a job wrote to standard output and error when it ran last."""
    with job.pipegraph.context.reading() as store:
        attempt = _newest(store, job)
        stdout, stderr = store.output(attempt.id) if attempt is not None else (None, None)
    return stdout or "", stderr or ""


def _newest(store: Store, job: Job) -> AttemptRow | None:
    attempts = store.chronicle.attempts(job.id)
    return attempts[-1] if attempts else None


def exception_of(attempt: AttemptRow) -> BaseException:
    """What a job raised, or how it ended, as an exception of this process."""
    report = attempt.error
    if attempt.state is AttemptState.FAILED and report is not None:
        return _revived(attempt.job_id, report)
    code = -attempt.signal if attempt.signal is not None else attempt.exit_code
    return JobDiedException(
        f"Job {attempt.job_id!r} has no result: {_cause(attempt)}.",
        exit_code=1 if code is None else code,
    )


def _cause(attempt: AttemptRow) -> str:
    """How an attempt ended, in words."""
    if attempt.error is not None:
        return attempt.error.message
    return attempt.outcome().cause


def _needed_too_much(attempt: AttemptRow) -> bool:
    report = attempt.error
    return (
        report is not None and report.type == CANNOT_START and report.message.startswith("it asks")
    )


def _revived(job_id: str, report: ErrorReport) -> BaseException:
    """An exception of the kind that was raised, if it is known here and takes a text."""
    if report.type in {CANNOT_START, SystemExit.__name__}:
        verb = "can't start" if report.type == CANNOT_START else "has no result"
        return PyPipeGraphError(f"Job {job_id!r} {verb}: {report.message}.")
    kind = _class_of(report.type_names[0]) if report.type_names else None
    if kind is None:
        return PyPipeGraphError(str(report))
    try:
        error = kind(report.message)
    except Exception:  # noqa: BLE001 - a user's class may want anything, and raise anything
        return PyPipeGraphError(str(report))
    error.add_note(report.text)
    return error


def _class_of(name: str) -> type[BaseException] | None:
    """An exception class by its whole name, if its module is loaded."""
    module, _, path = name.rpartition(".")
    found: Any = sys.modules.get(module, builtins if module == "builtins" else None)
    found = getattr(found, path, None)
    if isinstance(found, type) and issubclass(found, Exception):
        return JobContractError if found is weft.errors.JobContractError else found
    return None
