"""What a run knows of each job, and how many jobs are so."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class Status(IntEnum):
    """What the plan knows of a job; the numbers are held in a bytearray."""

    UNWANTED = 0
    WAITING = 1
    READY = 2
    RUNNING = 3
    DONE = 4
    FAILED = 5
    BLOCKED = 6
    CANCELLED = 7
    DELEGATED = 8
    """A generator that succeeded and waits for the jobs that it promised."""


@dataclass(slots=True)
class Counts:
    """How many wanted jobs are in each state."""

    done: int = 0
    running: int = 0
    ready: int = 0
    waiting: int = 0
    failed: int = 0
    blocked: int = 0
    cancelled: int = 0
    total: int = 0
