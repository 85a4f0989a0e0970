"""The end of a queue at which items are put."""

from __future__ import annotations

import time
from marshal import dumps
from types import TracebackType
from typing import NoReturn

from weft.queues import processor
from weft.queues.bells import LONGEST
from weft.queues.endpoint import Endpoint
from weft.queues.errors import Full, ProducerQueueClosedException
from weft.queues.items import LARGE, PLAIN, discard, encode
from weft.queues.layout import (
    BLOCKED,
    MAXSIZE,
    ROOM,
    SLEEPERS,
    State,
)
from weft.queues.lives import Life
from weft.queues.shared import Shared
from weft.queues.streams import Stream
from weft.queues.waiting import Waiter, deadline_of, refuse_to_wait_for_oneself, wait
from weft.queues.watching import end_producer, refuse_without_consumers, sweep

NEXT_LOOK = 0.010
"""Seconds after which a producer looks for room that nobody has rung for."""


class ProducerQueue(Endpoint):
    """One producer's end of an `IterableQueue`; threads of its process may share it.

    Examples
    --------
    >>> from weft.queues import IterableQueue
    >>> queue = IterableQueue()
    >>> consumer = queue.get_consumer()
    >>> with queue.get_producer() as producer:
    ...     producer.put("an item")
    >>> queue.close()
    >>> list(consumer)
    ['an item']
    """

    _word = "producer"
    _closed = ProducerQueueClosedException

    def __init__(self, shared: Shared, row: int, life: Life | None, born: int) -> None:
        super().__init__(shared, row, life, born)
        self._needs_mutex = bool(shared.words[MAXSIZE])
        self._swept = 0.0

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        state = State.CLOSED if kind is None else State.DEAD
        self._ownership.close(lambda: self._end(state))

    def __iter__(self) -> NoReturn:
        raise NotImplementedError("Iterate a consumer; make one by queue.get_consumer().")

    def put(self, item: object, block: bool = True, timeout: float | None = None) -> None:
        """Put an item; when this returns, the item outlives this process.

        Parameters
        ----------
        item
            Anything that can be pickled, `None` too. Large buffers (NumPy arrays from 256 KiB on)
            go through shared memory, copied once.
        block, timeout
            Whether to wait, and for how many seconds at most, while a bounded queue is full.

        Raises
        ------
        Full
            A bounded queue had no room (in that time).
        ProducerQueueClosedException
            This producer was closed.
        UnpicklableItem
            The item can't be sent.
        NoConsumers
            It would have to wait, but nobody will ever make room.

        Examples
        --------
        >>> from weft.queues import IterableQueue
        >>> queue = IterableQueue(maxsize=1)
        >>> producer = queue.get_producer()
        >>> producer.put(None)
        >>> producer.put("one more", timeout=0.01)
        Traceback (most recent call last):
        ...
        queue.Full
        """
        if timeout is not None:
            deadline_of(timeout)  # nonsense is refused, also where there is room
        stream = self._ownership.work or self._start()
        is_large = False
        if type(item) in PLAIN:
            data = dumps(item)  # type: ignore[arg-type]
        else:
            data = encode(self._shared, item)
            is_large = data[0] == LARGE
        if is_large:
            self._put_with_care(stream, data, block, timeout)
        elif not self._needs_mutex:
            stream.append(data, len(data))
        elif not self._shared.locked(self._append_locked, stream, data):
            self._put_with_care(stream, data, block, timeout)
        if self._words[SLEEPERS]:
            self._shared.wake_reader()

    def put_nowait(self, item: object) -> None:
        """`put` that raises `Full` instead of waiting.

        Examples
        --------
        >>> from weft.queues import IterableQueue
        >>> queue = IterableQueue(maxsize=1)
        >>> producer = queue.get_producer()
        >>> producer.put_nowait(1)
        >>> producer.full()
        True
        """
        self.put(item, block=False)

    def get(self, *_options: object, **_more: object) -> NoReturn:
        """Not at this end.

        Examples
        --------
        >>> from weft.queues import IterableQueue
        >>> IterableQueue().get_producer().get()
        Traceback (most recent call last):
        ...
        NotImplementedError: A producer can't get; make a consumer by queue.get_consumer().
        """
        raise NotImplementedError("A producer can't get; make a consumer by queue.get_consumer().")

    get_nowait = get

    def _start(self) -> Stream:
        stream: Stream = self._shared.locked(self._begin)
        return stream

    def _begin(self) -> Stream:
        if self._ownership.work is None:
            self._ownership.begin()
            self._needs_mutex = self._needs_mutex or not processor.steps_are_whole()
            self._ownership.work = Stream(self._shared, self._row, held=self._needs_mutex)
        stream: Stream = self._ownership.work
        return stream

    def _put_with_care(
        self, stream: Stream, data: bytes, block: bool, timeout: float | None
    ) -> None:
        """Wait for room; what is not put leaves nothing behind."""
        put: list[bool] = []
        try:
            deadline = deadline_of(timeout)
            while not self._append_if_room(stream, data, put):
                left = LONGEST if deadline is None else deadline - time.monotonic()
                if not block or left <= 0:
                    raise Full
                self._wait_for_room(deadline is None, min(left, NEXT_LOOK))
        except BaseException:
            if not put:
                discard(self._shared, data)
            raise

    def _append_if_room(self, stream: Stream, data: bytes, put: list[bool]) -> bool:
        if self._needs_mutex:
            return self._shared.locked(self._append_locked, stream, data, put)
        stream.append(data, len(data), put)
        return True

    def _append_locked(self, stream: Stream, data: bytes, put: list[bool] | None = None) -> bool:
        words, bound = self._words, self._words[MAXSIZE]
        if bound:
            room = words[ROOM] or max(bound - self._shared.size(), 0)
            if not room:
                return False
            words[ROOM] = room - 1
            if room > 1 and words[BLOCKED]:
                self._shared.wake_writer()
        stream.append(data, len(data), put)
        return True

    def _wait_for_room(self, for_ever: bool, seconds: float) -> None:
        shared = self._shared
        now = time.monotonic()
        if now - self._swept > LONGEST:
            self._swept = now
            shared.locked(sweep, shared)
            shared.locked(refuse_without_consumers, shared)
        if for_ever:
            refuse_to_wait_for_oneself(shared, shared.consumers(), "The queue is full")
        wait(Waiter.writer(shared, self._row), seconds)

    def _end(self, state: State) -> None:
        end_producer(self._shared, self._row, state)
        self._shared.wake_all()
