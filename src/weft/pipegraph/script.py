"""What scripts call: functions of the current pipegraph."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from weft.pipegraph.current import current_or_none
from weft.pipegraph.errors import PyPipeGraphError
from weft.pipegraph.outcomes import RecordedJobOutcome
from weft.pipegraph.pipegraph import Pipegraph, new_pipegraph


def new_pipeline(*args: Any, **kwargs: Any) -> Pipegraph:
    """The same as ``new_pipegraph``, by its first name.

    Examples
    --------
    >>> import tempfile
    >>> from weft import pipegraph as ppg
    >>> with ppg.new_pipeline(folder=tempfile.mkdtemp()) as graph:
    ...     len(graph)
    0
    """
    return new_pipegraph(*args, **kwargs)


def run(
    print_failures: bool = True,
    raise_on_job_error: bool = True,
) -> Mapping[str, RecordedJobOutcome]:
    """Run what must be run of the current pipegraph.

    Parameters
    ----------
    print_failures
        Whether failures are said at once on standard output.
    raise_on_job_error
        Whether failed jobs are an error in the end.

    Returns
    -------
    The outcome of each job by its id: ``outcome``, ``error`` and ``runtime`` (seconds).

    Raises
    ------
    RuntimeError
        When jobs failed, after all others are done.
    CycleError
        When jobs depend on each other, job by job.
    Interrupted
        After Ctrl-C; what was finished is kept.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from weft import pipegraph as ppg
    >>> folder = Path(tempfile.mkdtemp())
    >>> with ppg.new_pipegraph(quiet=True, folder=folder / "out"):
    ...     bad = ppg.FileGeneratingJob(folder / "a", lambda: 1 / 0)
    ...     outcomes = ppg.run(raise_on_job_error=False)
    >>> outcomes[bad.job_id].outcome.value, outcomes[bad.job_id].error
    ('Failed', ZeroDivisionError('division by zero'))
    """
    return _current().run(print_failures, raise_on_job_error)


def run_pipegraph(dry_run: bool = False) -> None:
    """Run what must be run of the current pipegraph.

    Parameters
    ----------
    dry_run
        Only print what would run, and why.

    Raises
    ------
    RuntimeError
        When jobs failed, after all others are done; ``exceptions`` are what they raised.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from weft import pipegraph as ppg
    >>> folder = Path(tempfile.mkdtemp())
    >>> with ppg.new_pipegraph(quiet=True, folder=folder / "out"):
    ...     job = ppg.FileGeneratingJob(folder / "a", lambda path: path.write_text("a"))
    ...     ppg.run_pipegraph()
    ...     job.was_run
    True
    """
    pipegraph = _current()
    if dry_run:
        pipegraph.context.batch_command("make dry_run=1")
    else:
        pipegraph.run()


def _current() -> Pipegraph:
    pipegraph = current_or_none()
    if pipegraph is None:
        raise PyPipeGraphError(
            "There is no pipegraph to run.", cure="Call new_pipegraph(), and define jobs."
        )
    return pipegraph
