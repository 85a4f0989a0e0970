"""Helpers for tests of code that works with and without a pipegraph."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from weft.pipegraph import errors
from weft.pipegraph.current import current_or_none
from weft.pipegraph.generating import JobGeneratingJob
from weft.pipegraph.job import Job

__all__ = ["RaisesDirectOrInsidePipegraph", "force_load", "run_pipegraph"]


def run_pipegraph() -> None:
    """Run the current pipegraph; nothing where there is none.

    Examples
    --------
    >>> run_pipegraph()
    """
    pipegraph = current_or_none()
    if pipegraph is not None:
        pipegraph.run(print_failures=False)


def force_load(job: Job, prefix: str = "") -> JobGeneratingJob:
    """Let a loading job run although no job needs its data, and keep them.

    Examples
    --------
    >>> import tempfile
    >>> from types import SimpleNamespace
    >>> from weft import pipegraph as ppg
    >>> genome = SimpleNamespace()
    >>> with ppg.new_pipegraph(folder=tempfile.mkdtemp(), quiet=True):
    ...     load = ppg.AttributeLoadingJob("genome", genome, "sequence", lambda: "ACGT")
    ...     _ = ppg.testing.force_load(load)
    ...     ppg.testing.run_pipegraph()
    >>> genome.sequence
    'ACGT'
    """
    if hasattr(job, "unload"):
        job.unload = None
    loading = JobGeneratingJob(f"{prefix}{job.job_id}_force_load", _nothing)
    return loading.depends_on(job)


def _nothing() -> None:
    """Define no jobs."""


class RaisesDirectOrInsidePipegraph:
    """Expects an exception, raised at once or by a job of the pipegraph that is run.

    Parameters
    ----------
    expected
        Its class.

    Examples
    --------
    >>> with RaisesDirectOrInsidePipegraph(KeyError) as caught:
    ...     _ = {}["x"]
    >>> caught.value
    KeyError('x')
    """

    def __init__(self, expected: type[BaseException]) -> None:
        self.expected = expected
        self.value: BaseException | None = None
        """What was raised."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        error: BaseException | None,
        _trace: TracebackType | None,
    ) -> bool:
        if error is None:
            raise AssertionError(f"{self.expected.__name__} was not raised.")
        causes = [error, *(error.exceptions if isinstance(error, errors.RuntimeError) else ())]
        self.value = next((one for one in causes if isinstance(one, self.expected)), None)
        return self.value is not None
