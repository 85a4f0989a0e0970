"""Jobs that came into the graph while a job of ``Kind.EXTENDING`` ran in this process."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from weft.fingerprint.fingerprinter import Fingerprinter
from weft.fingerprint.loaded import leaving_out
from weft.graph.definition import (
    arguments_text,
    code_parts,
    define_all,
    fingerprint_command,
    set_code,
)
from weft.graph.graph import Graph
from weft.graph.spec import spec_of
from weft.model.job import Command, Job, JobRecord, LoadingJob
from weft.model.kind import Kind
from weft.model.outcome import CodeParts


@dataclass(frozen=True, slots=True)
class Extension:
    """What one job added to the graph."""

    jobs: tuple[Job, ...]
    records: tuple[JobRecord, ...]
    codes: tuple[CodeParts, ...]
    """What the code fingerprints of these jobs are made of."""


def extend(graph: Graph, definer: Job, fingerprinter: Fingerprinter) -> Extension:
    """Take in what a job has defined just now, with the dependencies that it gave to others.

    Raises
    ------
    UserError
        When some jobs would depend on themselves now.
    """
    if graph.late is not None:
        graph.late()
    new = [command for command in graph.commands.values() if command.code is None]
    joined = (job.command for job in graph if job.own is not None and job.definition is None)
    new = list({id(command): command for command in (*new, *joined)}.values())
    with leaving_out(loaded_places(graph)):
        for command in new:
            if command.function is not None:
                fingerprint_command(command, fingerprinter)
                code_as_before(graph, command)
        own = [job for job in graph if job.own is not None and job.definition is None]
        define_all(graph)
        define_as_before(graph, own)
    jobs = tuple(job for job in graph if job.definer == definer.id)
    graph.generated[definer.id] = [job.id for job in jobs]
    return Extension(jobs, tuple(map(_record, jobs)), code_parts(new, fingerprinter))


def code_as_before(graph: Graph, command: Command) -> None:
    """Let code count as it did before earlier jobs changed this process."""
    if command.code in graph.as_before:
        set_code(command, graph.as_before[command.code])


def define_as_before(graph: Graph, own: Iterable[Job]) -> None:
    """The same of jobs with functions of their own, whose definitions were just computed."""
    for job in own if graph.as_before else ():
        job.definition = graph.as_before.get(job.definition or b"", job.definition)


def loaded_places(graph: Graph) -> list[tuple[object, object]]:
    """Where the loading jobs put their data, as far as that is known: it never counts as a part of
    code (rule 30), whether it is in memory at the moment or not."""
    if not any(command.kind is Kind.LOADING for command in graph.commands.values()):
        return []
    return [job.target for job in graph if isinstance(job, LoadingJob) and job.target is not None]


def _record(job: Job) -> JobRecord:
    command: Command = job.command
    assert job.definer is not None
    assert job.definition is not None
    return JobRecord(
        id=job.id,
        name=command.name,
        definer=job.definer,
        code=command.code or b"",
        definition=job.definition,
        arguments_text=arguments_text(job),
        inputs=tuple(upstream.id for upstream in job.inputs),
        extra=tuple(upstream.id for upstream in job.extra),
        dynamic=command.dynamic,
        options=command.options,
        packed=b"",
        packages=command.packages,
        kind=command.kind,
        spec=spec_of(job),
    )
