"""One fact about each job, for all jobs at once: reads, writes nothing.

Each is one pass over the attempts, as there is no index on job ids (see ``schema``): 0.1 s for
100,000 of them.
"""

from __future__ import annotations

from collections.abc import Sequence

from weft.model.job import Digest
from weft.model.states import AttemptState
from weft.store.database import Database

_DONE = int(AttemptState.DONE)


class Columns:
    """What the attempts tell, by job id, as committed."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def __repr__(self) -> str:
        return f"Columns({self._database!r})"

    def durations(self, job_ids: Sequence[str] | None = None) -> dict[str, float]:
        """Seconds that the newest successful attempt of each job took; of all, or of few."""
        return self._by_job("duration", f"state = {_DONE}", job_ids)

    def sizes(self) -> dict[str, int]:
        """Bytes of the newest result of each job, where it is remembered."""
        sql = """SELECT a.job_id, v.size FROM attempt a JOIN value v ON v.hash = a.result
            ORDER BY a.id"""
        return dict(self._database.rows(sql))

    def ended(self, job_ids: Sequence[str] | None = None) -> dict[str, float]:
        """When the newest attempt of each job ended, in seconds since the epoch."""
        return self._by_job("started + duration", "1", job_ids)

    def newest(self) -> dict[str, tuple[float, int | None, int]]:
        """Processor seconds, peak memory in bytes and number of each job's newest attempt."""
        sql = """SELECT job_id, cpu, json_extract(rest, '$.max_rss'), number FROM attempt
            ORDER BY id"""
        return {row[0]: row[1:] for row in self._database.rows(sql)}

    def value_sizes(self, least: int = 0) -> dict[Digest, int]:
        """Bytes of the values that have at least so many, by result."""
        return dict(self._database.rows("SELECT hash, size FROM value WHERE size >= ?", (least,)))

    def value_size(self, result: Digest | None) -> int | None:
        """Bytes of one value; None where there is none."""
        row = self._database.row("SELECT size FROM value WHERE hash = ?", (result,))
        return row[0] if row is not None else None

    def tried(self) -> frozenset[str]:
        """Jobs with an attempt."""
        return self._ids("SELECT DISTINCT job_id FROM attempt")

    def traced(self) -> frozenset[str]:
        """Jobs with a trace of their own, whether it counts now or not."""
        return self._ids("SELECT DISTINCT job_id FROM attempt WHERE result IS NOT NULL")

    def _by_job(
        self, column: str, condition: str, job_ids: Sequence[str] | None
    ) -> dict[str, float]:
        if job_ids is None:
            sql = f"SELECT job_id, {column} FROM attempt WHERE {condition} ORDER BY id"
            return dict(self._database.rows(sql))
        sql = f"SELECT id, job_id, {column} FROM attempt WHERE {condition} AND job_id IN"
        return {name: value for _, name, value in sorted(self._database.among(sql, job_ids))}

    def _ids(self, sql: str) -> frozenset[str]:
        return frozenset([row[0] for row in self._database.rows(sql)])
