"""The queue itself: it makes the ends, and says when no more will be made."""

from __future__ import annotations

import multiprocessing
import operator
import os
from multiprocessing.context import BaseContext
from types import TracebackType
from typing import NoReturn, Self

from weft.errors import UserError
from weft.queues.consumer import ConsumerQueue
from weft.queues.errors import IterableQueueIllegalStateException
from weft.queues.layout import (
    BATCH,
    BORN,
    CLOSED,
    CONSUMERS,
    END,
    FIRST_CONSUMER,
    FIRST_PRODUCER,
    HANDLE_LIFE,
    HANDLE_OWNER,
    LIFE,
    LIVE,
    MAXSIZE,
    NEXT,
    OWNER,
    PLACES,
    PRODUCERS,
    ROW,
    STATE,
    STRICT,
    WAITING,
    State,
    rows,
)
from weft.queues.lives import Life
from weft.queues.producer import ProducerQueue
from weft.queues.shared import Shared
from weft.queues.streams import retire
from weft.queues.watching import sweep

BATCH_SIZE = 1024
MOST = 1 << 40


class IterableQueue:
    """A queue between processes that knows when it is done.

    Give each process an end of its own, then close the queue. Producers close their ends when they
    have put all they have; consumers iterate, and come to the end by themselves. A process that
    dies counts as one that closed its end. docs/queues.md has all guarantees.

    Parameters
    ----------
    maxsize
        Most items that were put and not yet handed to a user of a consumer; more wait. 0: no bound.
    context
        A context of `multiprocessing` or its name ("fork", "spawn", "forkserver"); kept as
        `queue.context`, to start processes by. The queue works with all of them.
    batch
        Most items that a consumer takes at a time, from 1 on. Fast items go in large numbers,
        slow ones one by one, whatever this is.
    strict
        Consumers raise `ProducerDied` when a producer ended without `close()`.

    Examples
    --------
    >>> queue = IterableQueue()
    >>> producer, consumer = queue.get_producer(), queue.get_consumer()
    >>> queue.close()
    >>> for number in range(3):
    ...     producer.put(number)
    >>> producer.close()
    >>> for item in consumer:
    ...     print(item)
    0
    1
    2
    """

    def __init__(
        self,
        maxsize: int = 0,
        context: BaseContext | str | None = None,
        *,
        batch: int = BATCH_SIZE,
        strict: bool = False,
    ) -> None:
        maxsize = max(_number("maxsize", maxsize), 0)
        batch = _number("batch", batch, least=1)
        if not isinstance(strict, bool):
            raise UserError("strict is True or False.", facts={"strict": repr(strict)})
        self.context: BaseContext = _context(context)
        self._shared = shared = Shared()
        self._process = os.getpid()
        self._life = Life.begin(shared.memory)
        words = shared.words
        words[MAXSIZE], words[BATCH], words[STRICT] = maxsize, batch, strict
        words[HANDLE_LIFE], words[HANDLE_OWNER] = self._life.number, self._process

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __reduce__(self) -> NoReturn:
        raise IterableQueueIllegalStateException(
            "The queue stays in the process that made it.",
            cure="Pass queue.get_producer() or queue.get_consumer() to the other process.",
        )

    def get_producer(self) -> ProducerQueue:
        """A new end for one process that puts items.

        Raises
        ------
        IterableQueueIllegalStateException
            After `close()`, in another process, or with 1,024 producers at a time.

        Examples
        --------
        >>> queue = IterableQueue()
        >>> queue.get_producer().put("an item")
        """
        row, life = self._shared.locked(self._new_end, "producer", PRODUCERS, FIRST_PRODUCER)
        return ProducerQueue(self._shared, row, life, life.number)

    def get_consumer(self) -> ConsumerQueue:
        """A new end for one process that takes items.

        Raises
        ------
        IterableQueueIllegalStateException
            After `close()`, in another process, or with 1,024 consumers at a time.

        Examples
        --------
        >>> IterableQueue().get_consumer().empty()
        True
        """
        row, life = self._shared.locked(self._new_end, "consumer", CONSUMERS, FIRST_CONSUMER)
        return ConsumerQueue(self._shared, row, life, life.number)

    def close(self) -> None:
        """Say that all ends were made; again does nothing. Never waits.

        Examples
        --------
        >>> queue = IterableQueue()
        >>> queue.close()
        >>> queue.close()
        """
        if os.getpid() == self._process:
            self._shared.locked(self._close)
            self._life.end()

    def __iter__(self) -> NoReturn:
        raise NotImplementedError("Iterate a consumer; make one by queue.get_consumer().")

    def put(self, *_item: object, **_options: object) -> NoReturn:
        """Not here.

        Examples
        --------
        >>> IterableQueue().put(1)
        Traceback (most recent call last):
        ...
        NotImplementedError: Put by a producer; make one by queue.get_producer().
        """
        raise NotImplementedError("Put by a producer; make one by queue.get_producer().")

    def get(self, *_options: object, **_more: object) -> NoReturn:
        """Not here.

        Examples
        --------
        >>> IterableQueue().get()
        Traceback (most recent call last):
        ...
        NotImplementedError: Get by a consumer; make one by queue.get_consumer().
        """
        raise NotImplementedError("Get by a consumer; make one by queue.get_consumer().")

    def qsize(self) -> int:
        """How many items were put and not yet handed to a user of a consumer.

        Examples
        --------
        >>> queue = IterableQueue()
        >>> queue.get_producer().put("an item")
        >>> queue.qsize()
        1
        """
        return self._shared.exact_size()

    def empty(self) -> bool:
        """Whether `qsize()` is 0 at this moment.

        Examples
        --------
        >>> IterableQueue().empty()
        True
        """
        return self.qsize() == 0

    def full(self) -> bool:
        """Whether a put would have to wait at this moment.

        Examples
        --------
        >>> IterableQueue(maxsize=1).full()
        False
        """
        return 0 < self._shared.words[MAXSIZE] <= self.qsize()

    def _close(self) -> None:
        self._shared.words[CLOSED] = 1
        self._shared.wake_all()

    def _new_end(self, word: str, counter: int, first: int) -> tuple[int, Life]:
        words = self._shared.words
        if os.getpid() != self._process:
            raise IterableQueueIllegalStateException(
                f"A {word} is made by the process that made the queue.",
                facts={"that process": self._process, "this process": os.getpid()},
                cure=f"Make each {word} there, and pass it to the process that uses it.",
            )
        if words[CLOSED]:
            raise IterableQueueIllegalStateException(
                f"The queue is closed: it makes no {word} any more.",
                cure="Make all ends first, then call queue.close().",
            )
        row = self._free_row(word, counter, first)
        life = Life.begin(self._shared.memory)
        words[row + LIFE] = words[row + BORN] = life.number
        words[row + OWNER] = self._process
        words[row + WAITING] = 0
        words[row + STATE] = State.NEW
        return row, life

    def _free_row(self, word: str, counter: int, first: int) -> int:
        words = self._shared.words
        used = words[counter]
        if used == PLACES:
            sweep(self._shared)
        for row in rows(first, used):
            if words[row + STATE] not in LIVE and self._freed(row):
                return row
        if used == PLACES:
            raise IterableQueueIllegalStateException(
                f"A queue has at most {PLACES:,} {word}s at a time.",
                cure=f"Let each {word} do more, or close those that are done.",
            )
        words[counter] = used + 1
        return first + used * ROW

    def _freed(self, row: int) -> bool:
        """Make a row of an end that is gone free, if nothing of it is in use."""
        shared, words = self._shared, self._shared.words
        if row < FIRST_CONSUMER:
            return words[row + STATE] == State.FREE or retire(shared, row)
        return words[row + NEXT] >= words[row + END]


def _number(name: str, value: int, least: int | None = None) -> int:
    """A whole number; one that is larger than memory could hold means no bound."""
    if hasattr(value, "__index__") and not isinstance(value, bool):
        number = operator.index(value)
        if least is None or number >= least:
            return number if abs(number) < MOST else 0 if least is None else MOST
    raise UserError(
        f"{name} is a whole number{'' if least is None else f' from {least} on'}.",
        facts={name: repr(value)},
        cure=f"Say {name}=100, for instance.",
    )


def _context(context: object) -> BaseContext:
    if isinstance(context, BaseContext):
        return context
    if context is multiprocessing:
        context = None
    methods = multiprocessing.get_all_start_methods()
    if context is not None and not (isinstance(context, str) and context in methods):
        raise UserError(
            "There is no such way to start processes.",
            facts={"context": repr(context), "ways": ", ".join(methods)},
            cure="Give one of them, or a context of multiprocessing.",
        )
    return multiprocessing.get_context(context)
