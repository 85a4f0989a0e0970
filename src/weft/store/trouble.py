"""The words for what a disk or SQLite refuses."""

from __future__ import annotations

import errno
import sqlite3
from pathlib import Path

from weft.errors import StoreError

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}
_NO_FOLDER = {errno.ENOTDIR, errno.EEXIST}


def disk_trouble(error: OSError, folder: Path) -> StoreError:
    """What to tell the user about an ``OSError`` met while writing under ``folder``.

    >>> print(disk_trouble(OSError(errno.ENOSPC, "No space left on device"), Path("out-fits")))
    The disk is full.
      folder: out-fits
      because: [Errno 28] No space left on device
      Next: Free some space and run again: what was finished before is kept.
    """
    facts = {"folder": folder, "because": error}
    if error.errno in _FULL:
        return StoreError("The disk is full.", facts=facts, cure=_FULL_CURE)
    if error.errno in _FORBIDDEN:
        cure = "Make the folder writable, or choose another one for the context."
        return StoreError("The context's folder can't be written to.", facts=facts, cure=cure)
    if error.errno in _NO_FOLDER:
        cure = "Move what is in its place away, or choose another folder for the context."
        return StoreError("The context's folder is not a folder.", facts=facts, cure=cure)
    return StoreError(
        "The context's folder can't be used.", facts=facts, cure="Look at the disk it is on."
    )


def check_folder(folder: Path) -> None:
    """Refuse to end well when somebody removed the folder while jobs ran.

    Raises
    ------
    StoreError
        When its database is not there: what was written meanwhile is nowhere.
    """
    if not (folder / "weft.db").exists():
        raise StoreError(
            "The folder of the results was removed while the jobs ran.",
            facts={"folder": folder},
            cure="Let no job remove it, and run again: nothing of this run was kept.",
        )


_FULL_CURE = "Free some space and run again: what was finished before is kept."


_REFUSED = {sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_FSYNC, sqlite3.SQLITE_IOERR_SHMSIZE}
"""What SQLite makes of a quota or a limit of file size (EDQUOT, EFBIG): it keeps no errno."""


def database_trouble(error: sqlite3.Error, path: Path) -> StoreError:
    """What to tell the user about an error of SQLite with the database at ``path``."""
    facts = {"database": path, "because": error}
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if getattr(error, "sqlite_errorcode", 0) in _REFUSED:
        return StoreError("The disk takes no more, or is broken.", facts=facts, cure=_FULL_CURE)
    if code == sqlite3.SQLITE_FULL:
        return StoreError("The disk is full.", facts=facts, cure=_FULL_CURE)
    if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        cure = "End the other program that has it open for writing, then try again."
        return StoreError("Another program keeps the database locked.", facts=facts, cure=cure)
    if code in {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_CANTOPEN}:
        cure = "Make the folder writable, or choose another one for the context."
        return StoreError("The database can't be written to.", facts=facts, cure=cure)
    if is_corrupt(error):
        cure = "Run make (again): it sets the damaged file aside and begins a new one."
        return StoreError("The database is damaged.", facts=facts, cure=cure)
    cure = "If the disk is well and not full, please report it."
    return StoreError("The database can't be used.", facts=facts, cure=cure)


def is_corrupt(error: sqlite3.Error) -> bool:
    """Whether SQLite says that the file is not a (whole) database."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
