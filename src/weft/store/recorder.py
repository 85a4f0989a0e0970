"""What was finished and is not committed yet: one group of rows, written in one transaction."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from weft.model.job import Digest, JobRecord
from weft.model.outcome import ErrorReport, Frame, Outcome
from weft.store.database import Database
from weft.store.jobs import JobTable
from weft.store.rows import TraceFlag
from weft.store.values import Values

GROUP_SECONDS = 0.1
"""A crash costs at most the finished jobs of this time."""
GROUP_ROWS = 20_000

_ATTEMPT = f"INSERT INTO attempt VALUES ({','.join('?' * 22)})"
_OUTPUT = "INSERT INTO output VALUES (?, ?, ?)"
_OBSERVATION = "INSERT INTO trace_dep VALUES (?, ?, ?, ?, ?, ?)"
_EXPANSION = "INSERT INTO expansion VALUES (?, ?, ?)"
_EVENT = "INSERT INTO event (run, time, kind, payload) VALUES (?, ?, ?, ?)"
_FILE_STAT = "INSERT OR REPLACE INTO file_stat VALUES (?, ?, ?, ?)"
_CODE = "INSERT OR IGNORE INTO code VALUES (?, ?)"

_SUPERSEDE = f"UPDATE attempt SET flags = flags | {int(TraceFlag.SUPERSEDED)} WHERE id = ?"
_PRETENDED = int(TraceFlag.PRETENDED)
_NO_TRACE = (0, None, None, None, None, None, None)

Row = tuple[object, ...]


class Recorder:
    """Collects rows and commits them together.

    ``record`` only appends tuples: it is called once per finished job, between two batches that
    workers wait for. Rows are committed in order of completion, so what a job rests on is never
    committed after it (rule 21).
    """

    def __init__(self, database: Database, values: Values, jobs: JobTable) -> None:
        self.run: int | None = None
        # That of a deleted one may be given again: what rested on it came later, and so is gone.
        self.last_attempt: int = database.row("SELECT coalesce(max(id), 0) FROM attempt")[0]
        self.committed_attempt = self.last_attempt
        self._database = database
        self._values = values
        self._jobs = jobs
        self._committed = 0.0
        self._grown = False
        self.attempts: list[Row] = []
        self._outputs: list[Row] = []
        self._observations: list[Row] = []
        self._expansions: list[Row] = []
        self._events: list[Row] = []
        self._codes: list[Row] = []
        self._stats: dict[str, Row] = {}
        self._generated: list[tuple[str, Sequence[JobRecord], int | None]] = []
        self._later: list[tuple[str, Row]] = []

    def record(
        self,
        job_id: str,
        number: int,
        key: bytes,
        outcome: Outcome,
        *,
        executor: str,
        host: str | None = None,
        reason: str | None = None,
        trace: tuple[Any, ...] | None = None,
        origin: int | None = None,
    ) -> int:
        """Note an attempt, and its trace if there is one; returns the id of both.

        Parameters
        ----------
        trace
            Flags, definition, code, text of the arguments, ids and results of the upstream jobs
            (joined), digest of the generated jobs' records; None when nothing is to be remembered.
        origin
            Id of the attempt that this one repeats, or accepts, and that stands for it.
        """
        self.last_attempt = attempt = self.last_attempt + 1
        result = outcome.result
        flags, definition, code, arguments, ids, hashes, children = trace or _NO_TRACE
        # Of jobs that leave no value the result is the key, or what became of their files.
        is_value = result != key and outcome.outputs is None and not flags & _PRETENDED
        if result is not None and is_value:
            self._values.add(result, outcome.size, outcome.value)
        if (
            outcome.max_rss is not None
            or outcome.error is not None
            or outcome.note is not None
            or outcome.exit_code is not None
            or outcome.signal is not None
            or host is not None
        ):
            rest = rest_to_json(outcome, host)
        else:
            rest = None
        self.attempts.append(
            (
                attempt,
                key,
                None if trace is None else result,
                job_id,
                flags,
                self.run,
                number,
                outcome.state,
                executor,
                outcome.pid,
                outcome.started,
                outcome.duration,
                outcome.cpu,
                None if definition == key else definition,
                code,
                arguments,
                ids,
                hashes,
                reason,
                rest,
                outcome.outputs,
                origin,
            )
        )
        if outcome.stdout or outcome.stderr:
            self._outputs.append((attempt, outcome.stdout, outcome.stderr))
        if outcome.observed or outcome.promised or children is not None:
            self._note_discovered(attempt, outcome, children)
        return attempt

    def _note_discovered(self, attempt: int, outcome: Outcome, children: Digest | None) -> None:
        for place, seen in enumerate(outcome.observed):
            row = (attempt, place, seen.group, seen.kind, seen.key, seen.digest)
            self._observations.append(row)
        if children is not None or outcome.promised:
            self._expansions.append((attempt, children, "\n".join(outcome.promised) or None))

    def event(self, kind: str, payload: dict[str, object]) -> None:
        """Note something that happened."""
        import json

        self._events.append((self.run, time.time(), kind, json.dumps(payload, default=str)))

    def add_code(self, code: Digest, parts: str) -> None:
        """Note the parts of a code fingerprint, as JSON."""
        self._codes.append((code, parts))

    def put_stat(self, path: str, row: Row) -> None:
        """Note a file's stamp, digest, and when it was hashed."""
        self._stats[path] = row

    def find_stat(self, path: str) -> Row | None:
        """What ``put_stat`` noted and is not committed yet."""
        return self._stats.get(path)

    def add_generated(self, definer: str, records: Sequence[JobRecord]) -> None:
        """Note the jobs that a generator defined; in one transaction with its trace."""
        self._generated.append((definer, records, self.run))

    def supersede(self, trace_ids: Iterable[int]) -> None:
        """These traces stop counting, durably, since their job is about to run again."""
        for trace_id in trace_ids:
            self.later(_SUPERSEDE, trace_id)
        self.flush()

    def adopt(self, owners: Mapping[int, str]) -> None:
        """These traces (by id) serve other jobs from now on, and are theirs."""
        for trace_id, job_id in owners.items():
            self.later("UPDATE attempt SET job_id = ? WHERE id = ?", job_id, trace_id)

    def later(self, sql: str, *parameters: object) -> None:
        """Run a statement in the next group, after its attempts."""
        self._later.append((sql, parameters))

    @property
    def pending(self) -> bool:
        """Whether there is something to commit."""
        return bool(
            self.attempts
            or self._generated
            or self._later
            or self._events
            or self._codes
            or self._stats
            or self._values.pending
        )

    def tick(self, now: float) -> None:
        """Commit when the group is old or large enough; ``now`` is a steady clock's seconds."""
        if now - self._committed >= GROUP_SECONDS or len(self.attempts) >= GROUP_ROWS:
            self._committed = now
            self.flush()

    def flush(self) -> None:
        """Commit all rows now; after an error they are kept for the next time.

        Raises
        ------
        StoreError
            When the disk is full or the database can't be written.
        """
        if not self.pending:
            return
        if not self._grown and len(self.attempts) > 1000:
            self._grown = True
            self._database.grow_cache()
        with self._database.transaction() as connection:
            self._write(connection)
        self.committed_attempt = self.last_attempt
        self._values.committed()
        for rows in self._lists():
            rows.clear()
        self._stats.clear()

    def _lists(self) -> tuple[list[Any], ...]:
        return (
            self.attempts,
            self._outputs,
            self._observations,
            self._expansions,
            self._events,
            self._codes,
            self._generated,
            self._later,
        )

    def _write(self, connection: sqlite3.Connection) -> None:
        self._values.write(connection)
        for sql, rows in (
            (_ATTEMPT, self.attempts),
            (_OUTPUT, self._outputs),
            (_OBSERVATION, self._observations),
            (_EXPANSION, self._expansions),
            (_EVENT, self._events),
            (_CODE, self._codes),
        ):
            if rows:
                connection.executemany(sql, rows)
        if self._stats:
            connection.executemany(_FILE_STAT, list(self._stats.values()))
        for definer, records, run in self._generated:
            self._jobs.take_in(connection, definer, records, run)
        for sql, parameters in self._later:
            connection.execute(sql, parameters)


# -- the column "rest" -------------------------------------------------------------------------


def rest_to_json(outcome: Outcome, host: str | None) -> str:
    """What few attempts have, as JSON."""
    import json

    rest: dict[str, object] = {
        "host": host,
        "exit_code": outcome.exit_code,
        "signal": outcome.signal,
        "max_rss": outcome.max_rss,
        "note": outcome.note,
    }
    error = outcome.error
    if error is not None:
        frames = [(f.file, f.line, f.function, f.source) for f in error.frames]
        rest["error"] = [error.type, error.message, frames, error.text, error.type_names]
    return json.dumps({name: value for name, value in rest.items() if value is not None})


def error_from_json(error: list[Any] | None) -> ErrorReport | None:
    """The error of an attempt's ``rest``.

    >>> error_from_json(["ValueError", "no", [["a.py", 1, "f", "f()"]], "…", ["ValueError"]]).type
    'ValueError'
    """
    if error is None:
        return None
    kind, message, frames, text, names = error
    return ErrorReport(kind, message, tuple(Frame(*f) for f in frames), text, tuple(names))
