"""What the user holds: a graph, a store and settings, with the layers below tied together."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar

from weft.context.definitions import refresh, save_definitions
from weft.context.home import check_working_folder, script_name
from weft.context.making import MakeOptions, Making, causes_of, raise_for
from weft.context.recovering import recover_outputs
from weft.errors import JobFailed, UserError
from weft.fingerprint.fingerprinter import Fingerprinter
from weft.graph.definer import Definer
from weft.graph.graph import Graph
from weft.model.job import Job
from weft.model.promise import Promise
from weft.scheduler.facts import StoreFacts
from weft.scheduler.memory import Remembered
from weft.scheduler.plan import Plan
from weft.scheduler.ready import Budget
from weft.scheduler.status import Status
from weft.scheduler.summary import Reporter, RunSummary, Silent
from weft.scheduler.survey import Survey, survey
from weft.settings import Settings, read_settings
from weft.settings.settings import COMMAND_LINE
from weft.store.lease import Lease
from weft.store.live import running_attempts
from weft.store.store import Store
from weft.store.trouble import check_folder

if TYPE_CHECKING:
    from concurrent.futures import Executor as FuturesExecutor

    from weft.context.forgetting import Collected
    from weft.context.previewing import Preview
    from weft.context.remembering import Recollection
    from weft.context.single import Single
    from weft.context.vouching import Vouched
    from weft.executors.base import Executor
    from weft.store.garbage import Policy

T = TypeVar("T")

Selected = str | Promise[Any]
"""One word of a selection: a promise, an id, a wildcard, ``function()`` or a state."""


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

    def __init__(self, folder: str | Path | None = None, *, strict: bool | None = None) -> None:
        if folder is not None and not str(folder):
            raise UserError("A context needs a folder.", cure='Write weft.Context("out-name").')
        check_working_folder()
        # Absolute, so that a later chdir does not move the results.
        self.folder = Path(folder or f"out-{script_name()}").absolute()
        self.settings, self._unread = _settings(self.folder)
        demanding = self.settings["strict"] if strict is None else strict
        super().__init__(Graph(), Fingerprinter(), strict=demanding)
        self._closed = False
        self._lease: Lease | None = None
        self._last: tuple[str, ...] = ()
        """Ids of the jobs that were selected last, for the word ``last``."""
        self._recollection: Recollection | None = None
        """How to run jobs without their script; None where there is one."""

    def __repr__(self) -> str:
        return f"Context({self.folder.name!r}, {len(self._graph)} jobs)"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the use of this context: what is kept in its folder stays, and another may use it.

        No file is open between two calls, so this is only to say that nothing more is to come.

        Examples
        --------
        >>> import tempfile, weft
        >>> with weft.Context(tempfile.mkdtemp()) as context:
        ...     total = context.comp(sum, [1, 2])
        ...     print(context.make().ran)
        1
        >>> context.make()
        Traceback (most recent call last):
        ...
        weft.errors.UserError: This context is closed.
          Next: Make another one for the folder: weft.Context(folder).
        """
        self._closed = True

    def _check_open(self) -> None:
        check_working_folder()
        if self._closed:
            raise UserError(
                "This context is closed.",
                cure="Make another one for the folder: weft.Context(folder).",
            )

    @classmethod
    def remembered(cls, folder: str | Path) -> Context:
        """The context of a folder as the last run of its script left it, without the script.

        Everything works but running jobs whose code can't be imported, such as that of the script
        itself. Nothing is imported before a make.
        """
        context = cls(folder)
        with context.reading() as store:
            context._recollect(store)
        return context

    def _recollect(self, store: Store) -> None:
        """Take the jobs as the store has them now."""
        from weft.context.remembering import recollect

        self._graph = Graph(self._graph.token)
        self._recollection = recollect(store, self._graph, self._fingerprinter, self.folder)

    @property
    def graph(self) -> Graph:
        """The jobs."""
        return self._graph

    def give_settings(self, given: Mapping[str, str]) -> None:
        """Settings of the command line, by name."""
        for name, text in given.items():
            self.settings = self.settings.with_value(name, text, COMMAND_LINE)

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
        if self._graph.begin is not None:
            self._graph.begin()
        with self.writing(take_over=how.take_over) as store:
            self.prepare_to_run(store, selection)
            targets = self.select(selection, store) if selection else None
            making = self.making(store, how)
            plan, remembered = making.plan(targets)
            save_definitions(self._graph, store)
            summary = making.run(plan, remembered, executor, reporter or Silent())
            causes = causes_of(store, summary.failed)
        known = self._recollection
        raise_for(summary, causes, known.refusal(remembered, summary.failed) if known else None)
        return summary

    def make_single(self, word: Selected, out_result: str | Path | None = None) -> Single:
        """Run exactly one job, in this process; what it depends on must be done.

        Parameters
        ----------
        out_result
            A file that gets what came of it, as JSON: ``job_id``, ``state``, ``ran``, ``seconds``,
            ``error`` and ``result`` (the hash).

        Raises
        ------
        UserError
            When the word names no job or several, or what it depends on is not done.
        MakeFailed
            When it failed.
        """
        from weft.context.single import make_single

        return make_single(self, word, Path(out_result) if out_result is not None else None)

    def preview(
        self, *selection: Selected, options: MakeOptions | None = None, n: int = 1
    ) -> Preview:
        """What ``make`` would do; runs and writes nothing, also while another process makes."""
        from weft.context.previewing import preview

        return preview(self, selection, options or MakeOptions(n=n))

    def making(self, store: Store, how: MakeOptions) -> Making:
        """One make, of the jobs as they were prepared."""
        if how.isolated is None and self.settings["isolated"] is not None:
            how = replace(how, isolated=self.settings["isolated"])
        making = Making(self._graph, self._fingerprinter, store, how, self._beat)
        return making if self._recollection is None else self._recollection.taking_part_in(making)

    def prepare(self) -> None:
        """Fingerprint the code as it is now, and define all jobs (rule 1).

        Raises
        ------
        UserError
            When the settings can't be understood: told here, where errors are turned into words,
            and not at the making of the context.
        """
        if self._unread is not None:
            raise self._unread
        if self._graph.late is not None:
            self._graph.late()
        refresh(self._graph, self._fingerprinter)
        if self._recollection is not None:
            self._recollection.settle()

    def prepare_to_run(self, store: Store, selection: Sequence[Selected] = ()) -> None:
        """``prepare``; without the script, import before that what these jobs (by default: all)
        need."""
        self.check_trust("To make jobs")
        if self._recollection is not None and self._recollection.is_outdated(store):
            self._recollect(store)
        if self._recollection is not None:
            self._recollection.revive([str(getattr(one, "job_id", one)) for one in selection])
        self.prepare()

    # -- looking -----------------------------------------------------------------------------

    def survey(self, store: Store | None = None, chosen: Sequence[Job] | None = None) -> Survey:
        """The state of every job now; writes nothing.

        Parameters
        ----------
        store
            Open already, of a context whose definitions are up to date.
        chosen
            Jobs to decide about, with their upstream, where the others don't matter.
        """
        if store is not None:
            return survey(store, self._graph, running_attempts(self.folder), chosen)
        self.prepare()
        with self.reading() as own:
            return self.survey(own, chosen)

    def select(
        self,
        selection: Sequence[Selected],
        store: Store | None = None,
        surveyed: Callable[[], Survey] | None = None,
    ) -> list[Job]:
        """The jobs that promises and expressions name, in definition order.

        Parameters
        ----------
        surveyed
            Gives the states of all jobs, for a caller who needs them too.
        """
        if store is None:
            self.prepare()
            with self.reading() as own:
                return self.select(selection, own, surveyed)
        from weft.graph.expression import quoted
        from weft.graph.selection import select

        look = cache(surveyed or partial(self.survey, store))
        dynamic = any(command.dynamic for command in self._graph.commands.values())
        promised = look().plan.promised if dynamic else {}  # it brings in jobs of generators
        words = [quoted(one.job_id) if isinstance(one, Promise) else one for one in selection]
        facts = StoreFacts(store, lambda: look().states, self._last, lambda: promised)
        jobs = select(words, self._graph, facts)
        self._last = tuple(job.id for job in jobs)
        return jobs

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
            plan = Plan(
                self._graph, remembered.rebuilder, remembered, budget=Budget(1, 0), looking=True
            )
            plan.want([job])
            if plan.status[job.index] != Status.DONE:
                raise JobFailed(
                    f"Job {job.id!r} has no result.",
                    facts={"state": self.survey(store).states[job.id].value},
                    cure="Make it first: context.make(promise).",
                )
            pretended = [held.id for held in plan.holders([job]) if plan.is_pretended(held)]
            if pretended:
                which = "it" if pretended[0] == job.id else pretended[0]
                raise JobFailed(
                    f"Job {job.id!r} has no result: {which} was only pretended to be done.",
                    cure=f"remake {pretended[0]} runs it.",
                )
            self.check_trust("To read a value")
            value: Any = store.objects.load_input(remembered.input_of(job, plan))
            result: T = value
            return result

    # -- forgetting --------------------------------------------------------------------------

    def invalidate(self, *selection: Selected) -> list[str]:
        """Make these jobs' traces count no more; their ids are returned (rule 12)."""
        from weft.context.forgetting import Change, carry_out

        return carry_out(self, Change.INVALIDATE, selection)

    def clean(self, *selection: Selected) -> list[str]:
        """Drop traces and values of these jobs, and of what they generated (rule 12)."""
        from weft.context.forgetting import Change, carry_out

        return carry_out(self, Change.CLEAN, selection)

    def forget(self, *selection: Selected) -> list[str]:
        """``clean`` these jobs, and drop their attempts and logs too."""
        from weft.context.forgetting import Change, carry_out

        return carry_out(self, Change.FORGET, selection)

    def delete(self, *selection: Selected) -> list[str]:
        """``forget`` these jobs, and take them out of the graph.

        A script that still defines them brings them back, as jobs that never ran.

        Raises
        ------
        UserError
            When other jobs depend on one of them, or a generator that stays defined it.
        """
        from weft.context.forgetting import Change, carry_out

        return carry_out(self, Change.DELETE, selection)

    def accept(self, *selection: Selected, say: Callable[[str], None] | None = None) -> list[str]:
        """Let the newest results of these jobs count for their present code, without a run.

        Parameters
        ----------
        say
            Told, job by job, which of them stay stale and why; by default on standard error.

        Returns
        -------
        Ids of the jobs that are fresh now and were stale.
        """
        from weft.context.vouching import accept

        return _told(accept(self, self._fingerprinter, selection), "accepted", say or _say)

    def pretend(self, *selection: Selected, say: Callable[[str], None] | None = None) -> list[str]:
        """Let these jobs count as done, without a result, until somebody needs their values.

        Parameters
        ----------
        say
            Told, job by job, which of them stay as they were and why; by default on standard error.

        Returns
        -------
        Ids of the jobs that are done now and were not.
        """
        from weft.context.vouching import pretend

        return _told(pretend(self, self._fingerprinter, selection), "pretended", say or _say)

    def collect(self, policy: Policy | None = None, *, dry_run: bool = False) -> Collected:
        """Remove what nothing needs any more from the folder (``gc``).

        Parameters
        ----------
        policy
            How much is kept although nothing needs it.
        dry_run
            Only find out what would be removed; nothing is written.
        """
        from weft.context.forgetting import collect
        from weft.store.garbage import Policy

        return collect(self, policy or Policy(), dry_run=dry_run)

    # -- the store ---------------------------------------------------------------------------

    @contextmanager
    def reading(self) -> Iterator[Store]:
        """The store, to read from; works while another process writes."""
        self._check_open()
        store = Store.open(self.folder, write=False)
        try:
            yield store
        finally:
            store.close()

    @contextmanager
    def writing(
        self, *, take_over: bool = False, say: Callable[[str], None] | None = None
    ) -> Iterator[Store]:
        """The store, to write to; waits while another process or thread has it."""
        self._check_open()
        from weft.executors.inside import is_job_of

        if is_job_of(self.folder):
            raise UserError(
                "A job can't make its own context: it would wait for itself.",
                facts={"folder": self.folder},
                cure="Define more jobs in a job by comp_dynamic(function, ...), whose function gets"
                " a context; or give what the job makes a folder of its own.",
            )
        lease = Lease(self.folder)
        lease.acquire(wait=True, take_over=take_over, say=say or _say)
        try:
            store = Store.open(self.folder, write=True)
            self._lease = lease
            try:
                for message in store.messages:
                    (say or _say)(message)
                recover_outputs(store, say or _say)
                yield store
                check_folder(self.folder)
            finally:
                store.close()
        finally:
            self._lease = None
            lease.release()

    def check_trust(self, what: str) -> None:
        """Refuse to run what is in the folder of another user, unless ``trust`` is set."""
        from weft.store.trust import check_trust

        if not self.settings["trust"]:
            check_trust(self.folder, what)

    def _beat(self) -> None:
        if self._lease is not None:
            self._lease.beat()


def _told(vouched: Vouched, done: str, say: Callable[[str], None]) -> list[str]:
    for name, why in vouched.refused.items():
        say(f"{name} was not {done}: {why}.")
    return list(vouched.ids)


def _settings(folder: Path) -> tuple[Settings, UserError | None]:
    try:
        settings = read_settings(folder)
    except UserError as error:
        return Settings(), error
    for message in settings.messages:
        _say(message)
    return settings, None


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)  # noqa: T201
