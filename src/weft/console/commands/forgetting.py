"""``clean`` and ``invalidate``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from weft.console.table import Arguments, ConsoleCommand, Section, Selects
from weft.console.words import count_words

if TYPE_CHECKING:
    from weft.console.session import Session


def _clean(session: Session, arguments: Arguments) -> str:
    """``clean`` alone is ``clean all``; words that name no job now clean nothing."""
    words = arguments.selection or ("all",)
    return _told(session.context.clean(*words), arguments.selection, "Cleaned")


def _invalidate(session: Session, arguments: Arguments) -> str:
    ids = session.context.invalidate(*arguments.selection)
    return _told(ids, arguments.selection, "Invalidated")


def _told(ids: Sequence[str], words: Sequence[str], done: str) -> str:
    if ids or not words:
        return f"{done} {count_words(len(ids), 'job')}."
    return f"No job is {' or '.join(words)} now: nothing was {done.lower()}."


COMMANDS = (
    ConsoleCommand(
        "clean",
        Section.FORGETTING,
        "Drop the results of these jobs (alone: of all).",
        _clean,
        Selects.OPTIONAL,
        description="Also of the jobs that they defined. The next make runs them again.",
    ),
    ConsoleCommand(
        "invalidate",
        Section.FORGETTING,
        "Let the next make run these jobs again.",
        _invalidate,
        Selects.REQUIRED,
        description="Results stay: where the new ones are equal, nothing after them runs.",
    ),
)
