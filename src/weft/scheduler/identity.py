"""What stands for a job in the keys of the jobs that depend on it (rule 7).

As a rule its result. But a result of None says nothing, and a job that is only to be done before
another one (``extra_dep``) may have done something for it that its result does not tell: there the
attempt stands in its place.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import NamedTuple

from weft.fingerprint.literal import literal_digest
from weft.model.job import DIGEST_SIZE, Digest, Job

NOTHING: Digest = literal_digest(None) or b""
"""The result of a job that returns None."""


class Standing(NamedTuple):
    """A result, and what stands for the job in keys."""

    result: Digest | None
    told: Digest | None
    ordered: Digest | None


class Identities:
    """The attempts by which the jobs of one run are settled.

    File jobs, invariants and loaders say by their results what they did; and who says
    ``cutoff=True`` or ``pure=True`` says that the value is all that matters.

    Parameters
    ----------
    results
        Of the jobs, by index: the list of the plan, which goes on filling it.
    """

    def __init__(self, results: list[Digest | None]) -> None:
        self._results = results
        self.attempts: list[int] = [0] * len(results)
        """Ids of the attempts that gave the results, by index: of accepted ones those that ran."""
        self._delegated: dict[int, Digest] = {}
        """Identities of generators together with those of what they promised, by index."""

    def __repr__(self) -> str:
        return f"Identities({len(self.attempts)} jobs)"

    def grow(self, more: int) -> None:
        """Make room for jobs that came into the graph."""
        self.attempts.extend([0] * more)

    def told(self, job: Job) -> Digest | None:
        """What stands for a job to those that take its value; None while there is no result."""
        result = self._results[job.index]
        return self._attempt(job) if result == NOTHING and _acts(job) else result

    def ordered(self, job: Job) -> Digest | None:
        """What stands for a job to those that only run after it; None while there is no result."""
        result = self._results[job.index]
        return self._attempt(job) if result is not None and _acts(job) else result

    def standing(self, job: Job) -> Standing:
        """All three, to be compared with those of another time."""
        return Standing(self._results[job.index], self.told(job), self.ordered(job))

    def stood(self, job: Job) -> list[Digest]:
        """What stands for the jobs that this one depends on: its inputs, then the others."""
        told, ordered = map(self.told, job.inputs), map(self.ordered, job.extra)
        return [found or b"" for found in (*told, *ordered)]

    def by_attempt(self, job: Job) -> set[str]:
        """Ids of those upstream jobs for which their attempt stands, not their result."""
        inputs = [u.id for u in job.inputs if self.told(u) != self._results[u.index]]
        return {*inputs, *(u.id for u in job.extra if self.ordered(u) != self._results[u.index])}

    def delegate(self, job: Job, template: Digest, promised: Sequence[Job]) -> Digest:
        """The result of a generator with the results of what it promised."""
        self._delegated.pop(job.index, None)
        if not promised:
            return template
        if _acts(job):
            own = self._attempt(job)
            self._delegated[job.index] = _joined(own, [self.ordered(p) for p in promised])
        return _joined(template, [self.told(p) for p in promised])

    def _attempt(self, job: Job) -> Digest:
        found = self._delegated.get(job.index)
        if found is not None:
            return found
        number = self.attempts[job.index].to_bytes(8, "big")
        return blake2b(b"attempt" + number, digest_size=DIGEST_SIZE).digest()


def _acts(job: Job) -> bool:
    """Whether a job may do something that its result does not tell."""
    options = job.command.options
    return not (job.command.kind or options.cutoff or options.pure)


def _joined(first: Digest, others: Sequence[Digest | None]) -> Digest:
    text = b"".join([first, *[other or b"" for other in others]])
    return blake2b(text, digest_size=DIGEST_SIZE).digest()
