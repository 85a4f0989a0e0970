"""Notes of which task of a batch is under way, for batches that run where only files are shared."""

from __future__ import annotations

import os
import struct
from pathlib import Path
from types import TracebackType

_PLACE = struct.Struct("!i")


def mark_path(folder: Path) -> Path:
    """A new name for a mark: among the drafts, so that what is left there is swept.

    Parameters
    ----------
    folder
        Of the context.
    """
    return folder / "objects" / "drafts" / f"mark-{os.getpid()}-{os.urandom(6).hex()}"


class Mark:
    """The file in which a worker says where in its batch it is; gone when the batch is over.

    Where it can't be written nothing is said: it only serves to name who was under way.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: int | None = None

    def __enter__(self) -> Mark:
        flags = os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(self._path, flags, 0o600)
        except OSError:
            self._file = None
        return self

    def begin(self, place: int) -> None:
        """Say that the task with this place begins."""
        if self._file is not None:
            try:
                os.pwrite(self._file, _PLACE.pack(place), 0)
            except OSError:
                self._file = None

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        if self._file is not None:
            self._path.unlink(missing_ok=True)
            try:
                os.close(self._file)
            except OSError:
                return  # a job closed it


def take_mark(path: Path) -> int | None:
    """Which task of its batch a dead worker had begun last, if it said so; removes the mark."""
    try:
        data = path.read_bytes()
        path.unlink(missing_ok=True)
    except OSError:
        return None
    return int(_PLACE.unpack(data)[0]) if len(data) == _PLACE.size else None
