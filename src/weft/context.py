"""What the user holds: a graph, a store and settings, with the layers below tied together."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from weft.errors import Interrupted, JobFailed, MakeFailed, UserError
from weft.fingerprint.fingerprinter import Fingerprinter
from weft.fingerprint.origin import package_versions
from weft.graph.definer import Definer
from weft.graph.definition import code_parts, define_all, fingerprint_command
from weft.graph.graph import Graph
from weft.graph.selection import select
from weft.model.job import Command, Digest, Job
from weft.model.promise import Promise
from weft.model.states import JobState
from weft.scheduler.memory import Remembered
from weft.scheduler.plan import Plan, Status
from weft.scheduler.ready import Budget
from weft.scheduler.summary import Reporter, RunSummary, Silent, summarise
from weft.scheduler.survey import Survey, recall, survey
from weft.store.lease import Lease
from weft.store.store import Store

if TYPE_CHECKING:
    from concurrent.futures import Executor as FuturesExecutor

    from weft.executors.base import Executor

T = TypeVar("T")

Selected = str | Promise[Any]
"""One word of a selection: a promise, an id, a wildcard, ``function()`` or a state."""


@dataclass(frozen=True, slots=True)
class MakeOptions:
    """How one ``make`` runs.

    Attributes
    ----------
    n
        Jobs that may run at the same time; also the cores that they may use together.
    memory
        Bytes that running jobs may declare together; None for all that the machine has.
    recurse
        Whether jobs that generators define are made too, although nobody depends on them.
        None: when everything is made.
    take_over
        Whether a lease of another host whose heartbeat has stopped is taken over.
    """

    n: int = 1
    memory: int | None = None
    recurse: bool | None = None
    fail_fast: bool = False
    take_over: bool = False


class Context(Definer):
    """A remembered job graph.

    Parameters
    ----------
    folder
        Where results are kept; by default ``out-<script name>`` in the working folder.
    strict
        Whether code that can't be fingerprinted wholly is refused, instead of warned about.

    Examples
    --------
    >>> import tempfile, weft
    >>> context = weft.Context(tempfile.mkdtemp())
    >>> square = context.comp(pow, 3, 2)
    >>> print(context.make().ran, context.make().ran)
    1 0
    >>> context.result(square)
    9
    """

    def __init__(self, folder: str | Path | None = None, *, strict: bool = False) -> None:
        super().__init__(Graph(), Fingerprinter(), strict=strict)
        if folder is not None and not str(folder):
            raise UserError("A context needs a folder.", cure='Write weft.Context("out-name").')
        # Absolute, so that a later chdir does not move the results.
        self.folder = Path(folder or f"out-{_script_name()}").absolute()
        self._lease: Lease | None = None

    def __repr__(self) -> str:
        return f"Context({self.folder.name!r}, {len(self._graph)} jobs)"

    @classmethod
    def remembered(cls, folder: str | Path) -> Context:
        """The context of a folder as the last run of its script left it, without the script.

        Everything works but running jobs whose code is not known here.
        """
        context = cls(folder)
        with context.reading() as store:
            recall(context._graph, store.jobs())
        return context

    @property
    def graph(self) -> Graph:
        """The jobs."""
        return self._graph

    # -- making ------------------------------------------------------------------------------

    def make(
        self,
        *selection: Selected,
        n: int = 1,
        executor: Executor | FuturesExecutor | str | None = None,
        options: MakeOptions | None = None,
        reporter: Reporter | None = None,
    ) -> RunSummary:
        """Run what is stale of the selection (by default: of everything) and of its upstream.

        Parameters
        ----------
        n
            Jobs that may run at the same time.
        executor
            ``"processes"`` (default), ``"inline"``, or any ``concurrent.futures.Executor``.

        Raises
        ------
        MakeFailed
            When jobs failed; all that does not depend on them was made.
        Interrupted
            After Ctrl-C; what was finished is kept.
        """
        how = options or MakeOptions(n=n)
        reporter = reporter or Silent()
        with self.writing(take_over=how.take_over) as store:
            summary = self._run(store, selection, how, executor, reporter)
        _raise_for(summary)
        return summary

    def _run(
        self,
        store: Store,
        selection: Sequence[Selected],
        how: MakeOptions,
        executor: Executor | FuturesExecutor | str | None,
        reporter: Reporter,
    ) -> RunSummary:
        self.prepare()
        targets = self.select(selection, store) if selection else None
        remembered = Remembered(store, self._graph)
        plan = Plan(
            self._graph,
            remembered.rebuilder,
            remembered,
            budget=Budget(how.n, how.memory if how.memory is not None else _all_memory()),
            recurse=targets is None if how.recurse is None else how.recurse,
            fail_fast=how.fail_fast,
        )
        plan.want(targets)
        self._save_definitions(store)
        if not plan.ready:
            return summarise(plan)
        self._check_code(plan)
        return self._execute(store, plan, remembered, how.n, executor, reporter)

    def _execute(
        self,
        store: Store,
        plan: Plan,
        remembered: Remembered,
        n: int,
        executor: Executor | FuturesExecutor | str | None,
        reporter: Reporter,
    ) -> RunSummary:
        # Imported here, as a run with nothing to do needs none of them: 25 ms of the 60 for all.
        from weft.executors.base import RunSettings
        from weft.executors.choose import choose_executor
        from weft.scheduler.interrupts import counted_interrupts
        from weft.scheduler.loop import Loop

        place = choose_executor(executor, n)
        self._save_code(store)
        store.objects.sweep()
        settings = RunSettings(
            folder=self.folder.resolve(),
            fingerprinter=self._fingerprinter,
            graph_token=self._graph.token,
        )
        store.note_packages(store.begin_run(sys.argv), self._package_versions())
        outcome = "crashed"
        try:
            with counted_interrupts(place.wake) as stops:
                loop = Loop(
                    self._graph,
                    plan,
                    remembered,
                    store,
                    place,
                    settings,
                    reporter=reporter,
                    stops=stops,
                    beat=self._lease.beat if self._lease is not None else None,
                )
                summary = loop.run()
            outcome = _run_outcome(summary)
        finally:
            store.end_run(outcome)
        return summary

    def prepare(self) -> None:
        """Fingerprint the code as it is now, and define all jobs (rule 1)."""
        self._fingerprinter.forget()
        changed = [command for command in self._graph.commands.values() if self._recode(command)]
        if changed:
            stale = {id(command) for command in changed}
            for job in self._graph:
                if id(job.command) in stale:
                    job.definition = None
        for job_id, array, digest in self._graph.large:
            if self._fingerprinter.value(array) != digest:
                raise UserError(
                    f"A large array among the arguments of job {job_id!r} was changed "
                    "after comp() was called.",
                    cure="Pass a copy, or make the change before comp().",
                )
        define_all(self._graph)

    def _recode(self, command: Command) -> bool:
        """Fingerprint a command again; whether its code is another than before."""
        if command.function is None:
            return False
        before = command.code
        fingerprint_command(command, self._fingerprinter)
        return command.code != before

    def _check_code(self, plan: Plan) -> None:
        for job in plan.jobs_in(Status.READY):
            if job.command.function is None and job.packed is None:
                raise UserError(
                    f"Job {job.id!r} must run, but its code is not known here.",
                    facts={"folder": self.folder},
                    cure="Run the script that defines it.",
                )

    # -- what is stored beside results -------------------------------------------------------

    def _save_definitions(self, store: Store) -> None:
        digest = self._graph.digest()
        if store.graph_digest() == digest:
            return
        numbers: dict[int, int] = {}
        commands: list[tuple[str, Digest | None, bool]] = []
        for command in self._graph.commands.values():
            numbers[id(command)] = len(commands)
            commands.append((command.name, command.code, command.dynamic))
        jobs = [
            (job.id, numbers[id(job.command)], job.definition, _ids(job.inputs), _ids(job.extra))
            for job in self._graph
            if job.definer is None
        ]
        store.define(commands, jobs, digest)

    def _save_code(self, store: Store) -> None:
        for code, parts in code_parts(self._graph.commands.values(), self._fingerprinter):
            store.add_code(code, parts)

    def _package_versions(self) -> dict[str, str]:
        """Versions of the installed packages that the jobs' code reaches."""
        commands = self._graph.commands.values()
        packages = {name for command in commands for name in command.packages}
        return package_versions(tuple(sorted(packages))) if packages else {}

    # -- looking -----------------------------------------------------------------------------

    def survey(self) -> Survey:
        """The state of every job now; writes nothing."""
        self.prepare()
        with self.reading() as store:
            return survey(store, self._graph)

    def select(self, selection: Sequence[Selected], store: Store | None = None) -> list[Job]:
        """The jobs that promises and words name, in definition order."""

        @cache
        def states() -> Mapping[str, JobState]:
            if store is not None:
                return survey(store, self._graph).states
            return self.survey().states

        if any(command.dynamic for command in self._graph.commands.values()):
            states()  # by which the jobs of fresh generators come into the graph
        words = [word.job_id if isinstance(word, Promise) else word for word in selection]
        return select(words, self._graph, states)

    def result(self, promise: Promise[T]) -> T:
        """The result of a job that was made.

        Raises
        ------
        JobFailed
            When it failed or was not made yet.
        """
        if not isinstance(promise, Promise):
            raise UserError(
                f"result() takes a promise, not {promise!r}.", cure="Pass what comp() returned."
            )
        (job,) = self._jobs_of([promise])
        self.prepare()
        with self.reading() as store:
            remembered = Remembered(store, self._graph)
            plan = Plan(self._graph, remembered.rebuilder, remembered, budget=Budget(1, 0))
            plan.want([job])
            if plan.status[job.index] != Status.DONE:
                raise JobFailed(
                    f"Job {job.id!r} has no result.",
                    facts={"state": survey(store, self._graph).states[job.id].value},
                    cure="Make it first: context.make(promise).",
                )
            value: Any = store.objects.load_input(remembered.input_of(job, plan))
            result: T = value
            return result

    # -- forgetting --------------------------------------------------------------------------

    def invalidate(self, *selection: Selected) -> list[str]:
        """Make these jobs' traces count no more; their ids are returned (rule 12)."""
        return self._change(selection, Store.invalidate)

    def clean(self, *selection: Selected) -> list[str]:
        """Drop traces and values of these jobs, and of what they generated (rule 12)."""
        return self._change(selection, Store.clean)

    def _change(
        self, selection: Sequence[Selected], change: Callable[[Store, list[str]], None]
    ) -> list[str]:
        self.prepare()
        with self.writing() as store:
            self._save_definitions(store)
            ids: dict[str, None] = {}
            for job in self.select(selection, store):
                ids[job.id] = None
                if change is Store.clean:
                    ids.update(dict.fromkeys(self._graph.generated_by(job.id)))
            change(store, list(ids))
            store.flush()
        return list(ids)

    # -- the store ---------------------------------------------------------------------------

    @contextmanager
    def reading(self) -> Iterator[Store]:
        """The store, to read from; works while another process writes."""
        store = Store.open(self.folder, write=False)
        try:
            yield store
        finally:
            store.close()

    @contextmanager
    def writing(
        self, *, take_over: bool = False, say: Callable[[str], None] | None = None
    ) -> Iterator[Store]:
        """The store, to write to; waits while another process has it."""
        lease = Lease(self.folder)
        lease.acquire(wait=True, take_over=take_over, say=say or _say)
        try:
            store = Store.open(self.folder, write=True)
            self._lease = lease
            try:
                for message in store.messages:
                    (say or _say)(message)
                yield store
            finally:
                store.close()
        finally:
            lease.release()


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)  # noqa: T201


def _ids(jobs: Sequence[Job]) -> tuple[str, ...]:
    return tuple([job.id for job in jobs]) if jobs else ()


def _script_name() -> str:
    script = Path(sys.argv[0]) if sys.argv and sys.argv[0] else None
    return script.stem if script is not None and script.suffix == ".py" else "weft"


def _all_memory() -> int:
    """Bytes of memory that the machine has (psutil takes 10 ms to import for the same number)."""
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def _run_outcome(summary: RunSummary) -> str:
    if summary.interrupted:
        return "interrupted"
    return "failed" if summary.failed else "done"


def _raise_for(summary: RunSummary) -> None:
    if summary.interrupted:
        raise Interrupted(f"Stopped. {summary}", cure="make again goes on from here.")
    if summary.failed:
        raise MakeFailed(
            _failure_words(len(summary.failed), len(summary.blocked)),
            failed=summary.failed,
            blocked=summary.blocked,
            cure="why failed says why.",
        )


def _failure_words(failed: int, blocked: int) -> str:
    """What failed, in a sentence.

    >>> _failure_words(1, 0), _failure_words(2, 1)
    ('1 job failed.', '2 jobs failed, 1 is blocked by them.')
    """
    words = f"{failed} job{'s' if failed > 1 else ''} failed"
    if not blocked:
        return f"{words}."
    culprits = "them" if failed > 1 else "it"
    return f"{words}, {blocked} {'are' if blocked > 1 else 'is'} blocked by {culprits}."
