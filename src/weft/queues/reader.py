"""A consumer's work in this process: taking the items of its range, and getting the next range."""

from __future__ import annotations

import threading
import time

from weft.queues import processor
from weft.queues.bells import LONGEST
from weft.queues.items import take_back
from weft.queues.layout import END, FIRST_ITEM, INDEX, LIFE, NEXT, PAGE, STATE, State
from weft.queues.ranges import Claims, Found
from weft.queues.shared import Shared
from weft.queues.watching import sweep


class Reader:
    """What the consumer of one row takes, in one process.

    Examples
    --------
    >>> from weft.queues import IterableQueue
    >>> queue = IterableQueue()
    >>> producer, consumer = queue.get_producer(), queue.get_consumer()
    >>> producer.put("an item")
    >>> consumer.next()
    'an item'
    """

    __slots__ = (
        "_base", "_claim_number", "_claims", "_data", "_disputed", "_end", "_index", "_is_for_many",
        "_life", "_limit", "_next", "_page", "_read", "_row", "_shared", "_since", "_swept",
        "_thread", "_won", "_words", "found", "size", "taken",
    )  # fmt: skip

    def __init__(self, shared: Shared, row: int) -> None:
        self._shared, self._words, self._row = shared, shared.words, row
        self._life = shared.words[row + LIFE]
        self._next, self._end = row + NEXT, row + END
        self._claims = Claims(shared, row)
        self._thread, self._is_for_many = threading.get_ident(), False
        """Whether threads share the consumer: then nobody knows whose item was taken last."""
        self._claim_number = 0
        self._disputed: list[int] = []
        """Items that were taken while another consumer tried to take over."""
        self._won: dict[tuple[int, int], bool] = {}
        """By number of the claim and of the item: what was decided, until its thread asks."""
        self._read, self._index = shared.memory.head.read, shared.words
        self._base = self._limit = self._page = self.size = 0
        self._since, self._swept = time.monotonic(), 0.0
        self.found = Found.NOTHING
        """What the last refill found."""
        self._data = b""
        self.taken = -1
        """The item that was taken and not yet handed to the user, or -1."""

    @property
    def waited(self) -> float:
        """Seconds since it last got a range."""
        return time.monotonic() - self._since

    def take(self) -> bytes | None:
        """The next item of the range, or None."""
        words = self._words
        # No call until the item is taken: no thread and no signal comes between (see `processor`).
        number = words[self._next]
        if number >= self._limit:
            return None
        where = self._base + number
        index = self._index
        data: bytes = self._read[index[where - 1] : index[where]]  # type: ignore[assignment]
        self.taken, self._data = number, data
        words[self._next] = number + 1
        if words[self._end] > number:
            return data
        # Another consumer tries to take over. Noted before the next thread can claim a new range.
        claim = self._claim_number
        self._disputed.append(number)
        return data if self._shared.locked(self._is_won, claim, number) else None

    def _is_won(self, claim: int, number: int) -> bool:
        """Whether the item was this consumer's own; under the mutex."""
        self._settle()
        return self._won.pop((claim, number))

    def _settle(self) -> None:
        """Decide about the disputed items of this range."""
        for number in self._disputed:
            is_won = self._won[self._claim_number, number] = self._claims.settle(number)
            if not is_won:
                self._limit = 0
        self._disputed.clear()

    def give_back(self, data: bytes | None) -> None:
        """An exception came between taking an item and handing it on: let it be taken again.

        Not if another thread took one since, whose item it would be.
        """
        number, self.taken = self.taken, -1
        is_last = data is None or data is self._data
        if number >= 0 and is_last and not self._is_for_many:
            self._shared.locked(self._claims.give_back, number)

    def stop(self) -> None:
        """Take nothing any more."""
        self._limit = 0

    def refill(self) -> Found:
        """Get a range, if there is none; under the mutex."""
        shared, words = self._shared, self._words
        self._is_for_many = self._is_for_many or threading.get_ident() != self._thread
        if self._disputed:
            self._settle()
        if words[self._next] < self._limit:
            return Found.ITEMS
        self._limit = 0
        if words[self._row + LIFE] != self._life or words[self._row + STATE] != State.OPEN:
            return Found.NOTHING
        if shared.dropped:
            take_back(shared)
        now = time.monotonic()
        if now - self._swept > LONGEST:
            sweep(shared)
            self._claims.count_rivals()
            self._swept = now
        self.found = self._claims.claim(now, self.size, now - self._since)
        if self.found is Found.ITEMS:
            self._since = now
            self._claim_number += 1
            self._open()
        return self.found

    def _open(self) -> None:
        words, row = self._words, self._row
        offset = words[row + PAGE]
        if offset != self._page:
            page = self._shared.memory.common(offset)
            self._read, self._index = page.read, page.words
            self._page = offset
        self._base = INDEX - self._index[FIRST_ITEM]
        end = words[self._end]
        self.size = end - words[self._next]
        self._limit = end


class CarefulReader(Reader):
    """Takes each item under the mutex, where nothing is promised without it."""

    __slots__ = ()

    def take(self) -> bytes | None:
        """The next item of the range, or None."""
        data: bytes | None = self._shared.locked(self._take)
        return data

    def _take(self) -> bytes | None:
        words = self._words
        number = words[self._next]
        if number >= min(self._limit, words[self._end]):
            self._limit = 0
            return None
        where = self._base + number
        data: bytes = self._read[self._index[where - 1] : self._index[where]]  # type: ignore[assignment]
        self.taken, self._data = number, data
        words[self._next] = number + 1
        return data


def new_reader(shared: Shared, row: int) -> Reader:
    """A reader of the kind that is right here."""
    return Reader(shared, row) if processor.steps_are_whole() else CarefulReader(shared, row)
