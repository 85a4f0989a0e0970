"""Where jobs run, and how many at a time."""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import IntEnum

from weft.pipegraph.errors import JobContractError


def CPUs() -> int:  # noqa: N802 - its name in pypipegraph
    """Cores that this process may use.

    Examples
    --------
    >>> CPUs() >= 1
    True
    """
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Resources(IntEnum):
    """Cores that a job keeps busy, by name.

    Examples
    --------
    >>> int(Resources.AllCores)
    -1
    """

    SingleCore = 1
    AllCores = -1
    """All but one."""
    Exclusive = -2
    """All, and nothing beside it."""


@dataclass(frozen=True, slots=True)
class LocalSystem:
    """This machine.

    Parameters
    ----------
    max_cores_to_use
        Cores that all jobs may keep busy together; by default all.
    profile
        Taken for the sake of old scripts: how long each job took is always kept, see ``stats``.
    interactive
        Whether keys steer the run, where there is a person at a terminal.

    Examples
    --------
    >>> LocalSystem(2).max_cores_to_use
    2
    """

    max_cores_to_use: int = 0
    profile: bool = False
    interactive: bool = True

    def __post_init__(self) -> None:
        if self.max_cores_to_use < 0:
            raise JobContractError(
                f"{self.max_cores_to_use!r} is no number of cores.", cure="Give 1 or more."
            )
        if not self.max_cores_to_use:
            object.__setattr__(self, "max_cores_to_use", CPUs())
