"""Runs of a pipegraph that is defined anew each time, as a script would."""

from collections.abc import Callable

from weft import pipegraph as ppg


def run(define: Callable[[], object]) -> dict[str, ppg.RecordedJobOutcome]:
    """The outcomes of all jobs, in a new pipegraph that remembers what those before it did."""
    with ppg.new_pipegraph(folder="out", quiet=True, interactive=False):
        define()
        return dict(ppg.run(raise_on_job_error=False))


def ran(define: Callable[[], object]) -> set[str]:
    """Ids of the jobs that ran, all of which did well."""
    outcomes = run(define)
    errors = [repr(one.error) for one in outcomes.values() if one.error is not None]
    assert not errors, "\n".join(errors)
    return {name for name, one in outcomes.items() if one.outcome is ppg.JobOutcome.Success}


def error_of(define: Callable[[], object]) -> str:
    """What the one job that failed said."""
    (error,) = (one.error for one in run(define).values() if one.error is not None)
    assert isinstance(error, ppg.JobContractError), repr(error)
    return str(error)
