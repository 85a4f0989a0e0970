"""What the user holds: a graph, a store and settings, with the layers below tied together."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from weft.context.definitions import refresh, save_definitions
from weft.context.making import MakeOptions, Making, raise_for
from weft.errors import JobFailed, UserError
from weft.fingerprint.fingerprinter import Fingerprinter
from weft.graph.definer import Definer
from weft.graph.graph import Graph
from weft.graph.selection import select
from weft.model.job import Job
from weft.model.promise import Promise
from weft.model.states import JobState
from weft.scheduler.memory import Remembered
from weft.scheduler.plan import Plan, Status
from weft.scheduler.ready import Budget
from weft.scheduler.summary import Reporter, RunSummary, Silent
from weft.scheduler.survey import Survey, recall, survey
from weft.store.lease import Lease
from weft.store.store import Store

if TYPE_CHECKING:
    from concurrent.futures import Executor as FuturesExecutor

    from weft.executors.base import Executor

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
        with self.writing(take_over=how.take_over) as store:
            self.prepare()
            targets = self.select(selection, store) if selection else None
            making = Making(self._graph, self._fingerprinter, store, how, self._beat)
            plan, remembered = making.plan(targets)
            save_definitions(self._graph, store)
            summary = making.run(plan, remembered, executor, reporter or Silent())
        raise_for(summary)
        return summary

    def prepare(self) -> None:
        """Fingerprint the code as it is now, and define all jobs (rule 1)."""
        refresh(self._graph, self._fingerprinter)

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
            save_definitions(self._graph, store)
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
            self._lease = None
            lease.release()

    def _beat(self) -> None:
        if self._lease is not None:
            self._lease.beat()


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)  # noqa: T201


def _script_name() -> str:
    script = Path(sys.argv[0]) if sys.argv and sys.argv[0] else None
    return script.stem if script is not None and script.suffix == ".py" else "weft"
