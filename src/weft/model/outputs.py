"""What a job promises about the files that it makes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

ASIDE = ".weft-aside"
"""How the names end under which files wait while the job runs that makes them anew."""


class Form(IntEnum):
    """How the paths of a job's files stand in a value."""

    ONE = 0
    LIST = 1
    DICT = 2


@dataclass(frozen=True, slots=True)
class OutputStyle:
    """How a job's files are handed over, checked and kept; shared by all jobs alike.

    The tuples go with the paths, place by place; an empty one means "none of them".
    """

    form: Form = Form.ONE
    keys: tuple[str, ...] = ()
    """Names of the files, where the form is ``DICT``."""
    takes: bool = False
    """Whether the function gets the path, or a list or dict of paths, as its first argument."""
    empty_ok: tuple[bool, ...] = ()
    """Which files may be empty."""
    rename_broken: bool = False
    """Whether what a failed job wrote is kept under ``NAME.broken``, instead of removed."""
    temporary: tuple[bool, ...] = ()
    """Which files are removed once all jobs that need them are done."""
    lazy: bool = False
    """Whether they are made only for jobs that need them, although they stay."""

    @property
    def is_temporary(self) -> bool:
        """Whether a file may be missing as long as nobody needs it."""
        return True in self.temporary

    def may_be_empty(self, place: int) -> bool:
        """Whether the file at this place may have no content."""
        return place < len(self.empty_ok) and self.empty_ok[place]

    def is_kept(self, place: int) -> bool:
        """Whether the file at this place stays when its consumers are done."""
        return not (place < len(self.temporary) and self.temporary[place])


PLAIN = OutputStyle()
