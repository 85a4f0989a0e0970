"""One ``make``: from what is wanted to the summary of the run."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from weft.context.definitions import note_changes, save_code, save_definitions, versions
from weft.errors import CommandFailed, Interrupted, MakeFailed, UserError
from weft.fingerprint.fingerprinter import Fingerprinter
from weft.graph.graph import Graph
from weft.model.job import Job
from weft.scheduler.memory import Remembered
from weft.scheduler.plan import Plan
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
    retries
        How often failed jobs are tried again that don't say so themselves.
    timeout
        Seconds for each job that has no timeout of its own.
    isolated
        Whether each attempt has a process of its own, in the state in which the run began; jobs
        may say otherwise. None: those of jobs that make files, where the executor is able to.
    """

    n: int = 1
    memory: int | None = None
    recurse: bool | None = None
    fail_fast: bool = False
    take_over: bool = False
    retries: int = 0
    timeout: float | None = None
    isolated: bool | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """What is to be said of jobs that had to run, and can't here.

    Attributes
    ----------
    facts
        Names of jobs, and why.
    """

    facts: Mapping[str, str]
    cure: str


@dataclass(frozen=True, slots=True)
class Making:
    """What one ``make`` works with."""

    graph: Graph
    fingerprinter: Fingerprinter
    store: Store
    how: MakeOptions
    beat: Callable[[], None]
    """Says that this process is alive."""
    memory: Callable[[Store, Graph], Remembered] = Remembered

    def plan(
        self, targets: Sequence[Job] | None, kind: type[Plan] = Plan
    ) -> tuple[Plan, Remembered]:
        """What is to be done to have ``targets`` (None: all jobs)."""
        how, remembered = self.how, self.memory(self.store, self.graph)
        plan = kind(
            self.graph,
            remembered.rebuilder,
            remembered,
            budget=Budget(how.n, how.memory if how.memory is not None else _all_memory()),
            recurse=targets is None if how.recurse is None else how.recurse,
            fail_fast=how.fail_fast,
        )
        plan.ready.isolated = how.isolated
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
        with self.graph.at_root():
            return self._run(plan, remembered, executor, reporter)

    def _run(
        self,
        plan: Plan,
        remembered: Remembered,
        executor: Executor | FuturesExecutor | str | None,
        reporter: Reporter,
    ) -> RunSummary:
        remembered.adopt()
        if not plan.ready:
            if plan.effects.spent:
                from weft.scheduler.keeper import remove_spent

                for job in plan.effects.take_spent():
                    remove_spent(job, plan)
            return summarise(plan)
        # Imported here, as a run with nothing to do needs none of them: 25 ms of the 60 for all.
        from weft.executors.base import RunSettings
        from weft.executors.chance import ChanceState
        from weft.executors.choose import choose_executor
        from weft.graph.seeds import Seeds
        from weft.scheduler.interrupts import counted_interrupts
        from weft.scheduler.loop import Loop

        store, place = self.store, choose_executor(executor, self.how.n)
        if self.how.isolated and not place.isolates:
            raise UserError(
                "This executor can't isolate jobs.",
                facts={"executor": place.name},
                cure='Use executor="processes", or leave isolated=True out.',
            )
        here = _here(self.graph, place)
        save_code(self.graph, self.fingerprinter, store)
        store.objects.sweep()
        settings = RunSettings(
            folder=store.folder.resolve(),
            fingerprinter=self.fingerprinter,
            graph_token=self.graph.token,
            seeds=Seeds(self.graph),
            chance=ChanceState.here(),
            isolated=self.how.isolated,
        )
        run = store.begin_run(sys.argv)
        store.note_packages(run, versions(self.graph))
        outcome = "crashed"
        try:
            with counted_interrupts(partial(_wake, place, here)) as stops:
                loop = Loop(
                    self.graph,
                    plan,
                    remembered,
                    store,
                    place,
                    settings,
                    reporter=reporter,
                    run=run,
                    retries=self.how.retries,
                    timeout=self.how.timeout,
                    stops=stops,
                    beat=self.beat,
                    here=here,
                )
                self.graph.running = True
                summary = replace(loop.run(), asked=stops.asked)
            outcome = _run_outcome(summary)
        finally:
            self.graph.running = False
            store.end_run(outcome)
        remembered.adopt()
        if here is not None or not place.apart:
            note_changes(self.graph, self.fingerprinter)
            save_definitions(self.graph, self.store)  # jobs may depend on generated ones now
        return summary


def _here(graph: Graph, place: Executor) -> Executor | None:
    """What runs the jobs that change this process; None where there are none, or all run here."""
    if not place.apart or not any(c.kind.runs_here for c in graph.commands.values()):
        return None
    from weft.executors.inline import Inline

    return Inline()


def _wake(place: Executor, here: Executor | None) -> None:
    place.wake()
    if here is not None:
        here.wake()


def _all_memory() -> int:
    """Bytes of memory that the machine has (psutil takes 10 ms to import for the same number)."""
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def _run_outcome(summary: RunSummary) -> str:
    if summary.interrupted:
        return "interrupted"
    return "failed" if summary.failed else "done"


NAMED = 3
"""Jobs whose failure an error names."""
_WHY = "why failed says why."


def causes_of(store: Store, failed: Sequence[str]) -> dict[str, str]:
    """How the first few of these jobs failed, each in one line."""
    causes = {}
    for job_id in failed[:NAMED]:
        attempts = store.chronicle.attempts(job_id)
        causes[job_id] = (attempts[-1].cause if attempts else "") or "failed"
    return causes


def raise_for(
    summary: RunSummary, causes: Mapping[str, str], refusal: Refusal | None = None
) -> None:
    """Raise what a summary stands for, unless all went well.

    Parameters
    ----------
    causes
        How the first of the failed jobs failed.
    refusal
        What is to be said of failed jobs that could not even begin.

    Raises
    ------
    Interrupted
        When the user stopped the run.
    MakeFailed
        When jobs failed.
    CommandFailed
        When nothing failed, but somebody killed jobs.
    """
    if summary.interrupted:
        stopped = Interrupted(f"Stopped. {summary}", cure="make again goes on from here.")
        stopped.asked = summary.asked
        raise stopped
    if summary.failed:
        raise MakeFailed(
            _failure_words(len(summary.failed), len(summary.blocked)),
            failed=summary.failed,
            blocked=summary.blocked,
            causes=causes if refusal is None else None,
            facts=refusal.facts if refusal is not None else None,
            cure=refusal.cure if refusal is not None else _WHY,
        )
    if summary.counts.cancelled:
        raise CommandFailed(f"Not all was made: {summary}", cure="make again runs what was killed.")


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
