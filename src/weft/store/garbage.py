"""Garbage collection: what nothing needs any more is found, and then removed.

Found are, in this order: old traces of live jobs; all about jobs that nobody defines any more; what
only these referred to; and files that no row refers to. Rows go first, in one transaction, then
files: a crash in between leaves files without a row, which the next collection finds.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePath

from weft.errors import StoreError
from weft.model.job import Digest
from weft.store.database import Database
from weft.store.objects import Objects
from weft.store.removal import NO_TRACE

KEEP = 8
"""Newest traces of each job that are kept (rule 3)."""
GRACE = 7 * 86400.0
"""Seconds after its newest attempt for which a job that nobody defines is kept: a script that
defines a part of its jobs must not lose the results of the others."""
FILE_GRACE = 3600.0
"""Seconds for which a file without a row is kept: a killed run may have left a worker that still
writes."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What is kept although nothing needs it now."""

    keep: int = KEEP
    grace: float = GRACE
    """Seconds."""


@dataclass(frozen=True, slots=True)
class Needs:
    """What is needed now.

    Attributes
    ----------
    jobs
        Ids of the jobs that somebody defines.
    traces
        Those that make jobs fresh now, whosever they are: they are kept, however old.
    codes
        Code fingerprints of the present definitions.
    files
        Paths whose digests are asked for in each run.
    """

    jobs: Collection[str]
    traces: Collection[int]
    codes: Collection[Digest] = ()
    files: Collection[str] = ()


AttemptFact = tuple[int, str, Digest | None, float]
"""Id, job id, result if there is a trace, seconds since the epoch when it ended."""


@dataclass(frozen=True, slots=True)
class Doomed:
    """Rows of the table ``attempt`` that go, wholly or but for the fact that they were."""

    traces: tuple[int, ...]
    attempts: tuple[int, ...]
    jobs: tuple[str, ...]
    """Those that lose all their attempts."""


def doom(facts: Iterable[AttemptFact], needs: Needs, policy: Policy, now: float) -> Doomed:
    """Decide about attempts, given oldest first; ``now`` in seconds since the epoch.

    >>> facts = [(1, "a", b"x", 0.0), (2, "a", b"y", 0.0), (3, "b", b"z", 0.0)]
    >>> doom(facts, Needs({"a"}, set()), Policy(keep=1, grace=10.0), 20.0)
    Doomed(traces=(1,), attempts=(3,), jobs=('b',))
    """
    by_job: dict[str, list[AttemptFact]] = {}
    for fact in facts:
        by_job.setdefault(fact[1], []).append(fact)
    traces: list[int] = []
    attempts: list[int] = []
    gone: list[str] = []
    for name, own in by_job.items():
        if name in needs.jobs or max(fact[3] for fact in own) > now - policy.grace:
            having = [fact[0] for fact in own if fact[2] is not None]
            old = having[: max(len(having) - policy.keep, 0)]
            traces.extend(trace for trace in old if trace not in needs.traces)
        else:
            unneeded = [fact[0] for fact in own if fact[0] not in needs.traces]
            attempts.extend(unneeded)
            if len(unneeded) == len(own):
                gone.append(name)
    return Doomed(tuple(sorted(traces)), tuple(sorted(attempts)), tuple(gone))


@dataclass(frozen=True, slots=True)
class Waste:
    """What a collection removes, or would remove."""

    doomed: Doomed
    values: tuple[Digest, ...]
    value_files: tuple[Digest, ...]
    """Those of the values that are object files."""
    value_bytes: int
    retired: tuple[str, ...]
    """Rows of generated jobs that are no more."""
    codes: tuple[Digest, ...]
    file_stats: tuple[str, ...]
    loose: int
    """Rows about attempts that are not there: observations, expansions, outputs."""
    files: tuple[Path, ...]
    """Object files without a row, and drafts."""
    file_bytes: int

    @property
    def empty(self) -> bool:
        """Whether there is nothing to remove."""
        return not (
            self.doomed.traces
            or self.doomed.attempts
            or self.values
            or self.retired
            or self.codes
            or self.file_stats
            or self.loose
            or self.files
        )

    @property
    def bytes(self) -> int:
        """Of values and files together."""
        return self.value_bytes + self.file_bytes


LOOSE = (
    ("trace_dep", "trace"),
    ("expansion", "trace"),
    ("output", "attempt"),
)
"""Tables whose rows are about attempts, and the column that says which."""


class Garbage:
    """Finds what nothing needs; only the holder of the lease may remove it."""

    def __init__(self, database: Database, objects: Objects) -> None:
        self._database = database
        self._objects = objects

    def __repr__(self) -> str:
        return f"Garbage({self._database!r})"

    def database_bytes(self) -> int:
        """Of the database's file."""
        return self._database.size()

    # -- find --------------------------------------------------------------------------------

    def find(self, needs: Needs, policy: Policy, now: float) -> Waste:
        """What can go; changes nothing."""
        rows = self._database.rows
        facts: list[AttemptFact] = rows(
            "SELECT id, job_id, result, started + duration FROM attempt ORDER BY id"
        )
        doomed = doom(facts, needs, policy, now)
        gone = {*doomed.traces, *doomed.attempts}
        values, files, size = self._values(self._referenced(facts, gone))
        removed = set(doomed.attempts)
        left = {fact[1] for fact in facts if fact[0] not in removed}
        strays, stray_bytes = self._strays(now - min(policy.grace, FILE_GRACE))
        return Waste(
            doomed,
            values,
            files,
            size,
            self._retired(left, needs),
            self._codes(gone, needs),
            self._file_stats(gone, needs),
            sum(rows(_loose_sql("count(*)", *names))[0][0] for names in LOOSE),
            strays,
            stray_bytes,
        )

    def _referenced(self, facts: Iterable[AttemptFact], gone: Collection[int]) -> set[Digest]:
        alive = {fact[0] for fact in facts if fact[0] not in gone}
        sql = "SELECT trace, children FROM expansion WHERE children IS NOT NULL"
        results = {fact[2] for fact in facts if fact[2] is not None and fact[0] in alive}
        return results | {digest for trace, digest in self._database.rows(sql) if trace in alive}

    def _values(
        self, referenced: Collection[Digest]
    ) -> tuple[tuple[Digest, ...], tuple[Digest, ...], int]:
        sql = "SELECT hash, size, data IS NULL FROM value"
        left = [row for row in self._database.rows(sql) if row[0] not in referenced]
        files = tuple(digest for digest, _size, is_file in left if is_file)
        return tuple(row[0] for row in left), files, sum(row[1] for row in left)

    def _retired(self, left: Collection[str], needs: Needs) -> tuple[str, ...]:
        sql = "SELECT job_id FROM job"
        names = (row[0] for row in self._database.rows(sql))
        return tuple(name for name in names if name not in needs.jobs and name not in left)

    def _codes(self, gone: Collection[int], needs: Needs) -> tuple[Digest, ...]:
        rows = self._database.rows
        used = {code for number, code in rows("SELECT id, code FROM attempt") if number not in gone}
        used.update(needs.codes)
        return tuple(row[0] for row in rows("SELECT code FROM code") if row[0] not in used)

    def _file_stats(self, gone: Collection[int], needs: Needs) -> tuple[str, ...]:
        """Paths that no job read, as far as is remembered; a folder stands for what is in it."""
        rows = self._database.rows
        read = rows("SELECT trace, key FROM trace_dep WHERE kind = 'file'")
        known = {path for trace, path in read if trace not in gone}.union(needs.files)
        paths = (row[0] for row in rows("SELECT path FROM file_stat"))
        return tuple(path for path in paths if path not in known and not _inside(path, known))

    def _strays(self, before: float) -> tuple[tuple[Path, ...], int]:
        """Files without a row that were last written before that time, and their bytes."""
        known = {row[0] for row in self._database.rows("SELECT hash FROM value WHERE data IS NULL")}
        objects = self._objects
        paths = [objects.path(digest) for digest in objects.digests() if digest not in known]
        found: list[Path] = []
        size = 0
        for path in [*paths, *objects.drafts()]:
            with suppress(FileNotFoundError):
                status = path.stat()
                if status.st_mtime <= before:
                    found.append(path)
                    size += status.st_size
        return tuple(found), size

    # -- remove ------------------------------------------------------------------------------

    def remove(self, waste: Waste) -> None:
        """Remove what ``find`` found: rows, then files."""
        doomed = waste.doomed
        with self._database.transaction() as connection:
            for sql, keys in (
                (f"UPDATE attempt SET {NO_TRACE} WHERE id = ?", doomed.traces),
                ("DELETE FROM attempt WHERE id = ?", doomed.attempts),
                ("DELETE FROM trace_dep WHERE trace = ?", doomed.traces),
                ("DELETE FROM expansion WHERE trace = ?", doomed.traces),
                ("DELETE FROM cleaned WHERE job_id = ?", doomed.jobs),
                ("DELETE FROM value WHERE hash = ?", waste.values),
                ("DELETE FROM job WHERE job_id = ?", waste.retired),
                ("DELETE FROM code WHERE code = ?", waste.codes),
                ("DELETE FROM file_stat WHERE path = ?", waste.file_stats),
            ):
                connection.executemany(sql, ((key,) for key in keys))
            for names in LOOSE:
                connection.execute(_loose_sql("", *names))
        for digest in waste.value_files:
            self._objects.remove(digest)
        for path in waste.files:
            path.unlink(missing_ok=True)
        # All is removed already, even if there is no room for a smaller copy of the database.
        with suppress(StoreError):
            self._database.shrink()


def _loose_sql(what: str, table: str, column: str) -> str:
    verb = f"SELECT {what}" if what else "DELETE"
    return f"{verb} FROM {table} WHERE {column} NOT IN (SELECT id FROM attempt)"


def _inside(path: str, folders: Collection[str]) -> bool:
    return any(str(parent) in folders for parent in PurePath(path).parents)
