"""The job graph: jobs by id, in definition order."""

from __future__ import annotations

import os
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, chdir, nullcontext
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from weft.errors import UserError
from weft.graph.spec import Spec, job_of
from weft.model.job import DIGEST_SIZE, Command, Digest, FullJob, Job, JobRecord
from weft.model.kind import Kind
from weft.model.resources import Options

if TYPE_CHECKING:
    from weft.graph.keeping import Kept
    from weft.graph.redefinition import Cells


class Graph:
    """Jobs in definition order, which is an order in which they can run.

    A promise exists only after its job was defined, so a job's upstream always has smaller indexes,
    but for what generators promise later; and there can be no cycle among calls.
    """

    def __init__(self, token: str | None = None) -> None:
        self.jobs: dict[str, Job] = {}
        self.size = 0
        """One more than the largest index; retired jobs leave gaps."""
        self.generated: dict[str, list[str]] = {}
        """Ids of the jobs that each generator defined, by its id."""
        self.commands: dict[tuple[object, ...], Command] = {}
        self.counters: dict[str, list[int]] = {}
        """How many automatic ids were given (a list of that one number), by their base."""
        self.large: list[tuple[str, Any, Digest]] = []
        """Job id, array kept by reference, and its hash when the job was defined."""
        self.token = token or os.urandom(8).hex()
        self.kept: Kept | None = None
        """What was kept of the script's calls, where its jobs come from the store."""
        self.running = False
        """Whether its jobs are being run: then nothing but a generator may define more."""
        self.cells: Cells | None = None
        """Which cell of a notebook defined which jobs; None in scripts."""
        self.redefinable: set[str] = set()
        """Ids of jobs that may be defined again, because their cell runs again."""
        self.root: str | None = None
        """Folder to which the paths of files are relative; None where no job makes files."""
        self.unlinked = False
        """Whether jobs may still be linked to others that were defined again since."""
        self.begin: Callable[[], None] | None = None
        """Forgets what jobs of an earlier run brought into the graph; called before each run."""
        self.late: Callable[[], None] | None = None
        """Brings in dependencies that were given after their jobs were defined; None for none."""
        self.as_before: dict[Digest, Digest] = {}
        """Digests of code, and definitions of jobs with functions of their own, after jobs had
        changed this process; and what they were before."""
        self.disordered = False
        """Whether a job that was defined again may depend on one with a larger index."""

    def __repr__(self) -> str:
        return f"Graph({len(self.jobs)} jobs, {len(self.commands)} commands)"

    def __len__(self) -> int:
        return len(self.jobs)

    def __iter__(self) -> Iterator[Job]:
        return iter(self.jobs.values())

    def away(self) -> str | None:
        """The folder from which the paths of files count, where that is not the working one."""
        return self.root if self.root not in {None, os.getcwd()} else None  # noqa: PTH109 - text

    def at_root(self) -> AbstractContextManager[None]:
        """While this is open, the working folder is that from which the paths of files count."""
        away = self.away()
        return chdir(away) if away is not None else nullcontext()

    def replace_generated(self, definer: str, records: Sequence[JobRecord]) -> list[Job]:
        """Take in the jobs that a generator defined now, and retire the others of its (rule 16).

        Raises
        ------
        UserError
            When an id belongs to a job of another definer (rule 17).
        """
        for record in records:
            known = self.jobs.get(record.id)
            if known is not None and known.definer != definer:
                raise UserError(
                    f"Job {record.id!r} is defined twice.",
                    facts={"first by": known.definer or "the script", "then by": definer},
                    cure="Give one of them another id.",
                )
        names = [record.id for record in records]
        for gone in set(self.generated.get(definer, ())).difference(names):
            self.retire(gone)
        self.generated[definer] = names
        for record in records:
            self._add_record(record)
        return [self.jobs[name] for name in names]

    def _add_record(self, record: JobRecord) -> None:
        known = self.jobs.get(record.id)
        if known is not None and known.definition == record.definition and _can_run(known):
            if isinstance(known, FullJob) and known.packed is not None:
                known.packed = record.packed  # the one before may not be readable any more
            return
        job = self._job_of(record, self.size if known is None else known.index)
        self.size = max(self.size, job.index + 1)
        self.jobs[record.id] = job

    def retire(self, job_id: str) -> None:
        """Leave a job, and what it generated, out of the graph."""
        self.retire_generated(job_id)
        self.jobs.pop(job_id, None)
        if self.large:
            self.large = [entry for entry in self.large if entry[0] != job_id]

    def retire_generated(self, definer: str) -> None:
        """Leave the jobs that a generator made, and those made by them, out of the graph."""
        for gone in self.generated_by(definer):
            self.jobs.pop(gone, None)
            self.generated.pop(gone, None)
        self.generated.pop(definer, None)

    def remove(self, job_ids: Iterable[str]) -> None:
        """Take jobs out, with what is kept of their arguments; nothing left may depend on them."""
        gone = set(job_ids)
        for name in gone:
            job = self.jobs.pop(name, None)
            self.generated.pop(name, None)
            if job is not None and job.definer in self.generated:
                self.generated[job.definer].remove(name)
        self.large = [entry for entry in self.large if entry[0] not in gone]
        for job in self.jobs.values():
            if (
                isinstance(job, FullJob) and job.command.kind is Kind.FINAL
            ):  # it waits for all others, whichever they are
                job.extra = tuple(upstream for upstream in job.extra if upstream.id not in gone)

    def generated_by(self, definer: str) -> list[str]:
        """Ids of all the jobs that the generator made, and those made by them, and so on."""
        found: list[str] = []
        stack = [definer]
        while stack:
            children = self.generated.get(stack.pop(), ())
            found.extend(children)
            stack.extend(children)
        return found

    def add_remembered(
        self,
        job_id: str,
        command: Command,
        definition: Digest | None,
        *,
        inputs: Iterable[str],
        extra: Iterable[str],
        definer: str | None,
        spec: Spec | None = None,
    ) -> None:
        """Add a job as the store remembers it; its upstream must be here already."""
        job = job_of(
            job_id,
            command,
            self.size,
            spec,
            inputs=tuple(self.jobs[name] for name in inputs if name in self.jobs),
            extra=tuple(self.jobs[name] for name in extra if name in self.jobs),
            definer=definer,
        )
        job.definition = definition
        self.jobs[job_id] = job
        self.size += 1
        if definer is not None:
            self.generated.setdefault(definer, []).append(job_id)

    def _job_of(self, record: JobRecord, index: int) -> Job:
        inputs = tuple(self._known(name, record) for name in record.inputs)
        extra = tuple(self._known(name, record) for name in record.extra)
        command = self.named_command(
            record.name, record.code, record.options, record.dynamic, record.packages, record.kind
        )
        job = job_of(
            record.id,
            command,
            index,
            record.spec,
            inputs=inputs,
            extra=extra,
            definer=record.definer,
            packed=record.packed or None,
            text=record.arguments_text,
        )
        job.definition = record.definition
        return job

    def _known(self, name: str, record: JobRecord) -> Job:
        job = self.jobs.get(name)
        if job is None:
            raise UserError(
                f"Job {record.id!r} depends on {name!r}, which is not defined.",
                cure="Define what a generator's jobs depend on, before it or inside it.",
            )
        return job

    def named_command(
        self,
        name: str,
        code: Digest,
        options: Options,
        dynamic: bool,
        packages: tuple[str, ...],
        kind: Kind = Kind.VALUE,
    ) -> Command:
        """The command of jobs whose function is not here, only its fingerprint."""
        key = (name, code, options, dynamic, kind)
        command = self.commands.get(key)
        if command is None:
            command = Command(name, None, options, dynamic, code, None, packages, kind)
            self.commands[key] = command
        return command

    def digest(self) -> Digest:
        """Hash of the script's ids and definitions in order: equal means nothing was redefined.

        What a definition does not cover, the ids of the upstream, is in it too.
        """
        jobs = list(self.jobs.values())
        if self.generated:
            jobs = [job for job in jobs if job.definer is None]
        state = blake2b(digest_size=DIGEST_SIZE)
        state.update("\n".join([job.id for job in jobs]).encode("utf-8", "surrogatepass"))
        state.update(b"".join([job.definition or b"?" for job in jobs]))
        linked = [job for job in jobs if job.inputs or job.extra]
        state.update(array("q", [u.index for job in linked for u in job.upstream]).tobytes())
        return state.digest()

    def top(self) -> list[Job]:
        """Jobs that nothing depends on, in definition order."""
        used = bytearray(self.size)
        for job in self.jobs.values():
            for upstream in job.inputs:
                used[upstream.index] = 1
            for upstream in job.extra:
                used[upstream.index] = 1
        return [job for job in self.jobs.values() if not used[job.index]]


def _can_run(job: Job) -> bool:
    return job.packed is not None or job.command.function is not None
