"""The SQLite file: opened, checked, set aside when damaged; one place for its errors."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from weft.errors import StoreError
from weft.store import schema
from weft.store.connection import Connection
from weft.store.filesystem import network_filesystem
from weft.store.trouble import database_trouble, disk_trouble, is_corrupt

NAME = "weft.db"
BUSY_TIMEOUT = 5.0
"""Seconds to wait for another program that keeps the database locked."""
_CACHE_KIB = 32 * 1024
_CHECKPOINT_PAGES = 4000
"""16 MB: SQLite's own 1000 pages mean an fsync per group of commits."""
_SETTLED_NS = 100_000_000
"""A file written within this time may be written again without its stamp changing."""
_CHUNK = 500
"""Parameters per statement; old builds of SQLite take 999."""


class Database:
    """A connection with the schema in it, whose errors are ``StoreError``.

    Parameters
    ----------
    path
        Of the file; None for an empty one in memory.
    messages
        Gets what the user should hear about: a file set aside, a slower journal.
    """

    def __init__(self, path: Path | None, connection: Connection) -> None:
        self.path = path
        self._connection = connection
        self.version = schema.VERSION
        """Of the schema: an older file that is only read is not brought up to date."""
        self.messages: list[str] = []
        self._quiet: tuple[int, int] | None = None
        """Stamp of a file that is read without SQLite's locks, see ``_open_to_read``."""

    def __repr__(self) -> str:
        return f"Database({str(self.path) if self.path else 'in memory'!r})"

    # -- open --------------------------------------------------------------------------------

    @classmethod
    def open(cls, folder: Path, *, write: bool) -> Database:
        """Open the database of a context's folder.

        Writing creates folder and file, and sets a damaged file aside; only the holder of the lease
        may. Reading changes nothing; where there is no file it sees an empty database.

        Raises
        ------
        StoreError
            When the folder can't be used, the file is damaged (reading), or of a newer Weft.
        """
        path = folder / NAME
        if write:
            return cls._open_to_write(path)
        if not path.is_file():
            database = cls(None, _connect(":memory:"))
            database._create()
            return database
        return cls._open_to_read(path)

    @classmethod
    def _open_to_write(cls, path: Path) -> Database:
        _make_folder(path.parent)
        try:
            return cls._open_checked(path)
        except sqlite3.Error as error:
            if not is_corrupt(error):
                raise database_trouble(error, path) from error
        message = _set_aside(path)
        try:
            database = cls._open_checked(path)
        except sqlite3.Error as error:
            raise database_trouble(error, path) from error
        database.messages.append(message)
        return database

    @classmethod
    def _open_checked(cls, path: Path) -> Database:
        connection = _connect(str(path))
        try:
            database = cls(path, connection)
            database._prepare()
        except BaseException:
            connection.close()
            raise
        return database

    def _prepare(self) -> None:
        assert self.path is not None
        run = self._connection.execute
        network = network_filesystem(self.path.parent)
        version = run("PRAGMA user_version").fetchone()[0]
        if version > schema.VERSION:
            raise _newer(self.path, version)
        if network is None:
            run("PRAGMA journal_mode = WAL").fetchone()
            run("PRAGMA synchronous = NORMAL")
            run(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
        else:
            run("PRAGMA journal_mode = DELETE").fetchone()
            run("PRAGMA synchronous = FULL")
            self.messages.append(
                f"{self.path.parent} is on a network file system ({network}): "
                "remembering is safe there, but slower."
            )
        if version == 0:
            self._create()
            return
        run("SELECT max(id) FROM attempt").fetchone()  # damage here would not wait for a question
        if _suspect(self.path).exists() or self._ended_badly():
            self._check()
        if version < schema.VERSION:
            self._upgrade()
        self._connection.look_at_text()

    def _ended_badly(self) -> bool:
        rows = self._connection.execute("SELECT outcome FROM run ORDER BY id DESC LIMIT 1")
        return (None,) in rows.fetchall()

    def _check(self) -> None:
        assert self.path is not None
        answer = self._connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if answer != "ok":
            error = sqlite3.DatabaseError(answer)
            error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
            raise error
        _suspect(self.path).unlink(missing_ok=True)

    def _create(self) -> None:
        run = self._connection.execute
        run("BEGIN IMMEDIATE")
        # Another process may have made it between our look at the version and the lock.
        if run("PRAGMA user_version").fetchone()[0] == 0:
            for statement in schema.TABLES:
                run(statement)
            run(f"PRAGMA user_version = {schema.VERSION}")
        run("COMMIT")

    def _upgrade(self) -> None:
        """Bring an older schema up to date, wholly or not at all."""
        run = self._connection.execute
        run("BEGIN IMMEDIATE")
        try:
            for steps in schema.STEPS[run("PRAGMA user_version").fetchone()[0] :]:
                for statement in steps:
                    run(statement)
            run(f"PRAGMA user_version = {schema.VERSION}")
        except BaseException:
            run("ROLLBACK")
            raise
        run("COMMIT")

    @classmethod
    def _open_to_read(cls, path: Path) -> Database:
        """Without a log there is no writer: the file is read as it stands, with no lock and no
        file made beside it (SQLite would leave two). Should a writer begin and touch it, the query
        of that moment is repeated with locks."""
        stamp = _stamp(path)
        settled = time.time_ns() - stamp[0] > _SETTLED_NS
        try:
            if settled and not _has_log(path):
                database = cls(path, _connect_alone(path))
                database._quiet = stamp
            else:
                database = cls._open_shared(path)
        except sqlite3.Error as error:
            raise database_trouble(error, path) from error
        version = database.rows("PRAGMA user_version")[0][0]
        if version > schema.VERSION:
            raise _newer(path, version)
        if version == 0:  # its creator has not come to the schema yet
            database.close()
            database = cls(None, _connect(":memory:"))
            database._create()
        else:
            database.version = version
            database._connection.look_at_text()
        return database

    @classmethod
    def _open_shared(cls, path: Path) -> Database:
        try:
            return cls(path, _connect_shared(path))
        except sqlite3.OperationalError:
            if os.access(path.parent, os.W_OK):
                raise
        # Beside a log that can't be opened without writing: a run was killed here, and then the
        # folder was made read-only.
        database = cls(path, _connect_alone(path))
        database.messages.append(
            "The folder is read-only: what its last run did at its end is not seen."
        )
        return database

    # -- use ---------------------------------------------------------------------------------

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[Any]:
        """All rows of a query, as tuples."""
        try:
            rows = self._connection.execute(sql, parameters).fetchall()
        except sqlite3.Error as error:
            if not self._moved():
                raise self._trouble(error) from error
        else:
            if not self._moved():
                return rows
        self._share()
        return self.rows(sql, parameters)

    def row(self, sql: str, parameters: Sequence[object] = ()) -> Any:
        """The first row of a query, or None."""
        return next(iter(self.rows(sql, parameters)), None)

    def _moved(self) -> bool:
        """Whether a file that was read as one that nobody writes was written meanwhile."""
        return self._quiet is not None and _stamp(self.path) != self._quiet

    def _share(self) -> None:
        """Read on as beside a writer; what was read from the file as it changed is read again."""
        assert self.path is not None
        self._connection.close()
        self._quiet = None
        try:
            self._connection = _connect_shared(self.path)
            self._connection.look_at_text()
        except sqlite3.Error as error:
            raise database_trouble(error, self.path) from error

    def among(self, sql: str, values: Iterable[object]) -> Iterator[Any]:
        """Rows of a query that ends in ``IN``, for any number of values."""
        wanted = list(values)
        for start in range(0, len(wanted), _CHUNK):
            chunk = wanted[start : start + _CHUNK]
            yield from self.rows(f"{sql} ({','.join('?' * len(chunk))})", chunk)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """One transaction: all of it is kept, or, after an error, nothing."""
        connection = self._connection
        try:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
        except sqlite3.Error as error:
            raise self._trouble(error) from error

    def begin_anew(self) -> bool:
        """Set the file aside and begin a new one, if a question has just met damage in it."""
        if self.path is None or not _suspect(self.path).exists():
            return False
        self._connection.close()
        self.messages.append(_set_aside(self.path))
        self._connection = self._open_checked(self.path)._connection
        return True

    def size(self) -> int:
        """Bytes of the file, as far as they are in use or free in it."""
        pages, page = self.row("PRAGMA page_count")[0], self.row("PRAGMA page_size")[0]
        return int(pages) * int(page)

    def shrink(self) -> None:
        """Give free space back to the disk when it is a quarter of the file or more."""
        free, pages = self.row("PRAGMA freelist_count")[0], self.row("PRAGMA page_count")[0]
        if free and free >= pages / 4:
            self.rows("VACUUM")

    def grow_cache(self) -> None:
        """Give SQLite the memory for writing much; reading alone does not need it."""
        self._connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")

    def _trouble(self, error: sqlite3.Error) -> StoreError:
        path = self.path or Path(NAME)
        if is_corrupt(error) and self.path is not None:
            with suppress(OSError):
                _suspect(path).touch()  # the next one who writes checks it, and sets it aside
        return database_trouble(error, path)

    def close(self) -> None:
        """Close the connection; a second time does nothing."""
        try:
            self._connection.close()
        except sqlite3.Error as error:
            raise self._trouble(error) from error


def _connect(name: str, *, uri: bool = False) -> Connection:
    connection = sqlite3.connect(
        name,
        timeout=BUSY_TIMEOUT,
        isolation_level=None,
        check_same_thread=False,
        uri=uri,
        factory=Connection,
    )
    connection.execute("PRAGMA temp_store = MEMORY")
    return connection


def _connect_alone(path: Path) -> Connection:
    return _connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)


def _connect_shared(path: Path) -> Connection:
    connection = _connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
    try:
        connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _stamp(path: Path | None) -> tuple[int, int]:
    assert path is not None
    try:
        status = path.stat()
    except FileNotFoundError:
        return (0, 0)
    return status.st_mtime_ns, status.st_size


def _has_log(path: Path) -> bool:
    return any(path.with_name(NAME + suffix).exists() for suffix in ("-wal", "-journal"))


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise disk_trouble(error, folder) from error


def _newer(path: Path, version: int) -> StoreError:
    return StoreError(
        "The database was written by a newer Weft.",
        facts={"database": path, "its schema": version, "ours": schema.VERSION},
        cure="Upgrade Weft, or choose another folder for the context.",
    )


def _suspect(path: Path) -> Path:
    return path.with_name(f"{NAME}.suspect")


def _set_aside(path: Path) -> str:
    """Rename a damaged database; returns what to tell the user."""
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    target, number = path.with_name(f"{NAME}.corrupt-{stamp}"), 1
    while target.exists():
        number += 1
        target = path.with_name(f"{NAME}.corrupt-{stamp}-{number}")
    try:
        for suffix in ("-wal", "-shm", ""):
            part = path.with_name(NAME + suffix)
            if part.exists():
                part.rename(target.with_name(target.name + suffix))
        _suspect(path).unlink(missing_ok=True)
    except OSError as error:
        raise disk_trouble(error, path.parent) from error
    return (
        f"The database {path} was damaged. It was set aside as {target.name}, and a new one "
        "was begun: jobs run again, nothing was deleted."
    )
