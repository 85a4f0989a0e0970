"""Digests of files by their stat tuples: the stat cache of ``weft.fingerprint.files``."""

from __future__ import annotations

from typing import Any

from weft.fingerprint.files import FileStamp
from weft.model.job import Digest
from weft.store.database import Database
from weft.store.recorder import Recorder


class FileStats:
    """Remembers digests of files; in a store that is open for reading, until it is closed."""

    def __init__(self, database: Database, recorder: Recorder) -> None:
        self._database = database
        self._recorder = recorder

    def __repr__(self) -> str:
        return f"FileStats({self._database!r})"

    def get(self, path: str) -> tuple[FileStamp, Digest, int] | None:
        """Stamp, digest and time of hashing (ns since the epoch) of a file."""
        sql = "SELECT path, stamp, digest, hashed_at FROM file_stat WHERE path = ?"
        row: Any = self._recorder.find_stat(path) or self._database.row(sql, (path,))
        if row is None:
            return None
        return FileStamp(*(int(number) for number in row[1].split())), row[2], row[3]

    def put(self, path: str, stamp: FileStamp, digest: Digest, hashed_at_ns: int) -> None:
        """Remember a digest."""
        text = " ".join(str(number) for number in stamp)
        self._recorder.put_stat(path, (path, text, digest, hashed_at_ns))
