"""The producer's side: a stream of pages, each with an index of where its items end.

Only the stream's producer writes to its pages and counts `PUT` up, so an item is put without the
mutex; that count is the store that makes it visible. All state is read from the shared words, so an
exception between any two steps, such as Ctrl-C, leaves the stream as it was.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from weft.queues.errors import ProducerQueueClosedException
from weft.queues.layout import (
    CAPACITY,
    CLAIMED,
    END,
    FIRST_ITEM,
    FIRST_PAGE,
    INDEX,
    LAST_PAGE,
    LIFE,
    LIMIT,
    LINK,
    LIVE,
    NEXT,
    PAGE,
    PUT,
    READ_PAGE,
    SIZE,
    STATE,
    WORD,
    State,
)
from weft.queues.memory import SMALLEST, Extent
from weft.queues.shared import Shared
from weft.queues.watching import refuse_without_consumers, sweep

LARGEST_PAGE = 22
"""The exponent of the largest page, for items that are not larger themselves: 4 MiB."""
USUAL_ITEM = 16
"""Bytes that an item is taken for before the first page is full."""


class Stream:
    """What the producer of one row writes.

    Examples
    --------
    >>> from weft.queues import IterableQueue
    >>> queue = IterableQueue()
    >>> consumer = queue.get_consumer()
    >>> queue.get_producer().put("what a stream writes")
    >>> consumer.get()
    'what a stream writes'
    """

    __slots__ = (
        "_base", "_index", "_last", "_life", "_locked", "_put", "_row", "_shared",
        "_size", "_words", "_write",
    )  # fmt: skip

    def __init__(self, shared: Shared, row: int, *, held: bool = False) -> None:
        self._shared = shared
        self._locked = _call if held else shared.locked
        self._words = shared.words
        self._row, self._life = row, shared.words[row + LIFE]
        self._put = row + PUT
        self._write, self._index = shared.memory.head.write, shared.words
        self._base = self._size = 0
        self._last = -1
        """The word of the open page's last item; none is open yet."""

    def append(self, data: bytes, length: int, done: list[bool] | None = None) -> None:
        """Put one item."""
        words, index = self._words, self._index
        count = words[self._put]
        where = self._base + count
        if where <= self._last:
            start = index[where - 1]
            end = start + length
            if end <= self._size:
                self._write[start:end] = data
                index[where] = end
                words[self._put] = count + 1
                if done is not None:
                    done.append(True)
                return
        self._locked(self._turn, length)
        self.append(data, length, done)

    def stop(self) -> None:
        """Write nothing any more; a thread that is about to is refused."""
        self._last = -1

    def _open(self, page: Extent) -> None:
        self._write, self._index, self._size = page.write, page.words, page.size
        self._base = INDEX - page.words[FIRST_ITEM]
        self._last = INDEX + page.words[CAPACITY] - 1

    def _turn(self, length: int) -> None:
        """Open a page that has room for so many bytes."""
        shared, words = self._shared, self._words
        count = words[self._put]
        self._last = -1
        if words[self._row + LIFE] != self._life or words[self._row + STATE] != State.OPEN:
            raise ProducerQueueClosedException(
                "This producer was closed meanwhile.", cure="Let the last thread close it."
            )
        last = self._follow(words[self._row + LAST_PAGE])
        if last and _has_room(page := shared.memory.common(last), count, length):
            self._open(page)
            return
        sweep(shared)
        refuse_without_consumers(shared)
        recycle(shared, self._row)
        page = self._new_page(count, length, last)
        if last:
            old = shared.memory.extent(last).words
            old[LIMIT] = count
            old[LINK] = page.offset
        else:
            words[self._row + FIRST_PAGE] = words[self._row + READ_PAGE] = page.offset
        words[self._row + LAST_PAGE] = page.offset
        self._open(page)

    def _follow(self, page: int) -> int:
        """The last page, although a turn may have been broken off after it was linked."""
        while page and (link := self._shared.memory.extent(page).words[LINK]):
            page = link
        return page

    def _new_page(self, count: int, length: int, last: int) -> Extent:
        memory = self._shared.memory
        exponent, usual = SMALLEST, USUAL_ITEM
        if last:
            old = memory.extent(last)
            items = count - old.words[FIRST_ITEM]
            if count - self._words[self._row + CLAIMED] > items:
                exponent = min(old.words[SIZE] + 1, LARGEST_PAGE)
            if items:
                used = old.words[INDEX + items - 1] - old.words[INDEX - 1]
                usual = max(used // items, 1)
        capacity = max((1 << exponent) // (usual + WORD) - INDEX, 1)
        begin = (INDEX + capacity) * WORD
        offset, _ = memory.take(max(1 << exponent, begin + length), all_of_it=True)
        page = memory.common(offset)
        page.words[LINK] = 0
        page.words[FIRST_ITEM] = count
        page.words[LIMIT] = -1
        page.words[CAPACITY] = capacity
        page.words[INDEX - 1] = begin
        return page


def _has_room(page: Extent, count: int, length: int) -> bool:
    """Whether the item of that number and length can be written to a page."""
    words = page.words
    place = count - words[FIRST_ITEM]
    if words[LIMIT] >= 0 or place >= words[CAPACITY]:
        return False
    return words[INDEX + place - 1] + length <= page.size


def _call(do: Callable[..., Any], *args: Any) -> Any:
    """For a caller who has the mutex already."""
    return do(*args)


def recycle(shared: Shared, row: int) -> None:
    """Give back the pages that were read; under the mutex."""
    words, memory = shared.words, shared.memory
    used = pages_in_use(shared)
    before, page = 0, words[row + FIRST_PAGE]
    while page != words[row + READ_PAGE]:
        link = memory.extent(page).words[LINK]
        if page in used:
            before = page
        else:
            if before:
                memory.extent(before).words[LINK] = link
            else:
                words[row + FIRST_PAGE] = link
            memory.give_back(page)
        page = link


def retire(shared: Shared, row: int) -> bool:
    """Give back all pages of a stream that has ended and was read; under the mutex."""
    words, memory = shared.words, shared.memory
    used = pages_in_use(shared)
    page, pages = words[row + FIRST_PAGE], []
    while page:
        pages.append(page)
        page = memory.extent(page).words[LINK]
    if words[row + PUT] != words[row + CLAIMED] or not used.isdisjoint(pages):
        return False
    words[row + FIRST_PAGE] = words[row + READ_PAGE] = words[row + LAST_PAGE] = 0
    words[row + STATE] = State.FREE
    for page in pages:
        memory.give_back(page)
    return True


def pages_in_use(shared: Shared) -> set[int]:
    """The pages of the consumers' ranges.

    Also of a range of which all was taken, while its consumer lives: the last item may come back.
    """
    readers = shared.consumers()
    columns = (shared.column(readers, field) for field in (STATE, PAGE, NEXT, END))
    return {
        page
        for state, page, first, end in zip(*columns, strict=True)
        if first < end or state in LIVE
    }
