"""Which process an endpoint belongs to, and whether it lives.

An endpoint belongs to one process at a time: the one that made it, then the child that it is
handed to; or, where several may be meant (a fork by hand, workers of a pool that are all given the
same), the one that uses it first. The owner holds the lock of the endpoint's current life.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from enum import Enum
from typing import Any, ClassVar

from weft.queues.errors import IterableQueueException, IterableQueueIllegalStateException
from weft.queues.layout import BORN, LIFE, OWNER, STATE, State
from weft.queues.lives import Life
from weft.queues.registry import Registry
from weft.queues.shared import Shared


class Place(Enum):
    """Where an endpoint is, seen from this process."""

    HERE = "here"
    """Made here, or handed to this process."""
    COPY = "copy"
    """Came with a fork by hand, so that this process may be meant."""
    ELSEWHERE = "elsewhere"
    """Handed to another process."""
    CLOSED = "closed"


class Ownership:
    """Of one endpoint, in one process.

    Parameters
    ----------
    shared, row, life
        The queue, the endpoint's row, and the life that this process has for it.
    born
        Number of its first life: other endpoints have had the row before, or will.
    word, closed
        What it is called in messages, and what is raised after its close.

    Examples
    --------
    >>> from weft.queues import IterableQueue
    >>> IterableQueue().get_producer()
    <ProducerQueue here>
    """

    here: ClassVar[Registry[Ownership]] = Registry()
    """All of this process."""

    def __init__(
        self,
        shared: Shared,
        row: int,
        life: Life | None,
        born: int,
        word: str,
        closed: type[IterableQueueException],
    ) -> None:
        self.shared, self.row, self.born = shared, row, born
        self.place = Place.HERE
        self.work: Any = None
        """What this process does with it: a stream or a reader, from the first use on."""
        self._life = life
        self._word, self._closed = word, closed
        self._may_be_shared = False
        self._lock = threading.RLock()
        Ownership.here.add(self)

    @property
    def life(self) -> Life | None:
        """What this process keeps it alive by."""
        return self._life

    @property
    def state(self) -> int:
        """What became of it; `State.CLOSED` also when its row is another endpoint's by now."""
        words = self.shared.words
        return words[self.row + STATE] if words[self.row + BORN] == self.born else State.CLOSED

    def check(self) -> None:
        """Raise unless this process may use it."""
        if self.place is Place.CLOSED:
            raise self._closed(f"This {self._word} is closed.", cure="Use it before close().")
        if self.place is Place.ELSEWHERE or not self._may_use():
            owner = self.shared.words[self.row + OWNER]
            raise IterableQueueIllegalStateException(
                f"This {self._word} belongs to another process.",
                facts={"process": owner or "a child that has not used it yet"},
                cure=f"Make one {self._word} for each process, by queue.get_{self._word}(), and "
                "pass it as an argument of Process.",
            )

    def begin(self) -> None:
        """Take it into use, or refuse; under the mutex."""
        self.check()
        if self.place is Place.COPY or self._may_be_shared or not self._has_current_life():
            self._begin_life()
        words, row = self.shared.words, self.row
        words[row + OWNER] = os.getpid()
        words[row + STATE] = State.OPEN

    def close(self, end: Callable[[], None]) -> None:
        """Call `end` under the mutex if it is this process's, and be done with it."""
        with self._lock:
            if self.place is Place.HERE:
                self.shared.locked(self._close, end)
            if self.place is not Place.ELSEWHERE:
                self.leave(Place.CLOSED)

    def lend(self) -> Life | None:
        """A new life for a child that is about to start; None if it is not here to be given."""
        with self._lock:
            if self.place is not Place.HERE or not self._may_use():
                return None
            life: Life = self.shared.locked(self._lend)
            return life

    def come_back(self, life: Life) -> None:
        """The child that it was lent to was not started, it seems. If it was, first use decides."""
        with self._lock:
            if self.place is Place.ELSEWHERE and self.shared.words[self.row + LIFE] == life.number:
                self.shared.locked(self._begin_life)
                self.shared.words[self.row + OWNER] = os.getpid()
            life.end()

    def arrive(self, life: Life) -> None:
        """This process is the child that it was lent to."""
        self.leave(Place.HERE)
        self._life = life
        self.shared.words[self.row + OWNER] = os.getpid()

    def leave(self, place: Place) -> None:
        """This process is done with it, for now or for good."""
        self._stop()
        self.place = place
        life, self._life = self._life, None
        if life is not None:
            life.end()

    def may_be_shared(self) -> None:
        """A child came to be that may use it: nobody knows until somebody does."""
        if self.place is Place.HERE and self._is_unused():
            self._may_be_shared = True
            self.shared.words[self.row + OWNER] = 0

    def arrive_unasked(self, *, may_be_meant: bool) -> None:
        """This process is a child that it was not handed to."""
        self._lock = threading.RLock()
        if self.place is Place.CLOSED:
            return
        if may_be_meant and self._is_unused():
            self._stop()
            self.place = Place.COPY
        else:
            self.leave(Place.ELSEWHERE)

    def _is_unused(self) -> bool:
        return self.state in {State.NEW, State.LENT}

    def _may_use(self) -> bool:
        return self._is_unused() or (self.state == State.OPEN and self._has_current_life())

    def _has_current_life(self) -> bool:
        return self._life is not None and self.shared.words[self.row + LIFE] == self._life.number

    def _begin_life(self) -> None:
        life = Life.begin(self.shared.memory)
        self.shared.words[self.row + LIFE] = life.number
        self.leave(Place.HERE)
        self._life = life
        self._may_be_shared = False
        for other in Ownership.here.all():
            if other.shared is self.shared and other.place is Place.COPY:
                other.leave(Place.ELSEWHERE)

    def _lend(self) -> Life:
        self._stop()
        words, row = self.shared.words, self.row
        life = Life.begin(self.shared.memory)
        words[row + OWNER] = 0
        words[row + LIFE] = life.number
        if words[row + STATE] == State.NEW:
            words[row + STATE] = State.LENT
        return life

    def _close(self, end: Callable[[], None]) -> None:
        self._stop()
        if self.state in {State.NEW, State.LENT, State.OPEN} and self._has_current_life():
            end()

    def _stop(self) -> None:
        work, self.work = self.work, None
        if work is not None:
            work.stop()
