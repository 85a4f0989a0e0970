"""How many items a consumer claims at a time: many while they go fast, one while they are slow."""

from __future__ import annotations

QUICK = 0.001
"""Seconds: a consumer that was done with its last items sooner than that takes twice as many."""
SLOW = 0.010
"""Seconds: one that needed longer takes half as many."""


def claim_size(waiting: int, consumers: int, last: int, seconds: float, most: int) -> int:
    """How many of the `waiting` items one of so many consumers claims, at least 1.

    Parameters
    ----------
    waiting
        Items that nobody has claimed.
    consumers
        How many consumers share them.
    last, seconds
        How many this one claimed before, and how long it took for them.
    most
        Upper bound (`batch`).

    Examples
    --------
    >>> claim_size(1000, 2, last=8, seconds=0.0001, most=1024)
    16
    >>> claim_size(1000, 2, last=8, seconds=0.5, most=1024)
    4
    >>> claim_size(6, 3, last=8, seconds=0.0001, most=1024)
    2
    """
    wish = last * 2 if seconds < QUICK else last if seconds < SLOW else last // 2
    share = -(-waiting // max(consumers, 1))
    return max(1, min(wish, share, most))
