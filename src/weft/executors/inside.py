"""What a running job can call: ``reads`` and ``progress``.

Which attempt is running is held in a context variable where a process runs several at a time
(threads of a ``concurrent.futures`` executor); a worker process of Weft runs one at a time, and
sets it for the whole process, so that the threads of a job belong to the job too.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path

from weft.fingerprint.files import FileHasher, FileStamp, MemoryStatCache, hash_file
from weft.model.outcome import Observation

JOB_OF = "_WEFT_JOB_OF"
"""Tells programs that jobs start the folder of the context."""
PROGRESS_SECONDS = 0.25
"""Progress is passed on at most this often, but for the first and last step."""


@dataclass(slots=True)
class Inside:
    """What one attempt tells about itself while it runs."""

    say: Callable[[str], None] | None = None
    """Takes the text of the present stage, for the status line."""
    folder: Path | None = None
    """Of the context whose job this is."""
    observed: list[Observation] = field(default_factory=list)
    stamps: dict[str, FileStamp | None] = field(default_factory=dict)
    stages: list[tuple[str, str]] = field(default_factory=list)
    said: float = 0.0

    def moved(self) -> list[str]:
        """Files that were read and are not as they were then (rule 23)."""
        return [path for path, stamp in self.stamps.items() if _STAMPS.stamp(path) != stamp]

    def reset(self) -> None:
        """Forget what the last attempt told."""
        self.observed, self.stamps, self.stages, self.said = [], {}, [], 0.0


_STAMPS = FileHasher(MemoryStatCache())
_of_this_thread: ContextVar[Inside | None] = ContextVar("weft_inside", default=None)
_of_this_process: list[Inside] = []


def only_job_here(inside: Inside) -> None:
    """From now on all threads of this process belong to the attempt of ``inside``."""
    _of_this_process[:] = [inside]


def is_job_of(folder: Path) -> bool:
    """Whether this code runs in a job of the context with this folder, or in a program that one of
    its jobs has started."""
    inside = _current()
    if inside is not None and inside.folder is not None:
        return inside.folder == folder.resolve()
    return os.environ.get(JOB_OF) == str(folder.resolve())


def _current() -> Inside | None:
    here = _of_this_thread.get()
    if here is not None:
        return here
    return _of_this_process[0] if _of_this_process else None


@contextmanager
def running(inside: Inside) -> Iterator[Inside]:
    """While this is open, ``reads`` and ``progress`` speak for the attempt of ``inside``."""
    token = _of_this_thread.set(inside)
    try:
        yield inside
    finally:
        _of_this_thread.reset(token)


def reads(path: str | os.PathLike[str]) -> Path:
    """Say that this job's result depends on the content of a file.

    The next run compares the content (by time stamps where that is safe) and runs the job again
    when it changed. A file that does not exist can be a dependency too. Outside of a job this does
    nothing but to return the path.

    Parameters
    ----------
    path
        Of a file, or of a folder, whose dependency is the list of its names.

    Returns
    -------
    pathlib.Path
        The path, to open.

    Examples
    --------
    >>> import weft
    >>> weft.reads("data.csv")
    PosixPath('data.csv')
    """
    inside = _current()
    if inside is not None:
        absolute = Path(path).absolute()
        key = str(absolute)
        if key not in inside.stamps:
            inside.stamps[key] = _STAMPS.stamp(absolute)
            digest = hash_file(absolute)
            inside.observed.append(Observation(len(inside.observed), "file", key, digest))
    return Path(path)


def progress(name: str, step: tuple[float, float], iteration_desc: str | None = None) -> None:
    """Tell how far this job is, for the status line; outside of a job this does nothing.

    A stage with the name of one told before updates it and ends the stages told inside it.

    Parameters
    ----------
    name
        Of the stage.
    step
        ``(i, n)``: step ``i`` of ``n``.
    iteration_desc
        What this step works on.

    Examples
    --------
    >>> import weft
    >>> for i, page in enumerate(["a", "b"]):
    ...     weft.progress("reading", (i, 2), page)
    """
    inside = _current()
    if inside is None or inside.say is None:
        return
    names = [stage for stage, _ in inside.stages]
    if name in names:
        del inside.stages[names.index(name) :]
    detail = f" {iteration_desc}" if iteration_desc else ""
    inside.stages.append((name, f"{name} {step[0]:g}/{step[1]:g}{detail}"))
    now = time.monotonic()
    if now - inside.said >= PROGRESS_SECONDS or step[0] >= step[1]:
        inside.said = now
        inside.say(" > ".join(text for _, text in inside.stages))


reads.__module__ = progress.__module__ = "weft"  # pickles name them; this module may move
