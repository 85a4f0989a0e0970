"""The end of a queue at which items are taken."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any, NoReturn

from weft.queues.bells import LONGEST
from weft.queues.endpoint import Endpoint
from weft.queues.errors import (
    ConsumerQueueClosedException,
    Done,
    Empty,
    ProducerDied,
    UnreadableItem,
)
from weft.queues.items import Loaded, decode, discard, take_back
from weft.queues.layout import BLOCKED, DIED, DIED_LAST, MAXSIZE, SLEEPERS, STRICT, State
from weft.queues.lives import Life
from weft.queues.ranges import STUCK, Found
from weft.queues.reader import Reader, new_reader
from weft.queues.shared import Shared
from weft.queues.waiting import (
    LONG,
    Waiter,
    deadline_of,
    refuse_to_wait_for_oneself,
    wait,
    wait_async,
    warn_of_forgotten_close,
)
from weft.queues.watching import end_consumer

MANY = 8
"""Items that a consumer had at once when it is taken for a fast one."""
TURN = 0.002
"""Seconds that a task may go on taking items before other tasks have their turn."""
NAP = 0.0001
"""Seconds that a fast consumer sleeps before it asks to be woken."""


class ConsumerQueue(Endpoint):
    """One consumer's end of an `IterableQueue`; threads of its process may share it.

    Iterating ends when the queue is closed, all its producers are, and everything was taken.

    Examples
    --------
    >>> from weft.queues import IterableQueue
    >>> queue = IterableQueue()
    >>> consumer = queue.get_consumer()
    >>> with queue.get_producer() as producer:
    ...     producer.put("an item")
    >>> queue.close()
    >>> [item for item in consumer]
    ['an item']
    """

    _word = "consumer"
    _closed = ConsumerQueueClosedException

    def __init__(self, shared: Shared, row: int, life: Life | None, born: int) -> None:
        super().__init__(shared, row, life, born)
        self._bounded = bool(shared.words[MAXSIZE])
        self._taken = 0
        """Items since a waiting producer was last woken."""
        self._told = 0
        self._is_done = self._is_warned = False
        self._turn = 0.0

    def __iter__(self) -> Iterator[Any]:
        try:
            while True:
                yield self._take(None)
        except Done:
            return

    def __next__(self) -> Any:
        return self.next()

    def __aiter__(self) -> AsyncIterator[Any]:
        return self

    async def __anext__(self) -> Any:
        await self._let_others_run()
        while True:
            try:
                return self._take(0.0)
            except Done:
                raise StopAsyncIteration from None
            except Empty:
                reader = self._ownership.work or self._start()
                self._warn_once(reader)
                await wait_async(Waiter.reader(self._shared, self._row), _patience(reader))

    async def _let_others_run(self) -> None:
        """While items keep coming, nothing else gives the loop a turn."""
        now = time.monotonic()
        if now - self._turn > TURN:
            await asyncio.sleep(0)
            self._turn = time.monotonic()

    def next(self, timeout: float | None = None) -> Any:
        """The next item; at the end, `StopIteration`.

        Raises
        ------
        Empty
            Nothing came within `timeout` seconds.
        ProducerDied
            A producer of a strict queue died; call again for the next item.

        Examples
        --------
        >>> from weft.queues import IterableQueue
        >>> queue = IterableQueue()
        >>> queue.get_consumer().next(timeout=0.01)
        Traceback (most recent call last):
        ...
        _queue.Empty
        """
        deadline = deadline_of(timeout)
        try:
            return self._take(deadline)
        except Done:
            raise StopIteration from None

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        """The next item; at the end, `Done`.

        Parameters
        ----------
        block, timeout
            Whether to wait, and for how many seconds at most, while there is none.

        Raises
        ------
        Empty
            There was none (in that time), but some may come.
        Done
            There is none, and none will come.
        ConsumerQueueClosedException
            This consumer was closed.
        ProducerDied
            A producer of a strict queue died; call again for the next item.
        UnreadableItem
            The item can't be rebuilt here; call again for the next one.

        Examples
        --------
        >>> from weft.queues import IterableQueue
        >>> queue = IterableQueue()
        >>> consumer = queue.get_consumer()
        >>> queue.get_producer().put(None)
        >>> consumer.get() is None
        True
        """
        if not block:
            return self._take(0.0)
        return self._take(deadline_of(timeout))

    def get_nowait(self) -> Any:
        """`get` that raises `Empty` instead of waiting.

        Examples
        --------
        >>> from weft.queues import IterableQueue
        >>> queue = IterableQueue()
        >>> queue.get_consumer().get_nowait()
        Traceback (most recent call last):
        ...
        _queue.Empty
        """
        return self._take(0.0)

    def put(self, *_item: object, **_options: object) -> NoReturn:
        """Not at this end.

        Examples
        --------
        >>> from weft.queues import IterableQueue
        >>> IterableQueue().get_consumer().put(1)
        Traceback (most recent call last):
        ...
        NotImplementedError: A consumer can't put; make a producer by queue.get_producer().
        """
        raise NotImplementedError("A consumer can't put; make a producer by queue.get_producer().")

    put_nowait = put

    def _take(self, deadline: float | None) -> Any:
        reader = self._ownership.work or self._start()
        data, loaded = None, None
        try:
            data = reader.take()
            while data is None:
                self._refill(reader, deadline)
                reader = self._ownership.work or self._start()
                data = reader.take()
            if self._bounded and self._words[BLOCKED]:
                self._make_room()
            item = decode(data, self._shared)
            if type(item) is Loaded:
                loaded = item
                item = loaded.prepare()
                loaded.views.is_handed_on = True
            # No call from here on: the item is the user's, and no exception comes.
            reader.taken = -1
        except BaseException as error:
            if loaded is not None:
                loaded.abandon()
            self._broken_off(reader, data, error)
            raise
        return item

    def _start(self) -> Reader:
        if self._is_done:
            raise _done()
        reader: Reader = self._shared.locked(self._begin)
        return reader

    def _begin(self) -> Reader:
        if self._ownership.work is None:
            self._ownership.begin()
            self._ownership.work = new_reader(self._shared, self._row)
        reader: Reader = self._ownership.work
        return reader

    def _refill(self, reader: Reader, deadline: float | None) -> None:
        """Let the reader have items, or wait for some; or say that there are none."""
        words = self._words
        found: Found = self._shared.locked(reader.refill)
        if words[DIED] != self._told and words[STRICT]:
            self._tell_died()
        if found is Found.END:
            self._is_done = True
            self.close()
            raise _done()
        if found is not Found.ITEMS:
            self._wait(reader, found, deadline)
        elif words[SLEEPERS] and self._shared.has_items():
            self._shared.wake_reader()

    def _wait(self, reader: Reader, found: Found, deadline: float | None) -> None:
        shared = self._shared
        left = LONGEST if deadline is None else deadline - time.monotonic()
        if left <= 0:
            raise Empty
        if reader.size >= MANY:
            # So that items come in numbers; and not again before some came.
            reader.size //= 2
            time.sleep(NAP)
            return
        if deadline is None and found is Found.NOTHING:
            refuse_to_wait_for_oneself(shared, shared.producers(), "Nothing can come")
            self._warn_once(reader)
        wait(Waiter.reader(shared, self._row), min(left, _patience(reader)))

    def _warn_once(self, reader: Reader) -> None:
        if reader.waited > LONG and not self._is_warned:
            self._is_warned = True
            warn_of_forgotten_close(self._shared)

    def _tell_died(self) -> None:
        new, self._told = self._words[DIED] - self._told, self._words[DIED]
        who = "A producer" if new == 1 else f"{new} producers"
        raise ProducerDied(
            f"{who} ended without close(), so items may be missing.",
            facts={"process" if new == 1 else "the last one": self._words[DIED_LAST]},
            cure="What it had put can still be taken: go on, or stop here.",
        )

    def _broken_off(self, reader: Reader, data: bytes | None, error: BaseException) -> None:
        """An exception came after an item was taken: let it be taken again, if it can be read."""
        if isinstance(error, UnreadableItem) and data is not None:
            reader.taken = -1
            discard(self._shared, data)
        else:
            reader.give_back(data)

    def _make_room(self) -> None:
        """Wake a producer that waits for room: not for each item of a large queue."""
        self._taken += 1
        if self._taken * 4 >= self._words[MAXSIZE]:
            self._taken = 0
            self._shared.wake_writer()

    def _end(self, state: State) -> None:
        take_back(self._shared)
        end_consumer(self._shared, self._row, state)
        self._shared.wake_all()


def _patience(reader: Reader) -> float:
    """Seconds that it may sleep: not long while others hold items that it may take over."""
    return STUCK if reader.found is Found.OTHERS_HAVE else LONGEST


def _done() -> Done:
    return Done("The queue is empty and all producers are closed.")
