"""Forgetting on request: invalidate, clean, forget (rule 12)."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from weft.model.job import Digest
from weft.store.database import Database
from weft.store.rows import TraceFlag

_CHOSEN = "SELECT job_id FROM temp.chosen"
_ORPHANS = """SELECT hash, data IS NULL FROM value WHERE hash IN (SELECT hash FROM temp.dropped)
    AND hash NOT IN (SELECT result FROM attempt WHERE result IS NOT NULL)
    AND hash NOT IN (SELECT children FROM expansion WHERE children IS NOT NULL)"""


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
        ours = f"SELECT id FROM attempt WHERE job_id IN ({_CHOSEN})"
        run("CREATE TEMP TABLE dropped (hash BLOB PRIMARY KEY) WITHOUT ROWID")
        run(
            "INSERT OR IGNORE INTO temp.dropped SELECT result FROM attempt "
            f"WHERE result IS NOT NULL AND job_id IN ({_CHOSEN})"
        )
        run(
            "INSERT OR IGNORE INTO temp.dropped SELECT children FROM expansion "
            f"WHERE children IS NOT NULL AND trace IN ({ours})"
        )
        run(
            "INSERT OR IGNORE INTO cleaned SELECT job_id, key FROM attempt "
            f"WHERE result IS NOT NULL AND key IS NOT NULL AND job_id IN ({_CHOSEN})"
        )
        run(f"DELETE FROM trace_dep WHERE trace IN ({ours})")
        run(f"DELETE FROM expansion WHERE trace IN ({ours})")
        if attempts:
            run(f"DELETE FROM output WHERE attempt IN ({ours})")
            run(f"DELETE FROM attempt WHERE job_id IN ({_CHOSEN})")
        else:
            run(f"UPDATE attempt SET key = NULL, result = NULL WHERE job_id IN ({_CHOSEN})")
        orphans = run(_ORPHANS).fetchall()
        connection.executemany("DELETE FROM value WHERE hash = ?", [(row[0],) for row in orphans])
        run("DROP TABLE temp.dropped")
    return [digest for digest, is_file in orphans if is_file]


def _choose(connection: sqlite3.Connection, job_ids: Iterable[str]) -> None:
    connection.execute(
        "CREATE TEMP TABLE IF NOT EXISTS chosen (job_id TEXT PRIMARY KEY) WITHOUT ROWID"
    )
    connection.execute("DELETE FROM temp.chosen")
    connection.executemany(
        "INSERT OR IGNORE INTO temp.chosen VALUES (?)", [(name,) for name in job_ids]
    )
