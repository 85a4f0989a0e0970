"""What to show at once of an attempt that ended badly."""

from __future__ import annotations

import os
import sysconfig

from weft.console.views.explanations import Failure
from weft.model.outcome import ErrorReport, Frame, Outcome, describe

TAIL_LINES = 6
"""Lines of a traceback, and of each output, that a failure shows without being asked."""


def failure(outcome: Outcome) -> Failure:
    """The cause, and the last lines of the traceback and of what was printed."""
    cause = describe(outcome).split("\n", 1)[0]
    tail = [f"  {line}" for line in _traceback_tail(outcome.error)]
    for name, text in (("stdout", outcome.stdout), ("stderr", outcome.stderr)):
        lines = (text or "").rstrip().splitlines()[-TAIL_LINES:]
        tail += [f"  {name}: {line}" for line in lines]
    return Failure(cause, tuple(tail))


def _traceback_tail(error: ErrorReport | None) -> list[str]:
    """The innermost frame of the user's code, and what the message has beyond its first line."""
    if error is None:
        return []
    if error.frames:
        last = next((f for f in reversed(error.frames) if _is_own(f)), error.frames[-1])
        places = [f'File "{last.file}", line {last.line}, in {last.function}']
        places += [f"  {last.source.strip()}"] if last.source.strip() else []
        return places + str(error).splitlines()[1 : 1 + TAIL_LINES]
    lines = error.text.rstrip().splitlines()
    return [] if len(lines) < 2 else lines[-TAIL_LINES:]


def _is_own(frame: Frame) -> bool:
    """Whether the line is the user's, not of the standard library or an installed package."""
    folders = (sysconfig.get_path("stdlib"), sysconfig.get_path("purelib"))
    return not frame.file.startswith(("<", *(f"{folder}{os.sep}" for folder in folders)))
