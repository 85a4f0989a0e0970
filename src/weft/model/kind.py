"""What kinds of jobs there are: they differ in what they leave behind."""

from __future__ import annotations

from enum import IntEnum


class Kind(IntEnum):
    """What a job leaves behind; the numbers are what the database holds.

    >>> Kind.LOADING.runs_here, Kind.FILES.runs_here
    (True, False)
    """

    VALUE = 0
    """A result object, and maybe more jobs (``Command.dynamic``)."""
    FILES = 1
    """Files, under the names that it declares."""
    LOADING = 2
    """Data in the memory of the process that workers are forked from; made when a job needs it."""
    EXTENDING = 3
    """More jobs of any kind, in this process; it runs in each run."""
    INVARIANT = 4
    """Nothing: it is never run, its fingerprint is its result."""
    PART = 5
    """Nothing: it stands for one of the files of another job."""
    FINAL = 6
    """An effect, in each run, after all that it depends on."""

    @property
    def runs_here(self) -> bool:
        """Whether such a job runs in the main process, not in a worker."""
        return self in {Kind.LOADING, Kind.EXTENDING}

    @property
    def each_run(self) -> bool:
        """Whether such a job is never fresh."""
        return self in {Kind.EXTENDING, Kind.FINAL}
