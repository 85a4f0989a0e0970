"""Small helpers that scripts for pypipegraph use."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from hashlib import file_digest, md5
from pathlib import Path
from typing import Any

from weft.context import Context
from weft.pipegraph.current import current_or_none
from weft.pipegraph.files import OutputJob
from weft.pipegraph.invariants import FileInvariant
from weft.pipegraph.job import Job, flat
from weft.pipegraph.naming import Name, path_id
from weft.pipegraph.resource_coordinators import CPUs

__all__ = [
    "CPUs",
    "checksum_file",
    "flatten_jobs",
    "freeze",
    "job_or_filename",
    "load_invariant_stati",
]


def __getattr__(name: str) -> Any:
    """``global_pipegraph``: the current pipegraph, or None."""
    if name == "global_pipegraph":
        return current_or_none()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def job_or_filename(job_or_filename: Job | Name | None) -> tuple[Path | None, list[Job]]:
    """The file that a job makes, or a plain file; and what to depend on for it.

    Examples
    --------
    >>> import tempfile
    >>> from weft import pipegraph as ppg
    >>> with ppg.new_pipegraph(folder=tempfile.mkdtemp()):
    ...     job = ppg.FileGeneratingJob("a.bam", lambda path: path.write_text("a"))
    ...     job_or_filename(job)
    ...     job_or_filename("b.bam")
    (PosixPath('a.bam'), [FileGeneratingJob('a.bam')])
    (PosixPath('b.bam'), [FileInvariant('b.bam')])
    """
    if job_or_filename is None:
        return None, []
    if isinstance(job_or_filename, OutputJob):
        return Path(job_or_filename.paths[0]), [job_or_filename]
    if isinstance(job_or_filename, Job):
        return Path(job_or_filename.job_id), [job_or_filename]
    return Path(path_id(job_or_filename)), [FileInvariant(job_or_filename)]


def flatten_jobs(*jobs: Any) -> list[Job]:
    """The jobs in lists of lists of them.

    Examples
    --------
    >>> flatten_jobs([None, []])
    []
    """
    return [job for job in flat(jobs) if isinstance(job, Job)]


def freeze(value: Any) -> Any:
    """A value that can be hashed and stands for lists, dicts and sets at any depth.

    Examples
    --------
    >>> freeze({"a": [1, {2}]})
    (('a', (1, frozenset({2}))),)
    """
    if isinstance(value, Mapping):
        return tuple(sorted((key, freeze(item)) for key, item in value.items()))
    if isinstance(value, (set, frozenset)):
        return frozenset(map(freeze, value))
    if isinstance(value, Iterable) and not isinstance(value, (str, bytes)):
        return tuple(map(freeze, value))
    hash(value)
    return value


def checksum_file(filename: Name) -> str:
    """MD5 of a file's content, as 32 hexadecimal digits.

    Examples
    --------
    >>> import os
    >>> checksum_file(os.devnull)
    'd41d8cd98f00b204e9800998ecf8427e'
    """
    with Path(filename).open("rb") as file:
        return file_digest(file, partial(md5, usedforsecurity=False)).hexdigest()


def load_invariant_stati(filename: Name) -> dict[str, str]:
    """What is remembered of the jobs that ran: the hash of each one's result, by its id.

    Of parameters and code nothing is kept here: they are hashed anew for each run.

    Parameters
    ----------
    filename
        Folder of the pipegraph, see ``new_pipegraph``.

    Returns
    -------
    40 hexadecimal digits for each job. Empty where nothing was remembered yet.

    Examples
    --------
    >>> import tempfile
    >>> from weft import pipegraph as ppg
    >>> folder = tempfile.mkdtemp()
    >>> with ppg.new_pipegraph(folder=folder, quiet=True):
    ...     job = ppg.JobGeneratingJob("make jobs", lambda: None)
    ...     _ = ppg.run()
    >>> {name: len(digits) for name, digits in load_invariant_stati(folder).items()}
    {'make jobs': 40}
    """
    with Context(Path(filename)).reading() as store:
        return {job_id: result.hex() for _, _, result, job_id, *_ in store.traces()}
