"""A run of a pipegraph: what is made, what is told meanwhile, and what came of it."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from weft.console.context import in_notebook
from weft.context import MakeOptions
from weft.errors import CommandFailed, Interrupted, MakeFailed
from weft.pipegraph import errors
from weft.pipegraph.linking import left_out
from weft.pipegraph.outcomes import JobOutcome, Outcomes, RecordedJobOutcome, gathered
from weft.scheduler.summary import Silent

if TYPE_CHECKING:
    from weft.pipegraph.pipegraph import Pipegraph
    from weft.scheduler.summary import RunSummary

LISTED = 5
"""Failures that the words of an error name."""


def run(
    pipegraph: Pipegraph, *, print_failures: bool = True, raise_on_job_error: bool = True
) -> Mapping[str, RecordedJobOutcome]:
    """Run what must be run; the outcome of each job by its id.

    Raises
    ------
    RuntimeError
        When jobs failed, after all others are done; unless ``raise_on_job_error`` is False.
    CycleError
        When jobs depend on each other.
    Interrupted
        After Ctrl-C; what was finished is kept.
    """
    if pipegraph.running:
        raise errors.PyPipeGraphError(
            "The pipegraph is running already.", cure="Call run() once, outside of its jobs."
        )
    pipegraph.begin_run()
    started = time.time()
    pruned = pipegraph.links.left_out()
    pipegraph.running = True
    error: CommandFailed | None = None
    try:
        with left_out(pipegraph.graph, pruned):
            _make(pipegraph, print_failures=print_failures)
    except CommandFailed as failure:
        error = failure
    finally:
        pipegraph.running = False
    outcomes = _outcomes(pipegraph, started, error, pruned)
    pipegraph.outcomes = outcomes
    pipegraph.log.write(pipegraph, outcomes, started)
    if isinstance(error, Interrupted):
        error.end_process()
        raise error
    if error is not None and raise_on_job_error:
        raise _failure(error, outcomes) from None
    return outcomes


def _make(pipegraph: Pipegraph, *, print_failures: bool) -> RunSummary:
    """Let the context make all jobs."""
    n = pipegraph.resource_coordinator.max_cores_to_use
    options = MakeOptions(n=n, isolated=pipegraph.isolated)
    if pipegraph.quiet or in_notebook():  # which shows the run itself
        silent = Silent() if pipegraph.quiet else None
        return pipegraph.context.make(options=options, reporter=silent)
    from weft.pipegraph.telling import Telling

    with Telling(
        pipegraph.context, n, keys=pipegraph.interactive, failures=print_failures
    ) as reporter:
        return pipegraph.context.make(options=options, reporter=reporter)


def _outcomes(
    pipegraph: Pipegraph, started: float, error: CommandFailed | None, pruned: set[str]
) -> Outcomes:
    failed: Sequence[str] = error.failed if isinstance(error, MakeFailed) else ()
    blocked: Sequence[str] = error.blocked if isinstance(error, MakeFailed) else ()
    with pipegraph.context.reading() as store:
        return gathered(store, started, pipegraph.graph.jobs, failed, blocked, pruned)


def _failure(error: CommandFailed, outcomes: Outcomes) -> errors.RuntimeError:
    """What is raised for a run in which jobs failed."""
    failed = [one for one in outcomes.values() if one.outcome is JobOutcome.Failed]
    facts = {one.job_id: _line(one.error) for one in failed[:LISTED]}
    if len(failed) > LISTED:
        facts["and"] = f"{len(failed) - LISTED} more"
    return errors.RuntimeError(
        error.title,
        exceptions=[one.error for one in failed if one.error is not None],
        failed=tuple(one.job_id for one in failed),
        blocked=tuple(outcomes.blocked),
        facts=facts,
        cure="Mend them and run again: what is done stays done.",
    )


def _line(error: BaseException | None) -> str:
    text = str(error).partition("\n")[0]
    if text and isinstance(error, errors.PyPipeGraphError):
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
