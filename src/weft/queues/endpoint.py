"""What producers and consumers have in common."""

from __future__ import annotations

from multiprocessing import context, reduction
from types import TracebackType
from typing import Any, ClassVar, Self

from weft.queues import handing
from weft.queues.errors import IterableQueueException
from weft.queues.layout import MAXSIZE, State
from weft.queues.lives import Life
from weft.queues.ownership import Ownership, Place
from weft.queues.shared import Shared


class Endpoint:
    """Base of `ProducerQueue` and `ConsumerQueue`."""

    _word: ClassVar[str]
    _closed: ClassVar[type[IterableQueueException]]

    def __init__(self, shared: Shared, row: int, life: Life | None, born: int) -> None:
        self._shared, self._words, self._row = shared, shared.words, row
        self._ownership = Ownership(shared, row, life, born, self._word, self._closed)
        if life is None:
            self._ownership.arrive_unasked(may_be_meant=True)

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
        return f"<{type(self).__name__} {self._ownership.place.value}>"

    def __reduce__(self) -> tuple[object, ...]:
        popen = context.get_spawning_popen()
        if popen is None:
            return self._shared.__reduce__()
        end = (type(self), self._shared, self._row, self._ownership.born)
        life = self._ownership.lend()
        if life is None:
            return _arrive, end
        self._ownership.leave(Place.ELSEWHERE)
        handing.end_when_started(popen, self._ownership, life)
        return _arrive, (*end, life.number, reduction.DupFd(life.descriptor))

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
        self._ownership.check()
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
        """Say that this end is not used any more; again does nothing.

        Examples
        --------
        >>> from weft.queues import IterableQueue
        >>> consumer = IterableQueue().get_consumer()
        >>> consumer.close()
        >>> consumer.close()
        """
        self._ownership.close(lambda: self._end(State.CLOSED))

    def _end(self, state: State) -> None:
        """Note in the table what became of it; under the mutex."""
        raise NotImplementedError


def _arrive(
    kind: type[Endpoint], shared: Shared, row: int, born: int, number: int = 0, life: Any = None
) -> Endpoint:
    return kind(shared, row, Life(number, life.detach()) if life is not None else None, born)
