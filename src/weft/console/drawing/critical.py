"""The critical path: the chain of dependent jobs that takes longest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CriticalPath:
    """The chain, first job first, and what it takes: with any number of workers no less."""

    jobs: tuple[str, ...] = ()
    seconds: float = 0.0


def critical_path(
    seconds: Mapping[str, float], upstream: Mapping[str, Sequence[str]]
) -> CriticalPath:
    """The longest chain by time.

    Parameters
    ----------
    seconds
        What each job takes; one that is not in it takes nothing, and is not named.
    upstream
        The jobs that must be done before each job.

    Examples
    --------
    >>> critical_path({"a": 1.0, "b": 2.0, "c": 5.0, "d": 1.0}, {"b": ["a"], "d": ["b", "c"]})
    CriticalPath(jobs=('c', 'd'), seconds=6.0)
    """
    ends: dict[str, float] = {}
    before: dict[str, str | None] = {}
    for job in upstream_first([*seconds, *upstream], upstream):
        last = max(
            (above for above in upstream.get(job, ()) if above in ends),
            key=ends.__getitem__,
            default=None,
        )
        before[job] = last
        ends[job] = (0.0 if last is None else ends[last]) + seconds.get(job, 0.0)
    if not ends:
        return CriticalPath()
    end: str | None = max(ends, key=ends.__getitem__)
    longest, chain = ends[end or ""], []
    while end is not None:
        chain.append(end)
        end = before[end]
    return CriticalPath(tuple(job for job in reversed(chain) if job in seconds), longest)


def upstream_first(jobs: Iterable[str], upstream: Mapping[str, Sequence[str]]) -> list[str]:
    """All jobs and what they depend on, each after what it depends on.

    Arrows that close a cycle are passed over; there are none among jobs that ran.
    """
    done: dict[str, None] = {}
    entered: set[str] = set()
    for start in jobs:
        stack = [start]
        while stack:
            job = stack[-1]
            if job not in entered:
                entered.add(job)
                stack.extend(above for above in upstream.get(job, ()) if above not in entered)
            else:
                done.setdefault(stack.pop())
    return list(done)
