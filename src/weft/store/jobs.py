"""The jobs as they were defined last.

The script's jobs are one pickled value: as rows they cost 4 us each to write and 1.5 us to compare,
this way 0.5 us, and whoever wants them wants them all. Generated ones are rows, as each generator
replaces its own.
"""

from __future__ import annotations

import pickle
import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

from weft.graph.plain import plain_loads, taking_apart
from weft.model.job import JobRecord
from weft.model.kind import Kind
from weft.store.database import Database
from weft.store.rows import JobRow
from weft.store.script import ScriptTable

_COLUMNS = "job_id, position, name, definition, code, arguments, definer, inputs, extra, dynamic"
_UPSERT = f"""INSERT INTO job ({_COLUMNS}, tags, kind, spec, active)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1)
    ON CONFLICT (job_id) DO UPDATE SET position = excluded.position, name = excluded.name,
    definition = excluded.definition, code = excluded.code, arguments = excluded.arguments,
    definer = excluded.definer, inputs = excluded.inputs, extra = excluded.extra,
    dynamic = excluded.dynamic, tags = excluded.tags, kind = excluded.kind,
    spec = excluded.spec, active = 1, retired_run = NULL"""
_NEWER = ("NULL, 0, NULL", "tags, 0, NULL", "tags, kind, spec")  # then as in the last
"""Columns that came with versions 2 and 3, by version; older databases are only read."""


class JobTable:
    """Reads and writes the present jobs; generated ones that are gone are marked, not deleted."""

    def __init__(self, database: Database) -> None:
        self._database = database
        newer = _NEWER[min(database.version, len(_NEWER)) - 1]
        self._select = f"SELECT {_COLUMNS}, active, retired_run, {newer} FROM job"
        self._places: int | None = None
        self.script = ScriptTable(database)

    def all(self) -> list[JobRow]:
        """In an order in which they can run; a job whose generator is inactive is inactive."""
        jobs = {job.job_id: job for job in self.script.rows()}
        for row in self._database.rows(f"{self._select} ORDER BY position"):
            jobs[row[0]] = _job_row(row)
        inactive: set[str] = set()
        for name, job in jobs.items():
            if not job.active or _any_inactive(job, jobs):
                inactive.add(name)
        plain = [job if job.job_id not in inactive else _inactive(job) for job in jobs.values()]
        return _upstream_first(plain)

    def generated(self) -> list[JobRow]:
        """Those of ``all`` that generators defined."""
        if self._database.row("SELECT 1 FROM job LIMIT 1") is None:
            return []
        return [job for job in self.all() if job.definer is not None]

    def get(self, job_id: str) -> JobRow | None:
        """One job, whether active or not."""
        row = self._database.row(f"{self._select} WHERE job_id = ?", (job_id,))
        if row is not None:
            return _job_row(row)
        return next((job for job in self.script.rows() if job.job_id == job_id), None)

    def take_in(
        self,
        connection: sqlite3.Connection,
        definer: str,
        records: Sequence[JobRecord],
        run: int | None,
    ) -> None:
        """Write the jobs that a generator defined, and retire its others (rule 16)."""
        names = {record.id for record in records}
        sql = "SELECT job_id FROM job WHERE active AND definer = ?"
        before = [row[0] for row in connection.execute(sql, (definer,))]
        self.retire(connection, [name for name in before if name not in names], run)
        first = self._next_position(len(records))
        rows = [_generated_row(record, first + place) for place, record in enumerate(records)]
        connection.executemany(_UPSERT, rows)

    def retire(
        self, connection: sqlite3.Connection, job_ids: Iterable[str], run: int | None
    ) -> None:
        """Mark jobs, and what they generated, and so on, as gone since ``run``."""
        layer = list(job_ids)
        while layer:
            connection.executemany(
                "UPDATE job SET active = 0, retired_run = ? WHERE job_id = ?",
                [(run, name) for name in layer],
            )
            sql = "SELECT job_id FROM job WHERE active AND definer IN"
            layer = [row[0] for row in self._database.among(sql, layer)]

    def _next_position(self, count: int) -> int:
        """The first of ``count`` places behind all generated jobs."""
        if self._places is None:
            sql = "SELECT coalesce(max(position), -1) + 1 FROM job WHERE definer IS NOT NULL"
            self._places = int(self._database.row(sql)[0])
        self._places += count
        return self._places - count


def _generated_row(record: JobRecord, position: int) -> tuple[Any, ...]:
    return (
        record.id,
        position,
        record.name,
        record.definition,
        record.code,
        record.arguments_text,
        record.definer,
        "\n".join(record.inputs) or None,
        "\n".join(record.extra) or None,
        record.dynamic,
        "\n".join(record.options.tags) or None,
        int(record.kind),
        pickle.dumps(record.spec, 5) if record.spec is not None else None,
    )


def _job_row(row: Any) -> JobRow:
    with taking_apart():
        return _read_row(row)


def _read_row(row: Any) -> JobRow:
    head: list[Any]
    *head, inputs, extra, dynamic, active, retired, tags, kind, spec = row
    more: list[Any] = [_ids(inputs), _ids(extra), bool(dynamic), bool(active), retired]
    more += [_ids(tags), Kind(kind), plain_loads(spec) if spec is not None else None]
    return JobRow(*head, *more)


def _ids(text: str | None) -> tuple[str, ...]:
    return tuple(text.split("\n")) if text else ()


def _inactive(job: JobRow) -> JobRow:
    from dataclasses import replace

    return replace(job, active=False)


def _any_inactive(job: JobRow, jobs: dict[str, JobRow]) -> bool:
    """Whether one of the generators above a job is inactive or unknown."""
    definer = job.definer
    while definer is not None:
        above = jobs.get(definer)
        if above is None or not above.active:
            return True
        definer = above.definer
    return False


def _upstream_first(jobs: list[JobRow]) -> list[JobRow]:
    """Move generated jobs behind what they depend on.

    The script's jobs are in order, but a generator that ran again may have given an old job a new
    dependency.
    """
    by_id = {job.job_id: job for job in jobs if job.definer is not None}
    done: dict[str, JobRow] = {job.job_id: job for job in jobs if job.definer is None}
    entered: set[str] = set()
    for job in by_id.values():
        stack = [job]
        while stack:
            top = stack[-1]
            upstream = [by_id[u] for u in (*top.inputs, *top.extra) if u in by_id]
            waiting = [u for u in upstream if u.job_id not in done and u.job_id not in entered]
            if waiting and top.job_id not in entered:
                stack.extend(waiting)
            else:
                done.setdefault(top.job_id, top)
                stack.pop()
            entered.add(top.job_id)
    return list(done.values())
