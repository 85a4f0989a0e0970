"""Values by the hash of their result: new ones, recently used ones, and those in the database."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from operator import itemgetter

from weft.model.job import Digest
from weft.store.database import Database
from weft.store.objects import Encoded, Input, ObjectLost, ObjectRef, Objects, decode

_YOUNG_BYTES = 32 * 1024 * 1024
_YOUNG_ENTRIES = 100_000
_ENTRY_BYTES = 150
"""Of a digest, its bytes object and its place in a dict."""

_ADD = """INSERT INTO value VALUES (?, ?, ?) ON CONFLICT (hash) DO UPDATE
    SET size = excluded.size, data = excluded.data
    WHERE data IS NULL AND excluded.data IS NOT NULL"""


class Values:
    """Small values lie in the database, large ones in object files.

    The last used are kept in two generations, because what a job gave is mostly asked for soon
    after: a look into the database costs 4 us. Nothing leaves before it is committed.
    """

    def __init__(self, database: Database, objects: Objects) -> None:
        self._database = database
        self._objects = objects
        self._young: dict[Digest, bytes | ObjectRef] = {}
        self._old: dict[Digest, bytes | ObjectRef] = {}
        self._young_bytes = 0
        self.pending: list[tuple[Digest, int, bytes | None]] = []

    def add(self, digest: Digest, size: int, inline: bytes | None) -> None:
        """Note a value; without ``inline`` its object file must be durable already."""
        if digest in self._young:
            return
        self._keep(digest, ObjectRef(digest, size) if inline is None else inline)
        self.pending.append((digest, size, inline))

    def _keep(self, digest: Digest, value: bytes | ObjectRef) -> None:
        self._young[digest] = value
        if type(value) is bytes:
            self._young_bytes += len(value)

    def put(self, digest: Digest, encoded: Encoded) -> None:
        """Keep an encoded value of the main process's own making."""
        if encoded.inline is None:
            self._objects.write(digest, encoded)
        self.add(digest, encoded.size, encoded.inline)

    def find(self, digest: Digest) -> Input:
        """What to send to a worker for a result.

        Raises
        ------
        ObjectLost
            When nothing is known of it.
        """
        found = self._young.get(digest)
        if found is not None:
            return found
        found = self._old.get(digest)
        if found is None:
            row = self._database.row("SELECT size, data FROM value WHERE hash = ?", (digest,))
            if row is None:
                raise ObjectLost(digest, "it is not in the store")
            found = ObjectRef(digest, row[0]) if row[1] is None else row[1]
        self._keep(digest, found)
        if not self.pending:
            self._age()
        return found

    def drop(self, digest: Digest) -> None:
        """Lose a value that is there and can't be read."""
        self._young.pop(digest, None)
        self._old.pop(digest, None)
        self.pending = [entry for entry in self.pending if entry[0] != digest]
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM value WHERE hash = ?", (digest,))
        self._objects.remove(digest)

    def present(self, digests: Iterable[Digest]) -> set[Digest]:
        """Those whose values are there: in the database, or in a whole object file."""
        found: set[Digest] = set()
        files: list[Digest] = []
        unknown: list[Digest] = []
        for digest in set(digests):
            value = self._young.get(digest)
            if value is None:
                unknown.append(digest)
            elif type(value) is bytes:
                found.add(digest)
            else:
                files.append(digest)
        sql = "SELECT hash, data IS NULL FROM value WHERE hash IN"
        for digest, is_file in self._database.among(sql, unknown):
            if is_file:
                files.append(digest)
            else:
                found.add(digest)
        found.update(digest for digest in files if self._objects.has(digest))
        return found

    def load(self, digest: Digest, holes: Sequence[object] = (), *, plain: bool = False) -> object:
        """The value itself; ``plain`` as for ``decode``."""
        found = self.find(digest)
        if isinstance(found, bytes):
            return decode(found, holes, plain=plain)
        return self._objects.load(digest, holes, plain=plain)

    def write(self, connection: sqlite3.Connection) -> None:
        """Insert what is pending; in order of hash, which touches fewest pages."""
        if self.pending:
            connection.executemany(_ADD, sorted(self.pending, key=itemgetter(0)))

    def committed(self) -> None:
        """What was pending is in the database now."""
        self.pending.clear()
        self._age()

    def _age(self) -> None:
        size = self._young_bytes + _ENTRY_BYTES * len(self._young)
        if size > _YOUNG_BYTES or len(self._young) > _YOUNG_ENTRIES:
            self._old, self._young, self._young_bytes = self._young, {}, 0

    def forget(self) -> None:
        """Drop what is kept in memory, after rows were deleted."""
        self._young, self._old, self._young_bytes = {}, {}, 0
