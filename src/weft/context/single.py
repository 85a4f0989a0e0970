"""One job alone, in this process: ``make_single`` and ``debug``."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from weft.context.definitions import save_definitions
from weft.context.making import MakeOptions
from weft.context.remembering import Recalled
from weft.errors import Interrupted, MakeFailed, UserError
from weft.graph.definition import arguments_text, arguments_words
from weft.graph.syntax import quoted
from weft.model.job import Digest, Job
from weft.model.kind import Kind
from weft.model.states import JobState
from weft.scheduler.plan import Plan
from weft.scheduler.status import Status
from weft.scheduler.summary import RunSummary, Silent
from weft.store.store import Store

if TYPE_CHECKING:
    from weft.context.context import Context, Selected
    from weft.executors.inline import Inline
    from weft.store.rows import AttemptRow

NAMED = 4
"""Jobs that an error names."""


@dataclass(frozen=True, slots=True)
class Single:
    """What came of one job that was run alone."""

    job_id: str
    state: JobState
    ran: bool
    """Whether it had to run."""
    seconds: float
    """Of its newest attempt."""
    error: str | None
    """In one line."""
    result: str | None
    """Hash of the result, in hexadecimal digits."""

    def __str__(self) -> str:
        if not self.ran:
            return f"Nothing to do: {self.job_id} is fresh."
        if self.error is None:
            return f"{self.job_id} is {self.state.value}, in {self.seconds:.1f} s."
        return f"{self.job_id} failed: {self.error}"


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a job before it is run for the debugger."""

    job_id: str
    call: str
    error: str | None
    """How its newest attempt failed, in one line; None when that is not so."""


def make_single(context: Context, word: Selected, out_result: Path | None) -> Single:
    """See ``Context.make_single``."""
    from weft.executors.inline import Inline

    with context.writing() as store:
        alone = _Alone(context, store, word)
        if alone.fresh:
            single = alone.outcome(ran=False)
        else:
            summary = alone.run(Inline())
            single = alone.outcome(ran=True)
    if out_result is not None:
        _write(out_result, single)
    if single.ran and summary.interrupted:
        raise Interrupted(f"Stopped: {single.job_id} did not end.", cure="make runs it again.")
    if single.error is not None:
        raise MakeFailed(
            f"{single.job_id} failed: {single.error}",
            failed=(single.job_id,),
            cure=f"why {quoted(single.job_id)} says more.",
        )
    return single


def debug(context: Context, word: Selected, tell: Callable[[Known], None]) -> Single:
    """Run one job that is not done in this process, and stop in the debugger where it fails.

    Parameters
    ----------
    tell
        Is given what is known of the job before it runs.

    Raises
    ------
    UserError
        When the word names no job or several, when the job is done, or when what it depends on is
        not.
    """
    from weft.executors.inline import Inline

    with context.writing() as store:
        alone = _Alone(context, store, word)
        if alone.fresh:
            raise UserError(
                f"There is nothing to debug: job {alone.job.id!r} is done.",
                cure=f"invalidate {quoted(alone.job.id)}, then debug it.",
            )
        tell(alone.known())
        summary = alone.run(Inline(pdb=True))
        if summary.interrupted:
            raise Interrupted(f"Stopped: {alone.job.id} did not end.", cure="debug it again.")
        return alone.outcome(ran=True)


@contextmanager
def _tried_again(job: Job) -> Iterator[None]:
    """While this is open, a failure of the job is not kept (``keep_failed``): it is asked for."""
    command = job.command
    job.command = replace(command, options=replace(command.options, keep_failed=False))
    try:
        yield
    finally:
        job.command = command


class _OnlyPlan(Plan):
    """A plan from which one job is taken, after the data that it needs are loaded."""

    def take(self, lanes: int) -> list[Job]:
        batch = super().take(lanes)
        self.stopping = self.stopping or any(not _is_loading(job) for job in batch)
        return batch


def _is_loading(job: Job) -> bool:
    return job.command.kind is Kind.LOADING


class _Alone:
    """One job that could run now, or is done.

    Raises
    ------
    UserError
        When it is not so.
    """

    def __init__(self, context: Context, store: Store, word: Selected) -> None:
        context.prepare_to_run(store, [word])
        self._store = store
        self._making = context.making(store, MakeOptions(recurse=False))
        self.job = _only(context.select([word], store), word)
        with _tried_again(self.job):
            self._plan, self._remembered = self._making.plan([self.job], _OnlyPlan)
        save_definitions(context.graph, store)
        if not self.fresh:
            self._check()

    @property
    def fresh(self) -> bool:
        """Whether it needs no run."""
        return self._plan.status[self.job.index] in {Status.DONE, Status.DELEGATED}

    def _check(self) -> None:
        status, job = self._plan.status[self.job.index], self.job
        recalled = self._remembered if isinstance(self._remembered, Recalled) else None
        why = recalled.why_not(job) if recalled is not None else ""
        if recalled is not None and why:
            raise UserError(
                f"Job {job.id!r} can't run here.", facts={"because": why}, cure=recalled.cure
            )
        if status == Status.READY or not self._plan_awaits(job):
            return
        if status == Status.UNWANTED:
            raise UserError(
                f"Job {job.id!r} can't run: {job.definer} must define it anew first.",
                cure=f"make {quoted(job.definer or '')}",
            )
        awaited = self._plan_awaits(job)
        one = len(awaited) == 1
        raise UserError(
            f"Job {job.id!r} can't run: what it depends on is not done.",
            facts={"not done": _names(awaited)},
            cure=f"make {quoted(awaited[0])}" if one else f"make upstream of {quoted(job.id)}",
        )

    def _plan_awaits(self, job: Job) -> list[str]:
        done = self._plan.status
        open_ones = [u for u in job.upstream if done[u.index] != Status.DONE]
        ready = [u for u in open_ones if _is_loading(u) and done[u.index] == Status.READY]
        return [u.id for u in open_ones if u not in ready] or ([] if ready else [job.id])

    def known(self) -> Known:
        """What the store has of it."""
        newest = self._newest()
        call = f"{self.job.command.name}{_call(arguments_words(arguments_text(self.job)))}"
        return Known(self.job.id, call, (newest.cause or None) if newest is not None else None)

    def run(self, executor: Inline) -> RunSummary:
        """Run it, and nothing else."""
        plan = self._plan
        wanted: list[Job] = []
        while batch := Plan.take(plan, 1):
            for job in batch:
                if job is self.job or _is_loading(job):
                    wanted.append(job)
                else:
                    plan.cancelled(job)
        for job in wanted:
            plan.returned(job)
        return self._making.run(plan, self._remembered, executor, Silent())

    def outcome(self, *, ran: bool) -> Single:
        """What came of it."""
        newest = self._newest()
        result = self._plan.templates.get(self.job.index) or self._plan.results[self.job.index]
        state = JobState.DONE
        if newest is not None and ran:
            state = newest.state.job_state
        error = (newest.cause or None) if newest is not None and ran else None
        return Single(
            self.job.id,
            state,
            ran,
            newest.duration if newest is not None else 0.0,
            error,
            None if error is not None else _hex(result),
        )

    def _newest(self) -> AttemptRow | None:
        attempts = self._store.chronicle.attempts(self.job.id)
        return attempts[-1] if attempts else None


def _only(jobs: list[Job], word: Selected) -> Job:
    named = getattr(word, "job_id", word)
    if not jobs:
        raise UserError(f"No job is {named} now.", cure="ls shows all jobs and their states.")
    if len(jobs) > 1:
        raise UserError(
            f"One job at a time: {named} is {len(jobs)} jobs.",
            facts={"they are": _names([job.id for job in jobs])},
            cure="Name one of them.",
        )
    return jobs[0]


def _hex(result: Digest | None) -> str | None:
    return result.hex() if result is not None else None


def _call(arguments: str) -> str:
    """
    >>> _call("(1,)"), _call("(1, 2)")
    ('(1)', '(1, 2)')
    """
    return f"{arguments[:-2]})" if arguments.endswith(",)") else arguments


def _names(names: list[str]) -> str:
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {more} more" if more > 0 else "")


def _write(path: Path, single: Single) -> None:
    """Whoever waits for the file sees all of it or nothing."""
    import json

    document = {**asdict(single), "state": single.state.value}
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        temporary.write_text(json.dumps(document) + "\n", encoding="utf-8")
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise UserError(
            f"{path} can't be written.",
            facts={"because": error.strerror or error},
            cure="Name a file in a folder that you may write to.",
        ) from error
