"""The store: what is remembered of one context, in one folder."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

from weft.errors import StoreError
from weft.graph.keeping import KeptCommand
from weft.model.job import DIGEST_SIZE, Digest, JobRecord
from weft.model.outcome import Observation
from weft.model.states import AttemptState
from weft.store import removal
from weft.store.chronicle import Chronicle
from weft.store.columns import Columns
from weft.store.database import Database
from weft.store.file_stats import FileStats
from weft.store.jobs import JobTable
from weft.store.lease import Place
from weft.store.objects import Input, ObjectLost, Objects, encode
from weft.store.recorder import Recorder
from weft.store.removal import Weight
from weft.store.rows import (
    CodeRow,
    JobRow,
    Past,
    StoreStatistics,
    TraceFlag,
    TraceRow,
)
from weft.store.script import JobEntry, ScriptTable
from weft.store.values import Values

if TYPE_CHECKING:
    from weft.store.check import Consistency, StoreCheck
    from weft.store.garbage import Garbage

_TRACE = """SELECT t.id, t.key, t.result, t.job_id, t.flags, t.run, t.definition, t.code,
    t.arguments, t.input_ids, t.input_hashes, {newer}, e.children, e.promised
    FROM trace t LEFT JOIN expansion e ON e.trace = t.id"""
_SET = "INSERT OR REPLACE INTO setting VALUES (?, ?)"
_MANY = 1000
_DONE = int(AttemptState.DONE)


class Store:
    """What is remembered of one context. Made by ``Store.open``; one process at a time writes.

    Attributes
    ----------
    folder
        Of the context.
    objects
        The files of large values.
    file_stats
        Digests of files by stat tuple, for ``FileHasher``.
    messages
        What the user should hear about, such as a damaged database that was set aside.
    record, supersede, adopt, input, drop_value
        Those of ``Recorder`` and ``Values``: a call in between would cost 0.4 us per finished job.
    """

    def __init__(self, folder: Path, database: Database, *, write: bool) -> None:
        self.folder = folder
        self.objects = Objects(folder)
        self.messages: list[str] = database.messages
        self._write = write
        self._database = database
        self._values = Values(database, self.objects)
        self._jobs = JobTable(database)
        self._recorder = Recorder(database, self._values, self._jobs)
        self._chronicle = Chronicle(database)
        self._columns = Columns(database)
        self.file_stats = FileStats(database, self._recorder)
        self._pid = os.getpid()
        self._known_code: set[Digest] = set()
        outputs = "outputs" if database.version > 2 else "NULL"
        origin = "coalesce(origin, id)" if database.version > 3 else "id"
        self._head = f"id, key, result, job_id, flags, {outputs}, {origin}"
        self._trace = _TRACE.format(newer=f"{outputs}, {origin}")
        self.record: Callable[..., int] = self._recorder.record
        self.supersede = self._recorder.supersede
        self.adopt = self._recorder.adopt
        self.input: Callable[[Digest], Input] = self._values.find
        self.drop_value = self._values.drop

    @classmethod
    def open(cls, folder: Path, *, write: bool) -> Store:
        """Open the store of a folder.

        Parameters
        ----------
        write
            Only for the holder of the lease. Without it nothing is written, and another process may
            write meanwhile; a folder without a database is an empty store.

        Raises
        ------
        StoreError
            When the folder can't be used or was written by a newer Weft.
        """
        folder = Path(folder)
        return cls(folder, Database.open(folder, write=write), write=write)

    def __repr__(self) -> str:
        mode = "writing" if self._write else "reading"
        return f"Store({str(self.folder)!r}, {mode}, {len(self._recorder.attempts)} pending)"

    # -- traces ------------------------------------------------------------------------------

    def traces(self) -> list[tuple[int, bytes, bytes, str, int, bytes | None, int]]:
        """The heads of all traces that count, oldest first (see ``TraceHead``).

        It reads most of the database, and is what each run asks first: when it meets damage there,
        the file is set aside and the run begins with an empty one.
        """
        self.flush()
        sql = f"SELECT {self._head} FROM attempt WHERE result IS NOT NULL"
        sql += f" AND flags < {int(TraceFlag.INVALID)} ORDER BY id"
        try:
            return self._database.rows(sql)
        except StoreError:
            if not self._write or not self._database.begin_anew():
                raise
            return self._database.rows(sql)

    def invalidated(self) -> frozenset[tuple[str, Digest]]:
        """Job ids and keys of the traces that do not count any more, or were cleaned."""
        self.flush()
        limit = int(TraceFlag.INVALID)
        sql = f"SELECT job_id, key FROM attempt WHERE flags >= {limit} AND key IS NOT NULL"
        return frozenset(self._database.rows(f"{sql} UNION SELECT job_id, key FROM cleaned"))

    def trace(self, trace_id: int) -> TraceRow:
        """One trace, whole.

        Raises
        ------
        KeyError
            When there is none.
        """
        if trace_id > self._recorder.committed_attempt:
            self.flush()
        row = self._database.row(f"{self._trace} WHERE t.id = ?", (trace_id,))
        if row is None:
            raise KeyError(trace_id)
        return _trace_row(row)

    def newest_trace(self, job_id: str, *, any_flags: bool = True) -> TraceRow | None:
        """The newest trace of a job; with ``any_flags`` also an invalidated one."""
        self.flush()
        limit = 4 * TraceFlag.INVALID if any_flags else TraceFlag.INVALID
        sql = f"{self._trace} WHERE t.job_id = ? AND t.flags < ? ORDER BY t.id DESC LIMIT 1"
        row = self._database.row(sql, (job_id, int(limit)))
        return _trace_row(row) if row is not None else None

    def observations(self, trace_ids: Iterable[int]) -> dict[int, tuple[Observation, ...]]:
        """What the jobs of these traces observed, in order; traces without are left out."""
        self.flush()
        wanted = set(trace_ids)
        sql = "SELECT trace, grp, kind, key, digest FROM trace_dep"
        if len(wanted) > _MANY:
            rows: Iterable[Any] = self._database.rows(f"{sql} ORDER BY trace, place")
        else:  # an IN list is looked up in the order of the primary key
            rows = self._database.among(f"{sql} WHERE trace IN", sorted(wanted))
        found: dict[int, list[Observation]] = {}
        for trace, *seen in rows:
            if trace in wanted:
                found.setdefault(trace, []).append(Observation(*seen))
        return {trace: tuple(seen) for trace, seen in found.items()}

    # -- attempts ----------------------------------------------------------------------------

    @property
    def chronicle(self) -> Chronicle:
        """What ran, for whoever looks; what was recorded is committed first."""
        self.flush()
        return self._chronicle

    @property
    def columns(self) -> Columns:
        """One fact about each job, for all jobs; what was recorded is committed first."""
        self.flush()
        return self._columns

    def past(self, job_ids: Collection[str] | None = None) -> dict[str, Past]:
        """What the attempts of jobs tell, by job id; of all jobs, or only of ``job_ids``.

        One pass over the table, as there is no index on job ids (see ``schema``); for few jobs it
        makes no objects for the others.
        """
        self.flush()
        sql = "SELECT job_id, id, key, state, number, duration, result IS NOT NULL FROM attempt"
        if job_ids is None or len(job_ids) > _MANY:
            rows: Iterable[Any] = self._database.rows(f"{sql} ORDER BY id")
        else:
            rows = sorted(
                self._database.among(f"{sql} WHERE job_id IN", list(job_ids)),
                key=lambda row: row[1],
            )
        found: dict[str, Past] = {}
        for name, attempt, key, state, number, duration, has_trace in rows:
            before = found.get(name)
            traces = before.traces if before is not None else ()
            found[name] = Past(
                attempt,
                key,
                state,
                number,
                duration if state == _DONE else before and before.duration,
                (*traces, attempt) if has_trace else traces,
            )
        return found

    def output(self, attempt_id: int) -> tuple[str | None, str | None]:
        """What an attempt printed to stdout and stderr; None for nothing."""
        self.flush()
        row = self._database.row(
            "SELECT stdout, stderr FROM output WHERE attempt = ?", (attempt_id,)
        )
        return row if row is not None else (None, None)

    # -- jobs --------------------------------------------------------------------------------

    def jobs(self) -> list[JobRow]:
        """All jobs ever defined: the script's in its order, then generated ones, upstream first."""
        self.flush()
        return self._jobs.all()

    def generated_jobs(self) -> list[JobRow]:
        """Those of ``jobs`` that generators defined."""
        self.flush()
        return self._jobs.generated()

    def job(self, job_id: str) -> JobRow | None:
        """One job, whether active or not."""
        self.flush()
        return self._jobs.get(job_id)

    def graph_digest(self) -> bytes | None:
        """The digest that ``define`` was given last."""
        return self._jobs.script.digest()

    @property
    def script(self) -> ScriptTable:
        """The script's jobs, and what it takes to run them without it."""
        return self._jobs.script

    def define(
        self,
        commands: Sequence[KeptCommand],
        jobs: Sequence[JobEntry],
        digest: bytes,
        calls: Sequence[bytes] = (),
    ) -> None:
        """Make ``jobs`` the jobs of the script, in this order; ``digest`` stands for them all."""
        self._jobs.script.define(commands, jobs, digest, calls)

    def definitions(self) -> set[Digest]:
        """Of all traces that count."""
        self.flush()
        sql = f"SELECT DISTINCT definition FROM trace WHERE flags < {int(TraceFlag.INVALID)}"
        return {row[0] for row in self._database.rows(sql)}

    def add_generated(self, parent_id: str, records: Sequence[JobRecord]) -> None:
        """Take in the jobs that a generator defined, and retire its others (rule 16)."""
        self._recorder.add_generated(parent_id, records)

    # -- code --------------------------------------------------------------------------------

    def add_code(self, code: Digest, parts: Iterable[tuple[str, str, Digest, str | None]]) -> None:
        """Keep what a code fingerprint is made of, once: kind, name, digest and source of each."""
        if code in self._known_code:
            return
        self._known_code.add(code)
        if self._database.row("SELECT 1 FROM code WHERE code = ?", (code,)) is None:
            import json

            listed = [(kind, name, digest.hex(), source) for kind, name, digest, source in parts]
            self._recorder.add_code(code, json.dumps(listed))

    def code_parts(self, code: Digest) -> tuple[CodeRow, ...]:
        """The parts of a code fingerprint; empty when it is not known."""
        import json

        self.flush()
        row = self._database.row("SELECT parts FROM code WHERE code = ?", (code,))
        parts = json.loads(row[0]) if row is not None else ()
        return tuple(
            CodeRow(kind, name, bytes.fromhex(digest), source)
            for kind, name, digest, source in parts
        )

    def changed_parts(self, old: Digest, new: Digest) -> tuple[str, ...]:
        """Names of the parts in which two code fingerprints differ, in the order of the new one."""
        before = {(part.kind, part.name): part.digest for part in self.code_parts(old)}
        after = {(part.kind, part.name): part.digest for part in self.code_parts(new)}
        if not before or not after:
            return ()
        names = {**after, **before}
        return tuple(dict.fromkeys(n[1] for n in names if before.get(n) != after.get(n)))

    # -- values ------------------------------------------------------------------------------

    def has_values(self, results: Iterable[Digest]) -> set[Digest]:
        """Those of the results whose values are there, whole."""
        return self._values.present(results)

    def load(self, result: Digest, holes: Sequence[object] = ()) -> object:
        """The value of a result.

        Raises
        ------
        ObjectLost
            When it is not there, or damaged.
        """
        return self._values.load(result, holes)

    def add_children(self, children: Sequence[JobRecord]) -> Digest:
        """Keep the records of the jobs that a generator defined; returns their digest."""
        encoded = encode(tuple(children))
        state = blake2b(b"children", digest_size=DIGEST_SIZE)
        state.update(encoded.inline or encoded.stream or b"")
        for buffer in encoded.buffers:
            state.update(buffer)
        digest = state.digest()
        self._values.put(digest, encoded)
        return digest

    def children(self, digest: Digest) -> tuple[JobRecord, ...]:
        """The records that ``add_children`` kept."""
        records = self._values.load(digest, plain=True)
        if not isinstance(records, tuple) or not all(type(one) is JobRecord for one in records):
            raise ObjectLost(digest, "it holds something else")
        return records

    # -- runs and events ---------------------------------------------------------------------

    def begin_run(self, argv: Sequence[str]) -> int:
        """Note that a run begins; what is recorded from now on belongs to it."""
        import json
        import platform

        self.flush()
        with self._database.transaction() as connection:
            row = (json.dumps(list(argv)), platform.node(), os.getpid(), time.time())
            sql = "INSERT INTO run (argv, host, pid, started) VALUES (?, ?, ?, ?)"
            run = connection.execute(sql, row).lastrowid
            connection.execute(_SET, ("boot", Place.here().boot.encode()))
        assert run is not None
        self._recorder.run = run
        return run

    def doubtful(self) -> frozenset[str]:
        """Ids of the jobs of the last run, if the machine was started anew since.

        That may have been after a power loss: then the disk may have the times and sizes of their
        files, but not their content.
        """
        row = self._database.row("SELECT value FROM setting WHERE name = 'boot'")
        if row is None or row[0] == Place.here().boot.encode():
            return frozenset()
        sql = "SELECT job_id FROM attempt WHERE run = (SELECT max(id) FROM run)"
        return frozenset(name for (name,) in self._database.rows(sql))

    def end_run(self, outcome: str) -> None:
        """Note how the run ended, and commit."""
        sql = "UPDATE run SET ended = ?, outcome = ? WHERE id = ?"
        self._recorder.later(sql, time.time(), outcome, self._recorder.run)
        self.flush()
        self._recorder.run = None

    def note_packages(self, run: int, packages: dict[str, str]) -> None:
        """Note the versions of the installed packages that a run used."""
        import json

        self._recorder.later("UPDATE run SET packages = ? WHERE id = ?", json.dumps(packages), run)

    def packages(self, run: int) -> dict[str, str]:
        """What ``note_packages`` noted."""
        import json

        self.flush()
        row = self._database.row("SELECT packages FROM run WHERE id = ?", (run,))
        return json.loads(row[0]) if row is not None and row[0] else {}

    def event(self, kind: str, **payload: object) -> None:
        """Note something that happened; ``payload`` must be plain data."""
        self._recorder.event(kind, payload)

    # -- forgetting --------------------------------------------------------------------------

    def invalidate(self, job_ids: Iterable[str]) -> None:
        """Traces of these jobs stop counting for freshness; their results stay, for cutoff."""
        self.flush()
        removal.invalidate(self._database, job_ids)

    def clean(self, job_ids: Iterable[str]) -> None:
        """Drop traces and values of these jobs; their failures do not count any more."""
        self._remove(job_ids, attempts=False)

    def forget(self, job_ids: Iterable[str]) -> None:
        """Drop traces, values, attempts and logs of these jobs."""
        self._remove(job_ids, attempts=True)

    def delete(self, job_ids: Sequence[str]) -> None:
        """``forget`` these jobs, and drop those of them that are generated; ``define`` does so for
        the script's."""
        self.forget(job_ids)
        removal.delete(self._database, job_ids)

    def weigh(self, job_ids: Collection[str]) -> Weight:
        """How much there is of these jobs."""
        self.flush()
        return removal.weigh(self._database, job_ids)

    @property
    def garbage(self) -> Garbage:
        """What nothing needs any more."""
        from weft.store.garbage import Garbage

        self.flush()
        self._values.forget()
        return Garbage(self._database, self.objects)

    def check(self) -> StoreCheck:
        """A look at everything that is there, see ``weft.store.check``."""
        from weft.store.check import StoreCheck

        self.flush()
        return StoreCheck(self._database, self.objects)

    def consistency(self) -> Consistency:
        """How the rows refer to each other."""
        from weft.store.check import consistency

        self.flush()
        return consistency(self._database, self._values.present)

    def _remove(self, job_ids: Iterable[str], *, attempts: bool) -> None:
        self.flush()
        files = removal.clean(self._database, job_ids, attempts=attempts)
        self._values.forget()
        for digest in files:
            self.objects.remove(digest)

    # -- life --------------------------------------------------------------------------------

    def tick(self, now: float) -> None:
        """Commit what was recorded, if 0.1 s passed since the last time; ``now`` in seconds."""
        if self._write:
            self._recorder.tick(now)

    def flush(self) -> None:
        """Commit what was recorded; does nothing in a reader, or in a forked child.

        Raises
        ------
        StoreError
            When the disk is full, for one; what is not committed is kept for the next time.
        """
        if self._write and os.getpid() == self._pid:
            self._recorder.flush()

    def statistics(self) -> StoreStatistics:
        """How much there is."""
        count = self._database.row
        path = self._database.path
        return StoreStatistics(
            jobs=count("SELECT count(*) FROM job WHERE active")[0],
            traces=count("SELECT count(*) FROM trace")[0],
            attempts=count("SELECT count(*) FROM attempt")[0],
            values=count("SELECT count(*) FROM value WHERE data IS NOT NULL")[0],
            pending=len(self._recorder.attempts),
            database_bytes=path.stat().st_size if path is not None else 0,
        )

    def close(self) -> None:
        """Commit and close; a second time, or in a forked child, it does nothing."""
        if os.getpid() != self._pid:
            return
        try:
            self.flush()
        finally:
            self._write = False
            self._database.close()


def _trace_row(row: Any) -> TraceRow:
    head: list[Any]
    *head, arguments, ids, hashes, outputs, origin, children, promised = row
    head[4] = TraceFlag(head[4])
    head[7] = head[7] or b""
    names = tuple(promised.split("\n")) if promised else ()
    more: list[Any] = [arguments or "", ids, hashes, children, names, outputs, origin]
    return TraceRow(*head, *more)
