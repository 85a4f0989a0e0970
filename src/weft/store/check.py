"""``fsck``: reads everything that is kept, and says what of it is damaged or missing.

An object file's checksum covers its pickle, not the arrays beside it, and a small value in the
database has none. Those are decoded, and their structural hash compared with their name. That
proves nothing where the name covers more than the content: the code of a class that was edited
since, or the attempt of a job with ``cutoff=False``; such values are counted as not verifiable.
"""

from __future__ import annotations

import mmap
import warnings
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import partial
from hashlib import blake2b
from types import MethodType
from typing import Any

from weft.errors import SerializationError, StoreError, WeftError
from weft.fingerprint.fingerprinter import Fingerprinter
from weft.fingerprint.lazy import with_files
from weft.fingerprint.literal import literal_digest
from weft.fingerprint.origin import Origin, origin_of
from weft.fingerprint.values import EXACT, Walk, hash_value
from weft.fingerprint.wrappers import module_of
from weft.model.job import DIGEST_SIZE, Digest
from weft.model.promise import Promise
from weft.store import removal
from weft.store.database import Database
from weft.store.encoding import decode, parse, sections
from weft.store.garbage import LOOSE
from weft.store.objects import ObjectLost, Objects
from weft.store.rows import TraceFlag
from weft.store.trust import owner_of

_CHUNK = 200
"""Small values that are read from the database at a time: at most 3 MB."""
_NAMED = 4
"""Jobs that are named with a fault."""
_NO_CLASS = (ImportError, AttributeError)

Progress = Callable[[int, int], None]
"""Told bytes read and bytes in all."""


class Fault(Enum):
    """What may be wrong; the value is the words for it."""

    DATABASE = "the database is damaged"
    DAMAGED = "a value is damaged"
    MISSING = "a value is missing"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong."""

    fault: Fault
    digest: str
    """Hash of the value, in hexadecimal; empty for the database itself."""
    why: str
    jobs: tuple[str, ...] = ()
    """Some of those whose results it is."""


@dataclass(slots=True)
class CheckReport:
    """What was read, and what is wrong with it."""

    files: int = 0
    file_bytes: int = 0
    inline: int = 0
    traces: int = 0
    unverified: Counter[str] = field(default_factory=Counter)
    """Values whose content could be read but not compared with their names, by reason."""
    orphans: int = 0
    """Object files and drafts without a row; ``gc`` removes them."""
    findings: list[Finding] = field(default_factory=list)


class _Doubtful(Exception):
    """A value can be read, and it can't be said whether it is what it was."""


class StoreCheck:
    """Reads everything; changes nothing but in ``repair``."""

    def __init__(self, database: Database, objects: Objects) -> None:
        self._database = database
        self._objects = objects
        self._fingerprinter = Fingerprinter()
        self._report = CheckReport()
        self._done = 0
        self._all = 0
        self._progress: Progress = lambda _done, _all: None
        self._children: set[Digest] = set()
        self._promised: dict[Digest, tuple[str, ...]] = {}
        self._owners: dict[Digest, list[str]] = {}
        self._unique: Collection[str] = ()
        self._read: dict[Digest, dict[int, list[tuple[str, Digest]]]] = {}
        """Files that the job of a value read, by attempt."""

    def __repr__(self) -> str:
        return f"StoreCheck({self._database!r})"

    def run(
        self, progress: Progress | None = None, *, comparable: Collection[str] = ()
    ) -> CheckReport:
        """Read everything.

        Parameters
        ----------
        comparable
            Ids of the jobs whose results' names are known to be hashes of their values alone (that
            is not known of those with ``cutoff=False``, or whose script is not here).
        """
        self._progress = progress or self._progress
        self._unique = comparable
        try:
            if self._check_database():
                self._read_rows()
                self._check_inline()
                self._check_files()
        except StoreError as error:
            self._find(Fault.DATABASE, b"", error.facts.get("because", error.title))
        return self._report

    def repair(self) -> int:
        """Set damaged contents aside as ``*.damaged``, and drop the traces that they, and what is
        missing, belong to: the next make does these jobs again. Returns how many values."""
        bad = [bytes.fromhex(found.digest) for found in self._report.findings if found.digest]
        for digest in bad:
            if self._objects.path(digest).exists():
                self._objects.set_aside(digest)
        removal.drop_values(self._database, bad)
        return len(bad)

    # -- rows --------------------------------------------------------------------------------

    def _check_database(self) -> bool:
        answers = [row[0] for row in self._database.rows("PRAGMA integrity_check(10)")]
        for answer in answers if answers != ["ok"] else ():
            self._find(Fault.DATABASE, b"", answer)
        return answers == ["ok"]

    def _read_rows(self) -> None:
        """What refers to values; and the values that nobody has."""
        rows = self._database.rows
        for trace, children, promised in rows("SELECT trace, children, promised FROM expansion"):
            if children is not None:
                self._children.add(children)
                self._owners.setdefault(children, []).append(f"#{trace}")
            if promised:
                row = self._database.row("SELECT result FROM attempt WHERE id = ?", (trace,))
                if row is not None and row[0] is not None:
                    self._promised.setdefault(row[0], tuple(promised.split("\n")))
        self._read_observations()
        kept = {row[0] for row in rows("SELECT hash FROM value")}
        names: dict[str, str] = {}
        sql = """SELECT id, job_id, result, flags, outputs IS NULL AND result IS NOT key
            FROM attempt WHERE result NOT NULL"""
        for number, name, result, flags, has_value in rows(sql):
            names[f"#{number}"] = name
            self._report.traces += 1
            if has_value and not flags & TraceFlag.PRETENDED:
                self._owners.setdefault(result, []).append(name)
        for digest, owners in self._owners.items():
            owners[:] = dict.fromkeys(names.get(owner, owner) for owner in owners)
            if digest not in kept:
                self._find(Fault.MISSING, digest, "the database has no row of it")
        sizes = rows("SELECT coalesce(sum(size), 0) FROM value")
        self._all = sizes[0][0]

    def _read_observations(self) -> None:
        sql = """SELECT a.id, a.result, d.key, d.digest
            FROM trace_dep d JOIN attempt a ON a.id = d.trace
            WHERE a.result NOT NULL AND d.kind = 'file' ORDER BY d.trace, d.place"""
        for attempt, result, path, content in self._database.rows(sql):
            read = self._read.setdefault(result, {}).setdefault(attempt, [])
            read.append((path, content))

    def _find(self, fault: Fault, digest: Digest, why: str) -> None:
        owners = self._owners.get(digest, ())
        self._report.findings.append(Finding(fault, digest.hex(), why, tuple(owners[:_NAMED])))

    # -- values ------------------------------------------------------------------------------

    def _check_inline(self) -> None:
        after: Digest = b""
        sql = """SELECT hash, data FROM value WHERE data IS NOT NULL AND hash > ?
            ORDER BY hash LIMIT ?"""
        while chunk := self._database.rows(sql, (after, _CHUNK)):
            for digest, data in chunk:
                self._report.inline += 1
                self._try(digest, partial(self._compare, digest, data))
                self._advance(len(data))
            after = chunk[-1][0]

    def _check_files(self) -> None:
        known = set()
        for digest, size in self._database.rows("SELECT hash, size FROM value WHERE data IS NULL"):
            known.add(digest)
            self._report.files += 1
            self._try(digest, partial(self._check_file, digest))
            self._advance(size)
        strays = sum(1 for digest in self._objects.digests() if digest not in known)
        self._report.orphans = strays + len(self._objects.drafts())

    def _advance(self, size: int) -> None:
        self._done += size
        self._progress(self._done, max(self._all, self._done))

    def _try(self, digest: Digest, check: Callable[[], None]) -> None:
        try:
            check()
        except FileNotFoundError:
            self._find(Fault.MISSING, digest, "its file is gone")
        except ObjectLost as lost:
            self._find(Fault.DAMAGED, digest, lost.why)
        except OSError as error:
            self._find(Fault.DAMAGED, digest, f"its file can't be read: {error.strerror}")
        except _Doubtful as doubt:
            self._report.unverified[str(doubt)] += 1

    def _check_file(self, digest: Digest) -> None:
        with self._objects.path(digest).open("rb", buffering=0) as file:
            try:
                mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
            except ValueError:  # an empty file can't be mapped
                raise ObjectLost(digest, "its file is empty") from None
        view = memoryview(mapped)
        self._report.file_bytes += len(view)
        _stream, buffers = sections(view, parse(view, digest))
        if buffers:
            self._compare(digest, view)

    def _compare(self, digest: Digest, data: bytes | memoryview) -> None:
        """Compare what is in a value with its name.

        Raises
        ------
        ObjectLost
            When it is not what it was.
        """
        if digest in self._children:
            if _children_digest(data) != digest:
                raise ObjectLost(digest, "its content was changed")
            return
        if owner_of(self._objects.folder.parent) is not None:
            raise _Doubtful("the folder belongs to another user, and to read one is to run it")
        promised = self._promised.get(digest, ())
        value = _decoded(digest, data, promised)
        plain = (literal_digest(value), _hash(self._fingerprinter, value, promised))
        if digest in plain:
            return
        for read in self._read.get(digest, {}).values():
            if digest in [with_files(one, _stream(data), read) for one in plain if one]:
                return
        if _counts_code(value):
            raise _Doubtful("the code of their classes counts, and was changed since")
        if not promised and self._is_comparable(digest):
            raise ObjectLost(digest, "its content was changed")
        raise _Doubtful("their names cover more than their content (cutoff=False), or may do so")

    def _is_comparable(self, digest: Digest) -> bool:
        owners = self._owners.get(digest, ())
        return bool(owners) and all(owner in self._unique for owner in owners)


def _stream(data: bytes | memoryview) -> bytes | memoryview:
    """A value's pickle without the memory of its arrays."""
    return data if isinstance(data, bytes) else sections(data, parse(data, None))[0]


def _children_digest(data: bytes | memoryview) -> Digest:
    """As ``Store.add_children`` names the records of generated jobs."""
    state = blake2b(b"children", digest_size=DIGEST_SIZE)
    if isinstance(data, bytes):
        state.update(data)
        return state.digest()
    stream, buffers = sections(data, parse(data, None))
    for part in (stream, *buffers):
        state.update(part)
    return state.digest()


def _decoded(digest: Digest, data: bytes | memoryview, promised: Sequence[str]) -> object:
    holes = [Promise[Any](name, "") for name in promised]
    try:
        return decode(data, holes)
    except SerializationError as error:
        if isinstance(error.__cause__, _NO_CLASS):
            raise _Doubtful("their classes can't be imported here") from None
        if isinstance(data, memoryview):  # its checksum is right: the class refuses
            raise _Doubtful("their classes refuse to read them back") from None
        raise ObjectLost(digest, error.facts.get("because", error.title)) from None


def _hash(fingerprinter: Fingerprinter, value: object, promised: Sequence[str]) -> Digest | None:
    places = {name: place for place, name in enumerate(promised)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return fingerprinter.value(value, lambda promise: places.get(promise.job_id, -1))
        except WeftError:
            return None


class _CodeSeen:
    """The references of a value: whether there is code of the user's among them."""

    def __init__(self) -> None:
        self.found = False

    def callable(self, value: Any) -> bytes:
        """A function or class inside a value."""
        del value
        self.found = True
        return b""

    def module(self, value: object) -> bytes:
        """A module inside a value."""
        return self.callable(value)

    def method(self, value: MethodType) -> bytes | None:
        """A method counts by its function and its owner."""
        del value
        return None

    def instance(self, kind: type) -> None:
        """The class of a part."""
        self.found = self.found or origin_of(module_of(kind)) is Origin.FIRST_PARTY

    def inert(self, value: object) -> bool:
        """Nothing is left out."""
        del value
        return False


def _counts_code(value: object) -> bool:
    """Whether the hash of a value covers code, or could not be computed again."""
    seen = _CodeSeen()
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        try:
            hash_value(Walk(dict(EXACT), seen, lambda _promise: 0), value, name="", warned=set())
        except WeftError:
            return True
    return seen.found or bool(warned)


def jobs_of(findings: Iterable[Finding]) -> tuple[str, ...]:
    """The jobs that are named with what is wrong, each once."""
    return tuple(dict.fromkeys(name for found in findings for name in found.jobs))


# -- consistency -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Consistency:
    """How the rows of the store refer to each other."""

    traces: int
    generated: Mapping[str, frozenset[str]]
    """Active generated jobs in the table of jobs, by their definer."""
    database: Database
    present: Callable[[Iterable[Digest]], set[Digest]]

    def problems(self) -> Iterator[tuple[str, str, str]]:
        """Kind, job id and words of each contradiction."""
        yield from self._missing_values()
        yield from self._bad_expansions()
        yield from self._repeated_positions()
        for table, column in LOOSE:
            sql = f"""SELECT count(*) FROM {table}
                WHERE {column} NOT IN (SELECT id FROM attempt)"""
            (number,) = self.database.row(sql)
            if number:
                yield "row", "", f"{number} rows of {table} are of attempts that are not here"

    def _missing_values(self) -> Iterator[tuple[str, str, str]]:
        sql = f"""SELECT job_id, result FROM attempt WHERE result IS NOT NULL
            AND outputs IS NULL AND result IS NOT key
            AND flags & {int(TraceFlag.PRETENDED | TraceFlag.INVALID)} = 0"""
        rows = self.database.rows(sql)
        there = self.present(result for _, result in rows)
        for name, result in rows:
            if result not in there:
                yield "value", name, "a value of it is missing: it runs again when that is needed"

    def _bad_expansions(self) -> Iterator[tuple[str, str, str]]:
        sql = f"""SELECT a.job_id, e.children, e.promised, a.flags
            FROM attempt a LEFT JOIN expansion e ON e.trace = a.id
            WHERE a.result IS NOT NULL
            AND a.flags & {int(TraceFlag.CHILDREN | TraceFlag.PROMISED)} != 0"""
        rows = self.database.rows(sql)
        there = self.present(row[1] for row in rows if row[1] is not None)
        for name, children, promised, flags in rows:
            if flags & TraceFlag.CHILDREN and children not in there:
                yield "expansion", name, "a trace of it does not tell which jobs it defined"
            if flags & TraceFlag.PROMISED and not promised:
                yield "expansion", name, "a trace of it does not tell which jobs it promised"

    def _repeated_positions(self) -> Iterator[tuple[str, str, str]]:
        sql = """SELECT position, min(job_id), count(*) FROM job WHERE active
            GROUP BY position HAVING count(*) > 1"""
        for position, name, number in self.database.rows(sql):
            yield "position", name, f"{number} generated jobs have the place {position}"


def consistency(
    database: Database, present: Callable[[Iterable[Digest]], set[Digest]]
) -> Consistency:
    """Look at how the rows refer to each other; ``present`` says which values are there."""
    generated: dict[str, set[str]] = {}
    for name, definer in database.rows("SELECT job_id, definer FROM job WHERE active"):
        generated.setdefault(definer or "", set()).add(name)
    (traces,) = database.row("SELECT count(*) FROM attempt WHERE result IS NOT NULL")
    frozen = {definer: frozenset(names) for definer, names in generated.items()}
    return Consistency(traces, frozen, database, present)
