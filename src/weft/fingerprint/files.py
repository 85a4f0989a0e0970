"""Did a file change? By its stat tuple when that is safe, else by its content."""

from __future__ import annotations

import errno
import os
import stat
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from weft.fingerprint.encoding import digest, encode_bytes, encode_text, long_state
from weft.model.job import DIGEST_SIZE, Digest

RACY_NS = 2_000_000_000
"""A file written within this time of being hashed may change without its stat tuple changing.

2 s is the coarsest time stamp of a file system in use (FAT).
"""
ABSENT: Digest = digest(b"absent")
"""Digest of a path where nothing is."""


class FileStamp(NamedTuple):
    """What the file system says about a file; only equality means anything."""

    mtime_ns: int
    ctime_ns: int
    size: int
    inode: int

    @classmethod
    def of(cls, status: os.stat_result) -> FileStamp:
        """The stamp in a result of ``os.stat``."""
        return cls(status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino)


Remembered = tuple[FileStamp, Digest, int]
"""Stamp, digest, and when it was hashed, in nanoseconds since the epoch."""


class StatCache(Protocol):
    """Where digests of files are remembered."""

    def get(self, path: str) -> Remembered | None:
        """What is remembered of an absolute path."""

    def put(self, path: str, stamp: FileStamp, digest: Digest, hashed_at_ns: int) -> None:
        """Remember a digest."""


class MemoryStatCache:
    """A stat cache that lasts as long as the process."""

    def __init__(self) -> None:
        self._known: dict[str, Remembered] = {}

    def __repr__(self) -> str:
        return f"MemoryStatCache(files={len(self._known)})"

    def get(self, path: str) -> Remembered | None:
        return self._known.get(path)

    def put(self, path: str, stamp: FileStamp, digest: Digest, hashed_at_ns: int) -> None:
        self._known[path] = stamp, digest, hashed_at_ns


def is_racy(stamp: FileStamp, hashed_at_ns: int) -> bool:
    """Whether the file was written so shortly before it was hashed that its stamp proves nothing.

    >>> is_racy(FileStamp(10_000_000_000, 0, 1, 1), 10_500_000_000)
    True
    >>> is_racy(FileStamp(10_000_000_000, 0, 1, 1), 13_000_000_000)
    False
    """
    return max(stamp.mtime_ns, stamp.ctime_ns) > hashed_at_ns - RACY_NS


def still_good(remembered: Remembered | None, stamp: FileStamp) -> bool:
    """Whether the remembered digest is that of the file with this stamp."""
    return (
        remembered is not None
        and remembered[0] == stamp
        and not is_racy(remembered[0], remembered[2])
    )


def file_state() -> Any:
    """What the content of a file is hashed with: BLAKE3, so that 50 GB take the time of reading."""
    state = long_state()
    state.update(b"file:")
    return state


def hash_file(path: str | os.PathLike[str]) -> Digest:
    """Digest of a file's content; of the sorted names of a folder; `ABSENT` where nothing is.

    Raises
    ------
    OSError
        The file is there but can't be read.
    """
    try:
        _check_kind(path, os.stat(path).st_mode)  # noqa: PTH116 - as below
        with Path(path).open("rb", buffering=0) as file:
            state = file_state()
            buffer = bytearray(1 << 20)
            view = memoryview(buffer)
            while size := file.readinto(buffer):
                state.update(view[:size])
            return bytes(state.digest(DIGEST_SIZE))
    except IsADirectoryError:
        names = sorted(os.fsencode(entry.name) for entry in Path(path).iterdir())
        return digest(b"folder:", *(encode_bytes(name) for name in names))
    except (FileNotFoundError, NotADirectoryError):
        return ABSENT


_KINDS = {stat.S_IFIFO: "a named pipe", stat.S_IFSOCK: "a socket"}


def _check_kind(path: str | os.PathLike[str], mode: int) -> None:
    """Refuse what has no content of its own: to read a pipe may last for ever."""
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        what = _KINDS.get(stat.S_IFMT(mode), "a device")
        raise OSError(errno.EINVAL, f"It is {what}, and no file", os.fspath(path))


def watched_digest(paths: Sequence[str], digests: Sequence[Digest]) -> Digest:
    """Digest of a set of files, from those of their contents.

    Each counts with its name, or with its path where several have that name: so a file may move
    to another folder, but two files can't trade places.

    >>> watched_digest(["a/x", "a/y"], [b"1", b"2"]) == watched_digest(["b/y", "b/x"], [b"2", b"1"])
    True
    >>> watched_digest(["a/x", "b/x"], [b"1", b"2"]) == watched_digest(["a/x", "b/x"], [b"2", b"1"])
    False
    """
    if len(digests) == 1:
        return digests[0]
    parts = sorted(zip(distinct_names(paths), digests, strict=True))
    return digest(b"watched:", *(encode_text(name) + one for name, one in parts))


def distinct_names(paths: Sequence[str]) -> list[str]:
    """For each path its last part if no other one has that, else the whole path.

    >>> distinct_names(["a/x", "b/x", "c/y"])
    ['a/x', 'b/x', 'y']
    """
    names = [path.rpartition("/")[2] for path in paths]
    often = Counter(names)
    pairs = zip(names, paths, strict=True)
    return [name if often[name] == 1 else path for name, path in pairs]


class FileHasher:
    """Digests of files; reads only those that may have changed.

    Parameters
    ----------
    cache
        Where digests are remembered.
    clock
        Nanoseconds since the epoch.
    """

    def __init__(self, cache: StatCache, clock: Callable[[], int] = time.time_ns) -> None:
        self._cache = cache
        self._clock = clock

    def __repr__(self) -> str:
        return f"FileHasher({self._cache!r})"

    def stamp(self, path: str | os.PathLike[str]) -> FileStamp | None:
        """Stamp of a file or folder; None where nothing is."""
        try:
            return FileStamp.of(os.stat(path))  # noqa: PTH116 - a hot path
        except (FileNotFoundError, NotADirectoryError):
            return None

    def digest(self, path: str | os.PathLike[str]) -> Digest:
        """Digest of what is at ``path`` now.

        Raises
        ------
        OSError
            It is there but can't be read.
        """
        try:
            status = os.stat(path)  # noqa: PTH116 - a hot path
        except (FileNotFoundError, NotADirectoryError):
            return ABSENT
        if stat.S_ISDIR(status.st_mode):
            return hash_file(path)  # listing costs no more than looking up
        stamp = FileStamp.of(status)
        name = os.path.abspath(path)  # noqa: PTH100 - links stay as they are
        remembered = self._cache.get(name)
        if remembered is not None and still_good(remembered, stamp):
            return remembered[1]
        hashed_at = self._clock()
        result = hash_file(path)
        if self.stamp(path) == stamp:  # else it was written meanwhile
            self._cache.put(name, stamp, result, hashed_at)
        return result
