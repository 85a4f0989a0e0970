"""Reads what a job prints in another process while it runs, where this machine allows that."""

from __future__ import annotations

import codecs
import os
import stat
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from weft.executors.capture import KEPT
from weft.store.live import Live, LiveJob
from weft.store.live import Trail as Places

_DOUBLE = struct.Struct("d")
_CHUNK = 256 * 1024


@dataclass(frozen=True, slots=True)
class Printed:
    """What came since the last look.

    Attributes
    ----------
    texts
        Of stdout and of stderr.
    """

    texts: tuple[str, str] = ("", "")


class Trail:
    """What one running job prints, from its beginning on.

    Parameters
    ----------
    files
        Descriptors, in this process, of the maker's files: memory first.
    """

    def __init__(self, files: list[int], places: Places) -> None:
        self._memory, *self._sinks = files
        self._places = places
        self._offsets = [0] * len(self._sinks)
        decoder = codecs.getincrementaldecoder("utf-8")
        self._decoders = [decoder("replace") for _ in self._sinks]
        self.characters = [0] * len(self._sinks)
        """Of each stream, that were read so far."""

    @property
    def whole(self) -> bool:
        """Whether the store keeps all that was printed, so that a rest can be found there."""
        return max(self._offsets) <= KEPT

    def read(self) -> Printed:
        """What was printed since the last call; nothing when the job is not running any more."""
        pieces = [
            os.pread(sink, _CHUNK, offset)
            for sink, offset in zip(self._sinks, self._offsets, strict=True)
        ]
        # Looked at after reading: if the job still ran then, it is its output that was read.
        number = os.pread(self._memory, _DOUBLE.size, self._places.place)
        if number != _DOUBLE.pack(self._places.number):
            return Printed()
        texts = []
        for place, piece in enumerate(pieces):
            self._offsets[place] += len(piece)
            text = self._decoders[place].decode(piece)
            self.characters[place] += len(text)
            texts.append(text)
        return Printed((texts[0], texts[1]))


@contextmanager
def follow_trail(live: Live, job: LiveJob) -> Iterator[Trail | None]:
    """Open what a running job prints; None where this process can't."""
    files: list[int] = []
    try:
        if live.near and job.trail is not None:
            with suppress(OSError):
                for number in (job.trail.memory, *job.trail.sinks):
                    # One by one: what was opened before an error is closed again.
                    files.append(_unnamed(live.pid, number))  # noqa: PERF401
        whole = job.trail is not None and len(files) == 1 + len(job.trail.sinks) > 2
        yield Trail(files, job.trail) if whole and job.trail is not None else None
    finally:
        for file in files:
            os.close(file)


def _unnamed(pid: int, number: int) -> int:
    """A file without a name that another process has open; OSError for anything else."""
    file = os.open(f"/proc/{pid}/fd/{number}", os.O_RDONLY | os.O_CLOEXEC)
    state = os.fstat(file)
    if not stat.S_ISREG(state.st_mode) or state.st_nlink:
        os.close(file)
        raise FileNotFoundError(number)  # the number was used again meanwhile
    return file
