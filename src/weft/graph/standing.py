"""What stands for a job that leaves no object, in the arguments of others: paths of its files."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from pathlib import Path

from weft.model.job import FilesJob, Job, PartJob
from weft.model.outputs import Form, OutputStyle

Paths = Path | list[Path] | dict[str, Path]


def paths_value(paths: Sequence[str], style: OutputStyle) -> Paths:
    """The paths as a job's function, or a job that depends on it, gets them.

    >>> paths_value(["a.txt", "b.txt"], OutputStyle(Form.DICT, ("a", "b")))
    {'a': PosixPath('a.txt'), 'b': PosixPath('b.txt')}
    """
    if style.form is Form.ONE:
        return Path(paths[0])
    if style.form is Form.LIST:
        return [Path(path) for path in paths]
    return {key: Path(path) for key, path in zip(style.keys, paths, strict=True)}


def standing_for(job: Job) -> bytes:
    """The pickled paths of a job's files; None of jobs that make none."""
    value: Paths | None = None
    if isinstance(job, FilesJob):
        value = paths_value(job.paths, job.style)
    elif isinstance(job, PartJob):
        whole = job.extra[0]
        assert isinstance(whole, FilesJob)
        value = Path(whole.paths[job.place])
    return pickle.dumps(value, 5)
