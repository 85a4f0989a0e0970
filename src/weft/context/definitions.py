"""The definitions of a context's jobs: brought up to date with the code, and into the store."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import replace
from hashlib import blake2b

from weft.context.home import home_of_script
from weft.errors import UserError
from weft.fingerprint.families import Family
from weft.fingerprint.fingerprinter import Fingerprinter
from weft.fingerprint.loaded import leaving_out
from weft.fingerprint.origin import package_versions
from weft.graph.definition import (
    code_of,
    code_parts,
    define_all,
    definition_of,
    family_of,
    fingerprint_command,
)
from weft.graph.extending import code_as_before, define_as_before, loaded_places
from weft.graph.graph import Graph
from weft.graph.keeping import Kept, KeptCommand, keep_calls, keep_command
from weft.graph.spec import Spec, spec_of
from weft.model.job import DIGEST_SIZE, Command, Digest, Job
from weft.store.store import Store


def refresh(graph: Graph, fingerprinter: Fingerprinter) -> None:
    """Fingerprint the code as it is now, and define all jobs (rule 1)."""
    with leaving_out(loaded_places(graph)):
        _refresh(graph, fingerprinter)


def _refresh(graph: Graph, fingerprinter: Fingerprinter) -> None:
    fingerprinter.forget()
    commands = graph.commands.values()
    changed = [command for command in commands if _recode(graph, command, fingerprinter)]
    if changed:
        stale = {id(command) for command in changed}
        for job in graph:
            if id(job.command) in stale:
                job.definition = None
    own = [job for job in graph if job.own is not None]
    for job in own:  # what its function holds may be another now
        job.definition = None
    for job_id, large, digest in graph.large:
        if fingerprinter.value(large) != digest:
            raise UserError(
                f"A large array among the arguments of job {job_id!r} was changed "
                "after comp() was called.",
                cure="Pass a copy, or make the change before comp().",
            )
    define_all(graph)
    define_as_before(graph, own)


def _recode(graph: Graph, command: Command, fingerprinter: Fingerprinter) -> bool:
    """Fingerprint a command again; whether its code is another than before."""
    if command.function is None:
        return False
    before = command.code
    fingerprint_command(command, fingerprinter)
    code_as_before(graph, command)
    return command.code != before


def note_changes(graph: Graph, fingerprinter: Fingerprinter) -> None:
    """After a run that changed this process: what it loaded is not taken for another code.

    A dict that a loading job fills counts as part of the code that mentions it, with its content.
    In a fresh process it is empty when the code is fingerprinted; so in the next run of this
    process it is to count as it did before.
    """
    fingerprinter.forget()
    families: dict[int, Family | None] = {}
    for command in graph.commands.values():
        if command.function is not None and command.code is not None:
            now = code_of(command, fingerprinter).digest
            if now != command.code:
                graph.as_before[now] = command.code
            if command.shared:
                families[id(command)] = family_of(command, fingerprinter)
    for job in graph if families else ():
        if job.own is not None and job.definition is not None:
            now = definition_of(job, families[id(job.command)])
            if now != job.definition:
                graph.as_before[now] = job.definition


def save_definitions(graph: Graph, store: Store) -> None:
    """Let the store know the script's jobs, if they are not those that it knows."""
    if graph.kept is None:
        store.script.note_home(home_of_script(store.folder))
    numbers, commands = _commands(graph)
    digest = _digest(graph, numbers, commands)
    if store.graph_digest() == digest:
        return
    own = [job for job in graph if job.definer is None]
    jobs = [
        (
            job.id,
            numbers[id(job.command)],
            _definition(job, graph.kept),
            _ids(job.inputs),
            _ids(job.extra),
            *_spec(job),
        )
        for job in own
    ]
    if graph.kept is None:
        calls: Sequence[bytes] = keep_calls(own, frozenset(name for name, _, _ in graph.large))
    else:
        calls = graph.kept.chunks_of([job.id for job in own])
    store.define(commands, jobs, digest, calls)


def _spec(job: Job) -> tuple[Spec, ...]:
    spec = spec_of(job) if job.command.kind else None
    return (spec,) if spec is not None else ()


def _commands(graph: Graph) -> tuple[Mapping[int, int], list[KeptCommand]]:
    """The commands of the script's jobs; and their numbers, by ``id()``."""
    kept = graph.kept
    if kept is not None:
        now = {kept.numbers[id(c)]: c for c in graph.commands.values() if id(c) in kept.numbers}
        return kept.numbers, [
            replace(command, code=now[number].code if number in now else command.code)
            for number, command in enumerate(kept.commands)
        ]
    here = [c for c in graph.commands.values() if c.function is not None or c.kind]
    return {id(c): number for number, c in enumerate(here)}, [keep_command(c) for c in here]


def _digest(graph: Graph, numbers: Mapping[int, int], commands: Sequence[KeptCommand]) -> Digest:
    """Hash of all that ``save_definitions`` writes.

    Which command a job has follows from its definition, but where commands have equal code: then
    their numbers count too.
    """
    state = blake2b(graph.digest(), digest_size=DIGEST_SIZE)
    state.update(ascii(commands).encode())
    if len({(command.code, command.dynamic) for command in commands}) < len(commands):
        jobs = (numbers[id(job.command)] for job in graph if job.definer is None)
        state.update(array("q", jobs).tobytes())
    return state.digest()


def _definition(job: Job, kept: Kept | None) -> Digest | None:
    """What the store is to know; of a job whose arguments are not here, what it knows already."""
    if kept is None or job.command.function is not None:
        return job.definition
    return kept.definition(job.id)


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
