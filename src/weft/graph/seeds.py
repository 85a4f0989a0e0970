"""Which random numbers a job gets: they follow from what it is (rule 29)."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b
from typing import TYPE_CHECKING

from weft.model.job import DIGEST_SIZE, Digest, Job

if TYPE_CHECKING:
    from weft.graph.graph import Graph

Seed = int | None
"""What the generators of random numbers start from; None leaves them as the script had them."""

_OWN = 1 << 8 * DIGEST_SIZE
"""Makes seeds that follow from jobs larger than all that can be given."""


class Seeds:
    """The seeds of one run's jobs.

    A job's seed is its definition. Of equal ones, those after the first have their number among
    them too, in definition order. What a generator defines is numbered apart, and gets part of the
    generator's own seed: so it does not matter which of two generators was done first.

    Parameters
    ----------
    graph
        Numbering 100,000 jobs takes 20 ms. None where all jobs differ.
    """

    def __init__(self, graph: Graph | None = None) -> None:
        self._graph = graph
        own = (job for job in graph if job.definer is None) if graph is not None else ()
        self._numbers = _numbers(own)
        self._families: dict[str, tuple[list[str], dict[str, int]]] = {}
        """Ids of what a generator defined, and their numbers, by its id."""
        self._generators: dict[str, tuple[list[str], Digest]] = {}
        """What generators that were themselves generated give to theirs."""

    def of(self, job: Job) -> Seed:
        """Where the random numbers of a job start."""
        seed = job.command.options.seed
        if seed is None:
            return int.from_bytes(self._digest(job), "little") | _OWN
        return seed if isinstance(seed, int) else None

    def _digest(self, job: Job) -> Digest:
        if job.definer is None:
            return self._own(job)
        above: list[Job] = []
        graph, digest = self._graph, b""
        generator = graph.jobs.get(job.definer) if graph is not None else None
        while generator is not None and graph is not None:
            if generator.definer is None:
                digest = self._own(generator)
                break
            known = self._generators.get(generator.id)
            if known is not None and known[0] is graph.generated.get(generator.definer):
                digest = known[1]
                break
            above.append(generator)
            generator = graph.jobs.get(generator.definer)
        for one in reversed(above):
            digest = self._child(one, digest)
            self._generators[one.id] = self._families[one.definer or ""][0], digest
        return self._child(job, digest)

    def _own(self, job: Job) -> Digest:
        number = self._numbers.get(job.id)
        return _mixed(job, number) if number else job.definition or b""

    def _child(self, job: Job, above: Digest) -> Digest:
        return _mixed(job, self._family(job.definer or "").get(job.id, 0), above)

    def _family(self, definer: str) -> dict[str, int]:
        graph = self._graph
        names = graph.generated.get(definer, []) if graph is not None else []
        known = self._families.get(definer)
        if known is None or known[0] is not names:
            jobs = graph.jobs if graph is not None else {}
            known = names, _numbers(jobs[name] for name in names if name in jobs)
            self._families[definer] = known
        return known[1]


def _numbers(jobs: Iterable[Job]) -> dict[str, int]:
    """The numbers of jobs among those of equal definition, by id; the first ones are left out."""
    numbers: dict[str, int] = {}
    seen: dict[Digest | None, int] = {}
    for job in jobs:
        definition = job.definition
        number = seen.get(definition, 0)
        seen[definition] = number + 1
        if number:
            numbers[job.id] = number
    return numbers


def _mixed(job: Job, number: int, above: Digest = b"") -> Digest:
    text = b"%s;%d;%s" % (job.definition or b"", number, above)
    return blake2b(text, digest_size=DIGEST_SIZE).digest()
