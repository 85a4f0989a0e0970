"""What ran, when, and how it ended: reads attempts and runs, writes nothing."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NamedTuple

from weft.model.job import Digest
from weft.model.states import AttemptState
from weft.store.database import Database
from weft.store.recorder import error_from_json
from weft.store.rows import AttemptRow, EventRow, RunCounts, RunRow

_ATTEMPT = """SELECT id, run, job_id, number, key, state, executor, pid, started, duration, cpu,
    reason, rest, result IS NOT NULL, (SELECT host FROM run WHERE run.id = attempt.run)
    FROM attempt"""
_RUN = "SELECT id, argv, host, pid, started, ended, outcome FROM run"
_DONE = int(AttemptState.DONE)
_CANCELLED = int(AttemptState.CANCELLED)


class Deed(NamedTuple):
    """One attempt of a run, in brief; a tuple, because there may be 100,000."""

    id: int
    job_id: str
    state: int
    """An ``AttemptState``."""
    duration: float
    """Seconds."""
    reason: str | None
    """Why it ran, as ``weft.model.reasons.to_json`` writes it."""
    code: Digest | None
    """Of its trace."""


class Chronicle:
    """The attempts and runs of a store, as committed."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def __repr__(self) -> str:
        return f"Chronicle({self._database!r})"

    def attempts(self, job_id: str) -> list[AttemptRow]:
        """All attempts of a job, oldest first."""
        rows = self._database.rows(f"{_ATTEMPT} WHERE job_id = ? ORDER BY id", (job_id,))
        return [_attempt_row(row) for row in rows]

    def attempt(self, attempt_id: int) -> AttemptRow | None:
        """One attempt, or None when there is none of that id."""
        row = self._database.row(f"{_ATTEMPT} WHERE id = ?", (attempt_id,))
        return _attempt_row(row) if row is not None else None

    def attempts_of_run(self, run: int) -> list[AttemptRow]:
        """All attempts of a run, in the order in which they ended."""
        rows = self._database.rows(f"{_ATTEMPT} WHERE run = ? ORDER BY id", (run,))
        return [_attempt_row(row) for row in rows]

    def deeds_of_run(self, run: int) -> list[Deed]:
        """The attempts of a run in brief, in the order in which they ended."""
        sql = f"SELECT {', '.join(Deed._fields)} FROM attempt WHERE run = ? ORDER BY id"
        return list(map(Deed._make, self._database.rows(sql, (run,))))

    def failures_of_run(self, run: int) -> dict[int, AttemptRow]:
        """The attempts of a run that did not end well, by id."""
        sql = f"{_ATTEMPT} WHERE run = ? AND state != {_DONE} ORDER BY id"
        return {row[0]: _attempt_row(row) for row in self._database.rows(sql, (run,))}

    def reasons_of_run(self, run: int) -> dict[str, str | None]:
        """Jobs that ran well in a run, with why they ran (JSON; None for the first time)."""
        sql = f"SELECT job_id, reason FROM attempt WHERE run = ? AND state = {_DONE} ORDER BY id"
        return dict(self._database.rows(sql, (run,)))

    def runs(self, newest: int | None = None) -> list[RunRow]:
        """All runs, or only so many of the newest; oldest first."""
        import json

        sql = f"{_RUN} ORDER BY id DESC LIMIT ?"
        rows = self._database.rows(sql, (-1 if newest is None else newest,))
        return [RunRow(r[0], tuple(json.loads(r[1])), *r[2:]) for r in reversed(rows)]

    def run(self, number: int) -> RunRow | None:
        """One run, or None when there is none of that number."""
        import json

        r = self._database.row(f"{_RUN} WHERE id = ?", (number,))
        return RunRow(r[0], tuple(json.loads(r[1])), *r[2:]) if r is not None else None

    def counts(self, runs: Collection[int]) -> dict[int, RunCounts]:
        """What was done in these runs; runs that left no attempt are left out.

        One pass over the newer part of the table: attempts are there in the order of runs.
        """
        if not runs:
            return {}
        sql = """SELECT run, state, count(*), sum(duration) FROM attempt
            WHERE run BETWEEN ? AND ? GROUP BY run, state"""
        found: dict[int, RunCounts] = {}
        wanted = set(runs)
        for run, state, number, seconds in self._database.rows(sql, (min(runs), max(runs))):
            if run in wanted:
                before = found.get(run, RunCounts())
                found[run] = RunCounts(
                    ran=before.ran + number,
                    done=before.done + (number if state == _DONE else 0),
                    cancelled=before.cancelled + (number if state == _CANCELLED else 0),
                    seconds=before.seconds + seconds,
                )
        return found

    def events(self, since: int = 0) -> list[EventRow]:
        """Events with an id above ``since``, oldest first."""
        import json

        sql = "SELECT id, run, time, kind, payload FROM event WHERE id > ? ORDER BY id"
        rows = self._database.rows(sql, (since,))
        return [EventRow(r[0], r[1], r[2], r[3], json.loads(r[4])) for r in rows]


def _attempt_row(row: Any) -> AttemptRow:
    import json

    attempt, run, job_id, number, key, state, *head, reason, text, remembered, host = row
    executor, pid, started, duration, cpu = head
    rest = json.loads(text) if text else {}
    return AttemptRow(
        id=attempt,
        run=run,
        job_id=job_id,
        number=number,
        key=key,
        state=AttemptState(state),
        executor=executor,
        host=rest.get("host", host),
        pid=pid,
        started=started,
        duration=duration,
        cpu=cpu,
        exit_code=rest.get("exit_code"),
        signal=rest.get("signal"),
        max_rss=rest.get("max_rss"),
        note=rest.get("note"),
        error=error_from_json(rest.get("error")),
        reason=reason,
        remembered=bool(remembered),
    )
