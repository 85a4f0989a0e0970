"""What makes a job of a certain kind, beside its call: as it is kept, and made into a job again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from weft.model.job import Command, FilesJob, FullJob, InvariantJob, Job, LoadingJob, PartJob
from weft.model.kind import Kind

Spec = tuple[Any, ...]
"""Roles of the dependencies, then what the kind has: plain data."""


def spec_of(job: Job) -> Spec | None:
    """What is kept of a job for ``job_of``; None of one that is a plain call.

    >>> job = FilesJob("a", Command("write", None, kind=Kind.FILES), 0, ("a.txt",))
    >>> spec_of(job)[1], spec_of(Job("b", Command("f", None), (), 0))
    (('a.txt',), None)
    """
    if isinstance(job, FilesJob):
        return job.roles, job.paths, job.style
    if isinstance(job, PartJob):
        return job.roles, job.place
    if isinstance(job, InvariantJob):
        return job.roles, job.watched
    return (job.roles,) if job.command.kind else None


def job_of(job_id: str, command: Command, index: int, spec: Spec | None, **more: Any) -> FullJob:
    """The job of which ``spec`` was kept; ``more`` as for ``FullJob``."""
    job = _KINDS[command.kind](job_id, command, index, spec or ((), ()), more)
    if spec:
        job.roles = spec[0]
    return job


def _files(job_id: str, command: Command, index: int, spec: Spec, more: Any) -> FullJob:
    if len(spec) < 3:
        return _plain(job_id, command, index, spec, more)
    return FilesJob(job_id, command, index, spec[1], spec[2], **more)


def _part(job_id: str, command: Command, index: int, spec: Spec, more: Any) -> FullJob:
    job = PartJob(job_id, command, (), index, **more)
    job.place = spec[1] or 0
    return job


def _invariant(job_id: str, command: Command, index: int, spec: Spec, more: Any) -> FullJob:
    job = InvariantJob(job_id, command, (), index, **more)
    job.watched = spec[1]
    return job


def _loading(job_id: str, command: Command, index: int, _spec: Spec, more: Any) -> FullJob:
    return LoadingJob(job_id, command, (), index, **more)


def _plain(job_id: str, command: Command, index: int, _spec: Spec, more: Any) -> FullJob:
    return FullJob(job_id, command, (), index, **more)


_KINDS: dict[Kind, Callable[[str, Command, int, Spec, Any], FullJob]] = {
    Kind.VALUE: _plain,
    Kind.FILES: _files,
    Kind.LOADING: _loading,
    Kind.EXTENDING: _plain,
    Kind.INVARIANT: _invariant,
    Kind.PART: _part,
    Kind.FINAL: _plain,
}
