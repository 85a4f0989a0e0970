"""What the plan asks of the store: the one port through which it sees what is remembered."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from weft.model.job import Digest, Job
from weft.scheduler.rebuilder import TraceHead

if TYPE_CHECKING:
    from weft.scheduler.ready import History


@dataclass(frozen=True, slots=True)
class Expansion:
    """What a generator left behind beside its value."""

    children: Sequence[Job]
    promised: Sequence[Job]


class Memory(Protocol):
    """What the plan asks of the store."""

    def expand(self, job: Job, trace: TraceHead) -> Expansion | None:
        """The jobs that a fresh generator made, as its trace has them (rule 14)."""

    def carried(self, job: Job, stood: Sequence[Digest]) -> TraceHead | None:
        """The newest trace of a job, under whatever code, if all else is as it was then.

        Parameters
        ----------
        stood
            What stands for the upstream jobs now.
        """

    def present(self, results: Iterable[Digest]) -> set[Digest]:
        """Those of the results whose values are there."""

    def invariant(self, job: Job) -> Digest | None:
        """What an invariant's result is now; None when what it watches is not there."""

    def part(self, job: Job, outputs: bytes | None) -> Digest | None:
        """The digest of the file that a job stands for, among those of the job that made them."""

    def has_files(self, job: Job, result: Digest, outputs: bytes) -> bool:
        """Whether all files of a job are there as it left them, temporary ones too."""

    def history(self, job_ids: Collection[str]) -> History:
        """What past attempts of these jobs tell; asked for once, when something must run."""

    def keeps_failure(self, job: Job, key: Digest) -> bool:
        """Whether the newest attempt failed at this very key (rule 11)."""
