"""The current pipegraph: the one that new jobs go into; and whether this process was forked."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from weft.pipegraph.errors import PyPipeGraphError

if TYPE_CHECKING:
    from weft.pipegraph.pipegraph import Pipegraph

_current: list[Pipegraph] = []
"""None or one."""
forked: list[int] = []
"""The process, if it was forked since this module was imported; asking for it is a system call,
0.1 us for each of 100,000 jobs."""


def _note_fork() -> None:
    forked[:] = [os.getpid()]


os.register_at_fork(after_in_child=_note_fork)


def current() -> Pipegraph:
    """The pipegraph that new jobs go into.

    Raises
    ------
    PyPipeGraphError
        When there is none.
    """
    if not _current:
        raise PyPipeGraphError(
            "There is no pipegraph that the job could go into.",
            cure="Call new_pipegraph() before the first job is defined.",
        )
    return _current[0]


def current_or_none() -> Pipegraph | None:
    """The pipegraph that new jobs go into, if there is one."""
    return _current[0] if _current else None


def make_current(pipegraph: Pipegraph | None) -> None:
    """Let new jobs go into this pipegraph from now on."""
    _current[:] = [] if pipegraph is None else [pipegraph]


def inside_ppg() -> bool:
    """Whether there is a pipegraph that new jobs go into.

    Examples
    --------
    >>> import tempfile
    >>> from weft import pipegraph as ppg
    >>> ppg.inside_ppg()
    False
    >>> with ppg.new_pipegraph(folder=tempfile.mkdtemp()):
    ...     ppg.inside_ppg()
    True
    """
    return bool(_current)
