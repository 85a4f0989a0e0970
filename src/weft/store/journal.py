"""Which files are about to be written: noted before the attempts begin, read after a kill.

The file ``journal`` of the context's folder is there while a run makes files. Its first line tells
the boot and the folder from which the paths count, each further one the jobs that were handed out
together.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from weft.model.job import FilesJob
from weft.store.lease import Place
from weft.store.trouble import disk_trouble

NAME = "journal"


class Entry(NamedTuple):
    """That an attempt of a job is about to write its files."""

    job_id: str
    paths: tuple[str, ...]
    rename_broken: bool = False
    there: tuple[str, ...] = ()
    """Where something stood before the attempt."""


class Left(NamedTuple):
    """What a run left behind that did not end in order."""

    entries: tuple[Entry, ...] = ()
    """The newest of each job, done or not."""
    rebooted: bool = False
    """Whether the machine was started anew since, maybe after a power loss."""
    root: str = "."
    """Folder from which the paths count."""


class Journal:
    """The journal of one context; only the holder of the lease writes it.

    Examples
    --------
    >>> import tempfile
    >>> from weft.model.job import Command
    >>> journal = Journal(Path(tempfile.mkdtemp()))
    >>> journal.intend([FilesJob("out/a.txt", Command("write", None), 0, ("out/a.txt",))])
    >>> journal.left().entries
    (Entry(job_id='out/a.txt', paths=('out/a.txt',), rename_broken=False, there=()),)
    >>> journal.remove()
    >>> journal.left().entries
    ()
    """

    def __init__(self, folder: Path) -> None:
        self._path = Path(folder) / NAME
        self._file: int | None = None
        self._there: dict[str, tuple[str, ...]] = {}

    def __repr__(self) -> str:
        return f"Journal({str(self._path)!r})"

    def intend(self, jobs: Iterable[FilesJob]) -> None:
        """Note that attempts of these jobs are about to begin: one write for all.

        Raises
        ------
        StoreError
            When the folder can't be written to or the disk is full.
        """
        # Without waiting for the disk: no death of a process loses what was written. After a power
        # loss it may be missing; but what has no trace then is not trusted, journal or not.
        lines = _line([self._noted(job) for job in jobs])
        try:
            if self._file is None:
                flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
                self._file = os.open(self._path, flags, 0o600)
                lines = _line([Place.here().boot, os.getcwd()]) + lines  # noqa: PTH109 - text
            while lines:
                lines = lines[os.write(self._file, lines) :]
        except OSError as error:
            raise disk_trouble(error, self._path.parent) from error

    def entry(self, job: FilesJob) -> Entry:
        """What was noted of the newest attempt of a job."""
        there = self._there.get(job.id, ())
        return Entry(job.id, job.paths, job.style.rename_broken, there)

    def _noted(self, job: FilesJob) -> Entry:
        there = tuple([path for path in job.paths if os.access(path, os.F_OK)])
        if there:
            self._there[job.id] = there
        else:
            self._there.pop(job.id, None)
        return Entry(job.id, job.paths, job.style.rename_broken, there)

    def left(self) -> Left:
        """What is noted; an unfinished line is left out: its attempts had not begun."""
        import json

        try:
            lines = self._path.read_bytes().split(b"\n")[:-1]
        except FileNotFoundError:
            return Left()
        except OSError as error:
            raise disk_trouble(error, self._path.parent) from error
        newest: dict[str, Entry] = {}
        rebooted, root = False, "."
        for line in lines:
            with suppress(ValueError):  # a disk's block that was not written in time is all zeros
                said = json.loads(line)
                if said and isinstance(said[0], str):
                    boot, root = said
                    rebooted = rebooted or boot != Place.here().boot
                    continue
                for job_id, paths, rename_broken, there in said:
                    newest[job_id] = Entry(job_id, tuple(paths), rename_broken, tuple(there))
        return Left(tuple(newest.values()), rebooted, root)

    def remove(self) -> None:
        """Forget all: the run ended in order, or what was left is taken care of."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
        self._there.clear()
        with suppress(FileNotFoundError):
            self._path.unlink()


def _line(said: object) -> bytes:
    import json

    return json.dumps(said, separators=(",", ":")).encode() + b"\n"
