"""One ``make``: from what is wanted to the summary of the run."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from weft.context.definitions import save_code, versions
from weft.errors import Interrupted, MakeFailed, UserError
from weft.fingerprint.fingerprinter import Fingerprinter
from weft.graph.graph import Graph
from weft.model.job import Job
from weft.scheduler.memory import Remembered
from weft.scheduler.plan import Plan, Status
from weft.scheduler.ready import Budget
from weft.scheduler.summary import Reporter, RunSummary, summarise
from weft.store.store import Store

if TYPE_CHECKING:
    from concurrent.futures import Executor as FuturesExecutor

    from weft.executors.base import Executor


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


@dataclass(frozen=True, slots=True)
class Making:
    """What one ``make`` works with."""

    graph: Graph
    fingerprinter: Fingerprinter
    store: Store
    how: MakeOptions
    beat: Callable[[], None]
    """Says that this process is alive."""

    def plan(self, targets: Sequence[Job] | None) -> tuple[Plan, Remembered]:
        """What is to be done to have ``targets`` (None: all jobs)."""
        how, remembered = self.how, Remembered(self.store, self.graph)
        plan = Plan(
            self.graph,
            remembered.rebuilder,
            remembered,
            budget=Budget(how.n, how.memory if how.memory is not None else _all_memory()),
            recurse=targets is None if how.recurse is None else how.recurse,
            fail_fast=how.fail_fast,
        )
        plan.want(targets)
        return plan, remembered

    def run(
        self,
        plan: Plan,
        remembered: Remembered,
        executor: Executor | FuturesExecutor | str | None,
        reporter: Reporter,
    ) -> RunSummary:
        """Do what the plan wants."""
        if not plan.ready:
            return summarise(plan)
        _check_code(plan, self.store)
        # Imported here, as a run with nothing to do needs none of them: 25 ms of the 60 for all.
        from weft.executors.base import RunSettings
        from weft.executors.choose import choose_executor
        from weft.scheduler.interrupts import counted_interrupts
        from weft.scheduler.loop import Loop

        store, place = self.store, choose_executor(executor, self.how.n)
        save_code(self.graph, self.fingerprinter, store)
        store.objects.sweep()
        settings = RunSettings(
            folder=store.folder.resolve(),
            fingerprinter=self.fingerprinter,
            graph_token=self.graph.token,
        )
        store.note_packages(store.begin_run(sys.argv), versions(self.graph))
        outcome = "crashed"
        try:
            with counted_interrupts(place.wake) as stops:
                loop = Loop(
                    self.graph,
                    plan,
                    remembered,
                    store,
                    place,
                    settings,
                    reporter=reporter,
                    stops=stops,
                    beat=self.beat,
                )
                summary = loop.run()
            outcome = _run_outcome(summary)
        finally:
            store.end_run(outcome)
        return summary


def _check_code(plan: Plan, store: Store) -> None:
    for job in plan.jobs_in(Status.READY):
        if job.command.function is None and job.packed is None:
            raise UserError(
                f"Job {job.id!r} must run, but its code is not known here.",
                facts={"folder": store.folder},
                cure="Run the script that defines it.",
            )


def _all_memory() -> int:
    """Bytes of memory that the machine has (psutil takes 10 ms to import for the same number)."""
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def _run_outcome(summary: RunSummary) -> str:
    if summary.interrupted:
        return "interrupted"
    return "failed" if summary.failed else "done"


def raise_for(summary: RunSummary) -> None:
    """Raise what a summary stands for, unless all went well.

    Raises
    ------
    Interrupted
        When the user stopped the run.
    MakeFailed
        When jobs failed.
    """
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
