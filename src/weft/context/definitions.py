"""The definitions of a context's jobs: brought up to date with the code, and into the store."""

from __future__ import annotations

from collections.abc import Sequence

from weft.errors import UserError
from weft.fingerprint.fingerprinter import Fingerprinter
from weft.fingerprint.origin import package_versions
from weft.graph.definition import code_parts, define_all, fingerprint_command
from weft.graph.graph import Graph
from weft.model.job import Command, Digest, Job
from weft.store.store import Store


def refresh(graph: Graph, fingerprinter: Fingerprinter) -> None:
    """Fingerprint the code as it is now, and define all jobs (rule 1)."""
    fingerprinter.forget()
    changed = [command for command in graph.commands.values() if _recode(command, fingerprinter)]
    if changed:
        stale = {id(command) for command in changed}
        for job in graph:
            if id(job.command) in stale:
                job.definition = None
    for job_id, array, digest in graph.large:
        if fingerprinter.value(array) != digest:
            raise UserError(
                f"A large array among the arguments of job {job_id!r} was changed "
                "after comp() was called.",
                cure="Pass a copy, or make the change before comp().",
            )
    define_all(graph)


def _recode(command: Command, fingerprinter: Fingerprinter) -> bool:
    """Fingerprint a command again; whether its code is another than before."""
    if command.function is None:
        return False
    before = command.code
    fingerprint_command(command, fingerprinter)
    return command.code != before


def save_definitions(graph: Graph, store: Store) -> None:
    """Let the store know the script's jobs, if they are not those that it knows."""
    digest = graph.digest()
    if store.graph_digest() == digest:
        return
    numbers: dict[int, int] = {}
    commands: list[tuple[str, Digest | None, bool]] = []
    for command in graph.commands.values():
        numbers[id(command)] = len(commands)
        commands.append((command.name, command.code, command.dynamic))
    jobs = [
        (job.id, numbers[id(job.command)], job.definition, _ids(job.inputs), _ids(job.extra))
        for job in graph
        if job.definer is None
    ]
    store.define(commands, jobs, digest)


def save_code(graph: Graph, fingerprinter: Fingerprinter, store: Store) -> None:
    """Keep the sources that the jobs' code is made of."""
    for code, parts in code_parts(graph.commands.values(), fingerprinter):
        store.add_code(code, parts)


def versions(graph: Graph) -> dict[str, str]:
    """Versions of the installed packages that the jobs' code reaches."""
    packages = {name for command in graph.commands.values() for name in command.packages}
    return package_versions(tuple(sorted(packages))) if packages else {}


def _ids(jobs: Sequence[Job]) -> tuple[str, ...]:
    return tuple([job.id for job in jobs]) if jobs else ()
