"""What selections ask about jobs, looked up in the store and in a survey."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cache
from typing import TypeVar

from weft.model.job import Job
from weft.model.states import JobState
from weft.store.columns import Columns
from weft.store.store import Store

T = TypeVar("T")


class StoreFacts:
    """The ``Facts`` of ``weft.graph.selection``; each is looked up when first asked for, once.

    Parameters
    ----------
    states
        Gives the state of every job.
    last
        Ids of the jobs that the command before chose.
    promised
        Gives the jobs whose results generators gave as theirs.
    """

    def __init__(
        self,
        store: Store,
        states: Callable[[], Mapping[str, JobState]],
        last: Collection[str] = (),
        promised: Callable[[], Mapping[int, Sequence[Job]]] = dict,
    ) -> None:
        def column(read: Callable[[Columns], T]) -> Callable[[], T]:
            return cache(lambda: read(store.columns))

        self._last = last
        self.promised = promised
        self.states = cache(states)
        self.tried = column(Columns.tried)
        self.traced = column(Columns.traced)
        self.seconds = column(Columns.durations)
        self.sizes = column(Columns.sizes)
        self.ended = column(Columns.ended)
        self.now = cache(time.time)

    def last(self) -> Collection[str]:
        """Jobs that the command before chose."""
        return self._last
