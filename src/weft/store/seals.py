"""Are the files of a job as it left them? What was noted when it was done, and the comparison.

A *seal* is a time of last change that no write can give again: when a file has been hashed, its
time is moved by less than a microsecond (``weft.executors.outputs``). So an equal stamp proves
equal content, even if somebody wrote in the same tick of the kernel's clock. Where the file system
does not keep such a time, or the file is not the job's alone, the content is compared.

All paths count from the current folder.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Sequence
from contextlib import suppress
from enum import Enum
from stat import S_ISREG
from typing import NamedTuple

from weft.errors import StoreError
from weft.fingerprint.encoding import digest, encode_bytes, encode_int, encode_text
from weft.fingerprint.files import FileHasher, FileStamp, hash_file
from weft.model.job import DIGEST_SIZE, Digest
from weft.model.outputs import OutputStyle

_VERSION = 1 << 4
"""In the upper half of the first byte."""
_SEALED, _TEMPORARY, _SEVERAL = 1, 2, 4
_ONE = struct.Struct("<BqqQQ")
"""Flags and stamp; the path is the job's, the digest its result. 33 bytes."""
_EACH = struct.Struct(f"<BqqQQ{DIGEST_SIZE}sH")
"""Flags, stamp, digest and length of the path, which follows."""
_USUAL = _VERSION | _SEALED
_USUAL_HEAD = bytes([_USUAL])


class SealedFile(NamedTuple):
    """A file as its job left it."""

    path: str
    digest: Digest
    """Of its content."""
    stamp: FileStamp
    sealed: bool
    """Whether an equal stamp proves equal content."""
    kept: bool
    """False for a temporary file, which may be missing when nobody needs it."""


class State(Enum):
    """What became of a file."""

    UNCHANGED = "unchanged"
    MISSING = "missing"
    CHANGED = "changed"


class Seen(NamedTuple):
    """What a look at the files of a job found: the first that is not as it was left."""

    state: State
    path: str = ""


UNCHANGED = Seen(State.UNCHANGED)
"""All is as the job left it."""


def encode(files: Sequence[SealedFile]) -> bytes:
    """The record of a job's files, in the order of its paths.

    >>> stamp = FileStamp(mtime_ns=1, ctime_ns=2, size=3, inode=4)
    >>> len(encode([SealedFile("out/a.txt", bytes(20), stamp, sealed=True, kept=True)]))
    33
    """
    files = [file if _is_usual(file.stamp) else _without_stamp(file) for file in files]
    if len(files) == 1:
        return _ONE.pack(_VERSION | _flags(files[0]), *files[0].stamp)
    parts = [bytes([_VERSION | _SEVERAL])]
    for file in files:
        path = os.fsencode(file.path)
        parts += _EACH.pack(_flags(file), *file.stamp, file.digest, len(path)), path
    return b"".join(parts)


def _is_usual(stamp: FileStamp) -> bool:
    """Whether the times are some that 64 bits hold: from 1677 to 2262."""
    return all(-(1 << 63) <= time < 1 << 63 for time in (stamp.mtime_ns, stamp.ctime_ns))


def _without_stamp(file: SealedFile) -> SealedFile:
    stamp = file.stamp._replace(mtime_ns=0, ctime_ns=0)
    return file._replace(stamp=stamp, sealed=False)


def _flags(file: SealedFile) -> int:
    return (_SEALED if file.sealed else 0) | (0 if file.kept else _TEMPORARY)


def decode(record: bytes, path: str, result: Digest) -> list[SealedFile]:
    """The files of a record.

    Parameters
    ----------
    path, result
        Of the job; where it has one file, they are not in the record.

    Raises
    ------
    StoreError
        The record is damaged, or of another version of Weft.

    Examples
    --------
    >>> stamp = FileStamp(mtime_ns=1, ctime_ns=2, size=3, inode=4)
    >>> record = encode([SealedFile("out/a.txt", bytes(20), stamp, sealed=True, kept=False)])
    >>> decode(record, "out/a.txt", bytes(20))[0].kept
    False
    """
    try:
        if record[0] & ~15 != _VERSION:
            raise ValueError(f"it begins with {record[0]}")
        if record[0] & _SEVERAL:
            return _decode_several(record)
        flags, *stamp = _ONE.unpack(record)
    except (ValueError, IndexError, struct.error) as error:
        raise StoreError(
            "The note about the files of a job can't be read.",
            facts={"first file": path, "because": error},
            cure="Use the newest Weft that was used here, or clean the job and make it again.",
        ) from error
    return [_file(path, result, stamp, flags)]


def _decode_several(record: bytes) -> list[SealedFile]:
    files = []
    at = 1
    while at < len(record):
        flags, *stamp, content, length = _EACH.unpack_from(record, at)
        start = at + _EACH.size
        at = start + length
        if at > len(record):
            raise ValueError("it is cut short")
        files.append(_file(os.fsdecode(record[start:at]), content, stamp, flags))
    return files


def _file(path: str, content: Digest, stamp: Sequence[int], flags: int) -> SealedFile:
    return SealedFile(
        path, content, FileStamp(*stamp), bool(flags & _SEALED), not flags & _TEMPORARY
    )


def result_of(style: OutputStyle, digests: Sequence[Digest]) -> Digest:
    """The result of a job, from the content of its files: where there is one, it is that.

    Of several files the names in the dict count, else their places; what they are called on disk
    does not.

    >>> result_of(OutputStyle(), [b"content of the file."])
    b'content of the file.'
    """
    if len(digests) == 1:
        return digests[0]
    if style.keys:
        named = sorted(zip(style.keys, digests, strict=True))
        return digest(b"files:", *(encode_text(key) + encode_bytes(one) for key, one in named))
    return digest(b"files:", *(encode_int(n) + encode_bytes(one) for n, one in enumerate(digests)))


# -- looking -----------------------------------------------------------------------------------


def is_unchanged(record: bytes, path: str, result: Digest, hasher: FileHasher) -> Seen:
    """Whether the files that are kept are there, as the job left them.

    Temporary ones may be missing, or be anything: whoever needs them asks `present`.

    Parameters
    ----------
    path, result
        Of the job, as for `decode`.
    hasher
        Hashes what has another stamp.
    """
    # One sealed file, the usual case, is one look-up and one comparison: 2 us, and there may be
    # 100,000 in a run with nothing to do.
    if record[:1] == _USUAL_HEAD:
        try:
            status = os.stat(path)  # noqa: PTH116 - a hot path
            if record == _ONE.pack(
                _USUAL, status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino
            ):
                return UNCHANGED
        except OSError:
            return Seen(State.MISSING, path)
        except struct.error:  # a time of another age: the content decides
            pass
    for file in decode(record, path, result):
        if file.kept and (state := look(file, hasher)) is not State.UNCHANGED:
            return Seen(state, file.path)
    return UNCHANGED


def present(record: bytes, path: str, result: Digest, hasher: FileHasher) -> bool:
    """Whether all files, the temporary ones too, are there as the job left them."""
    if record[:1] == _USUAL_HEAD:  # one file, which is kept
        return is_unchanged(record, path, result, hasher) is UNCHANGED
    files = decode(record, path, result)
    return all(look(file, hasher) is State.UNCHANGED for file in files)


def is_whole(record: bytes, path: str, result: Digest, hasher: FileHasher | None) -> bool:
    """Whether the kept files are there, and nothing stands there but what the job left.

    That is what counts after a killed run: a temporary file may be gone, but not half made.

    Parameters
    ----------
    hasher
        None to read all the files, whatever their stamps: after a power loss a file may have the
        size and time that it should have, but not the content.
    """
    return all(
        (state := look(file, hasher)) is State.UNCHANGED
        or (state is State.MISSING and not file.kept)
        for file in decode(record, path, result)
    )


def look(file: SealedFile, hasher: FileHasher | None) -> State:
    """What became of one file; without a hasher it is read, whatever its stamp."""
    try:
        status = os.stat(file.path)  # noqa: PTH116 - a hot path
    except OSError:
        return State.MISSING
    stamp = FileStamp.of(status)
    if hasher is not None and file.sealed and stamp == file.stamp:
        return State.UNCHANGED
    if stamp.size != file.stamp.size or not S_ISREG(status.st_mode):
        return State.CHANGED
    try:
        content = hash_file(file.path) if hasher is None else hasher.digest(file.path)
    except OSError:
        return State.CHANGED  # it can't be read, so it is of no use
    return State.UNCHANGED if content == file.digest else State.CHANGED


def remove_temporary(record: bytes, path: str, result: Digest) -> list[str]:
    """Remove the files that nobody needs any more; returns the paths of those that were there."""
    removed = []
    for file in decode(record, path, result):
        if not file.kept:
            with suppress(OSError):  # gone, or a folder by now: nothing of the job's
                os.unlink(file.path)  # noqa: PTH108 - a hot path
                removed.append(file.path)
    return removed
