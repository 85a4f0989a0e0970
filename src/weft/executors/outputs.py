"""The files that a job makes, around its attempt: claimed before, sealed after, or abandoned.

A job writes to the real paths. So that no file looks done which is not,

1. the main process notes what is about to be written (``weft.store.journal``),
2. ``claim`` moves what stands there aside, to a hidden name in the same folder,
3. the job writes,
4. ``seal`` checks, hashes and seals its files and drops what was moved aside; or ``abandon``
   removes what the attempt left, and may put the old files back.

Whoever is killed in between leaves the journal, by which ``recover`` does the last step.

All paths count from the current folder: that of the graph.
"""

# ruff: noqa: PTH103, PTH104, PTH105, PTH108, PTH112, PTH114, PTH116 - 100,000 files, and 1 us for each Path
from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from hashlib import blake2b
from itertools import chain, count
from stat import S_ISDIR, S_ISLNK, S_ISREG
from typing import NamedTuple

from weft.errors import JobContractError, UserError
from weft.fingerprint.files import FileStamp, file_state
from weft.model.job import DIGEST_SIZE, Digest, FilesJob
from weft.model.outputs import ASIDE
from weft.store.journal import Entry
from weft.store.seals import SealedFile, encode, result_of

_CHUNK = 1 << 18
_NAME_BYTES = 255
_TRIES = 2
_OWN = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW
"""Opens a file, but no link; and does not wait for the writer of a pipe."""


def _aside(path: str) -> str:
    """Where what stood at ``path`` waits for the end of the attempt."""
    folder, slash, name = path.rpartition("/")
    return f"{folder}{slash}.{_short(name, ASIDE)}"


def _is_there(path: str) -> bool:
    """Whether something has this name, be it a link that leads nowhere."""
    return os.access(path, os.F_OK, follow_symlinks=False)


def _broken_name(path: str) -> str:
    """Where what a failed attempt left is kept; a folder in the way is left alone, and a folder
    takes the place of nothing."""
    taken = os.path.lexists if _is_folder(path) else _is_folder
    folder, slash, name = path.rpartition("/")
    ends = chain((".broken",), (f".broken-{n}" for n in count(2)))
    names = (f"{folder}{slash}{_short(name, end)}" for end in ends)
    return next(new for new in names if not taken(new))


def _is_folder(path: str) -> bool:
    return os.path.isdir(path) and not os.path.islink(path)


def _short(name: str, end: str) -> str:
    """A name with an ending, of no more bytes than a name may have."""
    if len(os.fsencode(name)) + len(end) + 1 <= _NAME_BYTES:
        return f"{name}{end}"
    return f"{blake2b(os.fsencode(name), digest_size=DIGEST_SIZE).hexdigest()}{end}"


# -- before the attempt --------------------------------------------------------------------------


def claim(job: FilesJob) -> None:
    """Make room for the files of a job: folders for them, and what stands there moved aside.

    When it raises, all is as before, and there is nothing to abandon.

    Raises
    ------
    UserError
        A folder or a device stands where a file is to be, or the disk refuses.
    """
    try:
        for path in job.paths:
            if _is_there(path):
                _move_aside(path)
            else:
                _make_folder(path)
    except BaseException as error:
        _put_back(job.paths)
        if isinstance(error, OSError):
            raise UserError(
                "There is no room for a file of the job.",
                facts={"job": job.id, "file": path, "because": error},
                cure="Move away what is in its place, or give the job another path.",
            ) from error
        raise


def _put_back(paths: Iterable[str]) -> None:
    for path in paths:
        if _is_there(_aside(path)) and not _is_there(path):
            os.rename(_aside(path), path)


def _move_aside(path: str) -> None:
    mode = os.lstat(path).st_mode
    if not (S_ISREG(mode) or S_ISLNK(mode)):
        raise FileExistsError(_what_stands(mode))
    aside = _aside(path)
    if _is_there(aside):
        os.unlink(path)  # a killed attempt left both: the older one is the good one
    else:
        os.rename(path, aside)


def _what_stands(mode: int) -> str:
    return "a folder stands there" if S_ISDIR(mode) else "no regular file stands there"


def _make_folder(path: str) -> None:
    folder = path.rpartition("/")[0]
    if folder and not os.access(folder, os.F_OK):
        os.makedirs(folder, exist_ok=True)


# -- after it went well --------------------------------------------------------------------------


class Sealed(NamedTuple):
    """What is remembered of the files of a job."""

    result: Digest
    record: bytes
    """For `weft.store.seals`."""


def seal(job: FilesJob) -> Sealed:
    """Check, hash and seal the files that a job made; drop those that it replaced.

    Raises
    ------
    JobContractError
        A file is missing, empty or no file, or somebody still writes it.
    """
    style = job.style
    files = [_seal(job, place, path) for place, path in enumerate(job.paths)]
    for path in job.paths:
        aside = _aside(path)
        if _is_there(aside):
            os.unlink(aside)
        if style.rename_broken:  # of an earlier attempt
            with suppress(OSError):
                os.unlink(_broken_name(path))
    return Sealed(result_of(style, [file.digest for file in files]), encode(files))


def _seal(job: FilesJob, place: int, path: str) -> SealedFile:
    for _ in range(_TRIES):
        descriptor, own = _open(job, path)
        try:
            before = os.fstat(descriptor)
            if not S_ISREG(before.st_mode):
                raise _broken(job, path, f"The job made no file: {_what_stands(before.st_mode)}.")
            if before.st_size == 0 and not job.style.may_be_empty(place):
                raise _broken(job, path, "The job made an empty file.", _MAY_BE_EMPTY)
            content = _hash(descriptor, before.st_size)
            if _same(before, os.fstat(descriptor)):
                own = own and before.st_nlink == 1
                stamp, sealed = _stamp(descriptor, before, content, seal=own)
                return SealedFile(path, content, stamp, sealed, job.style.is_kept(place))
        finally:
            os.close(descriptor)
    raise _broken(job, path, "A file of the job is still being written.", _STILL_WRITTEN)


_MAY_BE_EMPTY = "Let the job write something, or say empty_ok=True where it is defined."
_STILL_WRITTEN = "Let the job wait for the processes that it starts, and close its files."
_NOT_MADE = "Let the job write the file, or declare the path that it writes."


def _open(job: FilesJob, path: str) -> tuple[int, bool]:
    """A descriptor, and whether the file itself is at the path, not a link to it."""
    try:
        try:
            return os.open(path, _OWN), True
        except OSError:
            return os.open(path, _OWN & ~os.O_NOFOLLOW), False
    except (FileNotFoundError, NotADirectoryError):
        missing = [one for one in job.paths if not os.access(one, os.F_OK)]
        words = (
            "The job did not make its file."
            if len(missing) == 1
            else (f"The job did not make {len(missing)} of its {len(job.paths)} files.")
        )
        raise _broken(job, ", ".join(missing[:4]), words) from None
    except OSError as error:
        raise _broken(job, path, f"A file of the job can't be read: {error}.") from error


def _broken(job: FilesJob, path: str, title: str, cure: str = _NOT_MADE) -> JobContractError:
    facts = {"job": job.id, "file": path} if path != job.id else {"file": path}
    return JobContractError(title, facts=facts, cure=cure)


def _hash(descriptor: int, size: int) -> Digest:
    """As `weft.fingerprint.files.hash_file`; small files are read by one call, without a buffer."""
    state = file_state()
    left = size + 1  # to see its end, and no more: somebody may be writing without one
    while left > 0 and (block := os.read(descriptor, min(left, _CHUNK))):
        state.update(block)
        left -= len(block)
    return bytes(state.digest(DIGEST_SIZE))


def _same(before: os.stat_result, after: os.stat_result) -> bool:
    """Whether the file was not written in between, and not replaced by another one."""
    return (
        after.st_mtime_ns == before.st_mtime_ns
        and after.st_ctime_ns == before.st_ctime_ns
        and after.st_size == before.st_size
        and after.st_nlink > 0
    )


def _stamp(
    descriptor: int, status: os.stat_result, content: Digest, *, seal: bool
) -> tuple[FileStamp, bool]:
    """The file's stamp, sealed if that is possible, and whether it is.

    The kernel's clock ticks every few milliseconds: a write right after hashing may leave the time
    that the file has already. So that time is moved: its last three digits, nanoseconds, become a
    number that depends on the content. Of a file that has links the time is left as it is, since
    it may be somebody's input.
    """
    if not seal:
        return FileStamp.of(status), False
    own = status.st_mtime_ns
    sealed = own - own % 1000 + int.from_bytes(content[:2], "big") % 1000
    if sealed == own:
        sealed ^= 1
    with suppress(OSError):  # not the owner
        os.utime(descriptor, ns=(status.st_atime_ns, sealed))
    after = FileStamp.of(os.fstat(descriptor))
    return after, after.mtime_ns == sealed and after.size == status.st_size


# -- after it did not ------------------------------------------------------------------------------


class Fate(Enum):
    """What was done with what an attempt left."""

    REMOVED = "removed"
    RENAMED = "renamed to NAME.broken"
    RESTORED = "the file from before is back"
    STUCK = "it could not be removed"


@dataclass(frozen=True, slots=True)
class Abandoned:
    """What was done at one path.

    >>> print(Abandoned("out/a.txt", (Fate.REMOVED, Fate.RESTORED)))
    out/a.txt was left half-made: removed, the file from before is back
    """

    path: str
    fates: tuple[Fate, ...]
    because: str = ""
    """What the disk said, when it refused."""

    def __str__(self) -> str:
        done = ", ".join(fate.value for fate in self.fates)
        told = f"{self.path} was left half-made: {done}"
        return f"{told} ({self.because})" if self.because else told


def abandon(
    paths: Iterable[str], *, rename_broken: bool, restore: bool, there: Sequence[str] = ()
) -> list[Abandoned]:
    """Leave nothing that looks done, after an attempt that was claimed and not sealed.

    Parameters
    ----------
    rename_broken
        Rename what the attempt left to ``NAME.broken`` instead of removing it.
    restore
        Put back what stood there before (the attempt was cancelled or killed), or else drop it
        (the job failed).
    there
        Where something stood before, as the journal has it, if it is not known whether the attempt
        came to claim its files: what stands there with nothing aside is old, or was sealed.

    Returns
    -------
    What was done, for each path where there was something to do; a refusal of the disk, too.
    """
    done = []
    for path in paths:
        has_old = os.path.lexists(_aside(path))
        if has_old or path not in there:
            abandoned = _abandon(path, has_old, rename_broken=rename_broken, restore=restore)
            if abandoned.fates:
                done.append(abandoned)
    return done


def _abandon(path: str, has_old: bool, *, rename_broken: bool, restore: bool) -> Abandoned:
    fates: list[Fate] = []
    try:
        if os.path.lexists(path):
            fates.append(_put_away(path, rename=rename_broken))
        if has_old and restore:
            os.rename(_aside(path), path)
            fates.append(Fate.RESTORED)
        elif has_old:
            os.unlink(_aside(path))
    except OSError as error:
        return Abandoned(path, (*fates, Fate.STUCK), str(error))
    return Abandoned(path, tuple(fates))


def _put_away(path: str, *, rename: bool) -> Fate:
    """Remove a file, or rename it; a folder is never removed: who knows what is in it."""
    if rename or _is_folder(path):
        os.replace(path, _broken_name(path))
        return Fate.RENAMED
    os.unlink(path)
    return Fate.REMOVED


def recover(
    entries: Iterable[Entry], is_trusted: Callable[[Entry], bool], alive: float | None = None
) -> list[Abandoned]:
    """Clear up after a killed run.

    Parameters
    ----------
    entries
        What the journal has; forget it afterwards.
    is_trusted
        Whether what stands at the paths is what some attempt sealed: by a trace of the job, with
        `weft.store.seals.is_whole`.
    alive
        When the run was certainly alive last, in seconds since the epoch: what was written after
        that may be somebody's own, and is renamed in any case.

    Returns
    -------
    What was done, to be told to the user.
    """
    done = []
    for entry in entries:
        if is_trusted(entry):
            for path in entry.paths:
                with suppress(OSError):
                    os.unlink(_aside(path))
        else:
            later = alive is not None and any(_written(path) > alive for path in entry.paths)
            rename = entry.rename_broken or later
            done += abandon(entry.paths, rename_broken=rename, restore=True, there=entry.there)
    return done


def _written(path: str) -> float:
    try:
        return os.stat(path).st_mtime
    except OSError:
        return 0.0
