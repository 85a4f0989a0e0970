"""Forgetting on request: invalidate, clean, forget, delete (rule 12)."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from weft.model.job import Digest
from weft.model.states import AttemptState
from weft.store.database import Database
from weft.store.rows import TraceFlag

_CHOSEN = "SELECT job_id FROM temp.chosen"
_ORPHANS = """SELECT hash, data IS NULL FROM value WHERE hash IN (SELECT hash FROM temp.dropped)
    AND hash NOT IN (SELECT result FROM attempt WHERE result IS NOT NULL)
    AND hash NOT IN (SELECT children FROM expansion WHERE children IS NOT NULL)"""
NO_TRACE = """key = NULL, result = NULL, flags = 0, definition = NULL, code = NULL,
    arguments = NULL, input_ids = NULL, input_hashes = NULL, outputs = NULL"""
"""Of an attempt whose trace is dropped."""
_DONE = int(AttemptState.DONE)


@dataclass(frozen=True, slots=True)
class Weight:
    """What the store has of some jobs."""

    jobs: int
    """How many of them have a result."""
    attempts: int
    size: int
    """Bytes of their values."""
    seconds: float
    """That the newest successes of the jobs with results took."""


def weigh(database: Database, job_ids: Collection[str]) -> Weight:
    """What is there of these jobs; one pass, as there is no index on job ids."""
    wanted = set(job_ids)
    attempts, results, seconds = 0, set[Digest](), dict[str, float]()
    sql = "SELECT job_id, result, state, duration FROM attempt ORDER BY id"
    for name, result, state, duration in database.rows(sql):
        if name in wanted:
            attempts += 1
            if result is not None:
                results.add(result)
                seconds[name] = duration if state == _DONE else seconds.get(name, 0.0)
    sizes = database.among("SELECT size FROM value WHERE hash IN", results)
    size = sum(row[0] for row in sizes)
    return Weight(len(seconds), attempts, size, sum(seconds.values()))


def invalidate(database: Database, job_ids: Iterable[str]) -> None:
    """Traces of these jobs stop counting for freshness; results stay, for early cutoff."""
    with database.transaction() as connection:
        _choose(connection, job_ids)
        connection.execute(
            f"UPDATE attempt SET flags = flags | {int(TraceFlag.INVALID)} "
            f"WHERE result IS NOT NULL AND job_id IN ({_CHOSEN})"
        )


def clean(database: Database, job_ids: Iterable[str], *, attempts: bool) -> list[Digest]:
    """Drop traces and values of these jobs; with ``attempts`` also their attempts and logs.

    Returns
    -------
    Hashes of the object files that nothing refers to any more, to be removed after the commit:
    a crash in between leaves garbage, never a trace without its value.
    """
    with database.transaction() as connection:
        _choose(connection, job_ids)
        run = connection.execute
        run(
            "INSERT OR IGNORE INTO cleaned SELECT job_id, key FROM attempt "
            f"WHERE result IS NOT NULL AND key IS NOT NULL AND job_id IN ({_CHOSEN})"
        )
        orphans = _drop(connection, f"job_id IN ({_CHOSEN})", attempts=attempts)
    return [digest for digest, is_file in orphans if is_file]


def delete(database: Database, job_ids: Iterable[str]) -> None:
    """Take generated jobs out of the definitions; that they were cleaned counts no more."""
    with database.transaction() as connection:
        _choose(connection, job_ids)
        run = connection.execute
        run(f"DELETE FROM job WHERE job_id IN ({_CHOSEN}) OR definer IN ({_CHOSEN})")
        run(f"DELETE FROM cleaned WHERE job_id IN ({_CHOSEN})")


def drop_values(database: Database, digests: Iterable[Digest]) -> None:
    """Drop values that can't be read, and the traces that they belong to."""
    with database.transaction() as connection:
        run = connection.execute
        run("CREATE TEMP TABLE bad (hash BLOB PRIMARY KEY) WITHOUT ROWID")
        bad = [(digest,) for digest in digests]
        connection.executemany("INSERT OR IGNORE INTO temp.bad VALUES (?)", bad)
        children = "SELECT trace FROM expansion WHERE children IN (SELECT hash FROM temp.bad)"
        _drop(
            connection,
            f"result IN (SELECT hash FROM temp.bad) OR id IN ({children})",
            attempts=False,
        )
        connection.executemany("DELETE FROM value WHERE hash = ?", bad)
        run("DROP TABLE temp.bad")


def _drop(
    connection: sqlite3.Connection, condition: str, *, attempts: bool
) -> list[tuple[Digest, int]]:
    """Drop the traces of the attempts that meet a condition; returns the values that are left
    over, with whether each is a file."""
    run = connection.execute
    run("CREATE TEMP TABLE gone (id INTEGER PRIMARY KEY)")
    run(f"INSERT INTO temp.gone SELECT id FROM attempt WHERE {condition}")
    ours = "SELECT id FROM temp.gone"
    run("CREATE TEMP TABLE dropped (hash BLOB PRIMARY KEY) WITHOUT ROWID")
    run(
        "INSERT OR IGNORE INTO temp.dropped SELECT result FROM attempt "
        f"WHERE result IS NOT NULL AND id IN ({ours})"
    )
    run(
        "INSERT OR IGNORE INTO temp.dropped SELECT children FROM expansion "
        f"WHERE children IS NOT NULL AND trace IN ({ours})"
    )
    run(f"DELETE FROM trace_dep WHERE trace IN ({ours})")
    run(f"DELETE FROM expansion WHERE trace IN ({ours})")
    if attempts:
        run(f"DELETE FROM output WHERE attempt IN ({ours})")
        run(f"DELETE FROM attempt WHERE id IN ({ours})")
    else:
        run(f"UPDATE attempt SET {NO_TRACE} WHERE id IN ({ours})")
    orphans = run(_ORPHANS).fetchall()
    connection.executemany("DELETE FROM value WHERE hash = ?", [(row[0],) for row in orphans])
    run("DROP TABLE temp.dropped")
    run("DROP TABLE temp.gone")
    return orphans


def _choose(connection: sqlite3.Connection, job_ids: Iterable[str]) -> None:
    connection.execute(
        "CREATE TEMP TABLE IF NOT EXISTS chosen (job_id TEXT PRIMARY KEY) WITHOUT ROWID"
    )
    connection.execute("DELETE FROM temp.chosen")
    connection.executemany(
        "INSERT OR IGNORE INTO temp.chosen VALUES (?)", [(name,) for name in job_ids]
    )
