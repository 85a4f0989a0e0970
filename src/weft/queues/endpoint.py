"""What producers and consumers have in common: a row of the table, and one process that owns it."""

from __future__ import annotations

import os
import threading
import weakref
from enum import Enum
from multiprocessing import context, reduction
from types import TracebackType
from typing import Any, ClassVar, Self

from weft.queues import handing
from weft.queues.errors import IterableQueueException, IterableQueueIllegalStateException
from weft.queues.layout import LIFE, MAXSIZE, OWNER, STATE, State
from weft.queues.lives import Life
from weft.queues.shared import Shared


class Place(Enum):
    """Where an endpoint is, seen from this process."""

    HERE = "here"
    """Made here or handed to this process; nobody else may use it."""
    COPY = "copy"
    """Came with a fork by hand, so that this process may be meant."""
    ELSEWHERE = "elsewhere"
    """Was handed to another process."""
    CLOSED = "closed"


class Endpoint:
    """Base of `ProducerQueue` and `ConsumerQueue`."""

    here: ClassVar[weakref.WeakSet[Endpoint]] = weakref.WeakSet()
    """All of this process."""
    _word: ClassVar[str]
    _closed: ClassVar[type[IterableQueueException]]

    def __init__(self, shared: Shared, row: int, life: Life) -> None:
        self._shared = shared
        self._words = shared.words
        self._row = row
        self._life: Life | None = life
        self._place = Place.HERE
        self._lock = threading.Lock()
        self._words[row + OWNER] = os.getpid()
        Endpoint.here.add(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return (
            f"<{type(self).__name__} {self._place.value}, process {self._words[self._row + OWNER]}>"
        )

    def qsize(self) -> int:
        """How many items were put and not yet handed to a user of a consumer.

        Examples
        --------
        >>> from weft.queues import IterableQueue
        >>> queue = IterableQueue()
        >>> producer = queue.get_producer()
        >>> producer.put("an item")
        >>> producer.qsize()
        1
        """
        self._refuse_gone()
        return self._shared.exact_size()

    def empty(self) -> bool:
        """Whether `qsize()` is 0 at this moment.

        Examples
        --------
        >>> from weft.queues import IterableQueue
        >>> IterableQueue().get_consumer().empty()
        True
        """
        return self.qsize() == 0

    def full(self) -> bool:
        """Whether a put would have to wait at this moment.

        Examples
        --------
        >>> from weft.queues import IterableQueue
        >>> IterableQueue(maxsize=1).get_producer().full()
        False
        """
        size = self.qsize()
        return 0 < self._words[MAXSIZE] <= size

    def close(self) -> None:
        """Say that this endpoint is not used any more; again does nothing.

        Examples
        --------
        >>> from weft.queues import IterableQueue
        >>> consumer = IterableQueue().get_consumer()
        >>> consumer.close()
        >>> consumer.close()
        """
        self._close(State.CLOSED)

    def _close(self, state: State) -> None:
        with self._lock:
            if self._place is Place.HERE:
                self._shared.locked(self._end, state)
            if self._place is not Place.ELSEWHERE:
                self._gone(Place.CLOSED)

    def _end(self, state: State) -> None:
        """Note in the table what became of the endpoint; under the mutex."""
        raise NotImplementedError

    def _forget(self) -> None:
        """Drop what this process knows of its work with the endpoint."""
        raise NotImplementedError

    def _begin(self) -> None:
        """Take the endpoint into use, or refuse; under the mutex."""
        self._refuse_gone()
        words, row = self._words, self._row
        if self._place is Place.COPY:
            self._settle_here()
        words[row + OWNER] = os.getpid()
        words[row + STATE] = State.OPEN

    def _is_mine(self) -> bool:
        words, row = self._words, self._row
        number = self._life.number if self._life else -1
        state = words[row + STATE]
        return words[row + LIFE] == number and (
            state == State.NEW or (state == State.OPEN and self._place is Place.HERE)
        )

    def _settle_here(self) -> None:
        """A fork by hand: from the first use on, the endpoint is this process's alone."""
        life = Life.begin(self._shared.memory)
        self._words[self._row + LIFE] = life.number
        self._words[self._row + OWNER] = os.getpid()
        self._arrived(life)
        handing.drop_copies(self._shared)

    def _refuse_gone(self) -> None:
        if self._place is Place.CLOSED:
            raise self._closed(f"This {self._word} is closed.", cure="Use it before close().")
        if self._place is Place.ELSEWHERE or not self._is_mine():
            raise IterableQueueIllegalStateException(
                f"This {self._word} belongs to another process.",
                facts={"process": self._words[self._row + OWNER] or "on its way to a child"},
                cure=f"Make one {self._word} for each process, by queue.get_{self._word}().",
            )

    def lend(self) -> Life | None:
        """A new life for a child that is about to start, if this process has the endpoint."""
        with self._lock:
            if self._place is not Place.HERE:
                return None
            life: Life = self._shared.locked(self._new_life)
            return life

    def _new_life(self) -> Life:
        self._begin()
        life = Life.begin(self._shared.memory)
        self._words[self._row + OWNER] = 0
        self._words[self._row + LIFE] = life.number
        return life

    def arrived(self, life: Life) -> None:
        """This process is the child that it was lent to."""
        self._arrived(life)
        self._words[self._row + OWNER] = os.getpid()

    def _arrived(self, life: Life) -> None:
        self._gone(Place.HERE)
        self._life = life

    def gone(self) -> None:
        """Another process has it."""
        self._gone(Place.ELSEWHERE)

    def _gone(self, place: Place) -> None:
        self._forget()
        self._place = place
        life, self._life = self._life, None
        if life is not None:
            life.end()

    def maybe_lent(self) -> None:
        """A child was forked that may use it: nobody knows until somebody does."""
        if self._place is Place.HERE and self.is_new:
            self._words[self._row + OWNER] = 0

    def forked(self, *, others_were_handed: bool) -> None:
        """This process is a child that the endpoint was not handed to."""
        self._lock = threading.Lock()
        if self._place is Place.CLOSED:
            return
        if others_were_handed or not self.is_new:
            self.gone()
        else:
            self._forget()
            self._place = Place.COPY

    def drop_copy(self) -> None:
        """This process uses other endpoints of the queue: don't keep this one alive."""
        if self._place is Place.COPY:
            self.gone()

    @property
    def shared(self) -> Shared:
        """The queue that this is an end of."""
        return self._shared

    @property
    def is_new(self) -> bool:
        """Whether nobody has used it."""
        return self._words[self._row + STATE] == State.NEW

    @property
    def life(self) -> Life | None:
        """What this process keeps it alive by."""
        return self._life

    def __reduce__(self) -> tuple[object, ...]:
        popen = context.get_spawning_popen()
        life = self.lend() if popen is not None else None
        if popen is None or life is None:
            self._shared.__reduce__()
            self._shared.locked(self._begin)
            raise self._closed(f"This {self._word} can't be sent.")
        self.gone()
        handing.end_when_started(popen, life)
        descriptor = reduction.DupFd(life.descriptor)
        return _arrive, (type(self), self._shared, self._row, life.number, descriptor)


def _arrive(
    kind: type[Endpoint], shared: Shared, row: int, number: int, descriptor: Any
) -> Endpoint:
    return kind(shared, row, Life(number, descriptor.detach()))
