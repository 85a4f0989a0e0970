"""Words of shared memory that stop, or let others act, at a chosen step.

A process that is killed stops between two stores; two processes interleave between two accesses.
Both can be tried in one process, at every step in turn, by the words that its parts work on.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

from weft.queues import ConsumerQueue, IterableQueue
from weft.queues.items import decode
from weft.queues.layout import MAXSIZE
from weft.queues.memory import Extent, Memory
from weft.queues.ranges import STUCK, Claims, Found
from weft.queues.reader import Reader
from weft.queues.shared import Shared


class Killed(BaseException):
    """What the process would have done next is not done."""


class Steps:
    """Words that call `event` before one of the steps: the stores, or all accesses."""

    def __init__(self, words: Any, event: Callable[[], None], step: int, *, loads: bool) -> None:
        self._words, self._event, self._left, self._loads = words, event, step, loads
        self.is_counting = True

    def __getitem__(self, key: Any) -> Any:
        if self._loads:
            self._count()
        return self._words[key]

    def __setitem__(self, key: int, value: int) -> None:
        self._count()
        self._words[key] = value

    def _count(self) -> None:
        self._left -= self.is_counting
        if self.is_counting and self._left == -1:
            self._event()

    @property
    def came(self) -> bool:
        """Whether the step was reached."""
        return self._left < 0


class KilledAt(Steps):
    """Words of a process that is killed before its n-th store: no later one is made either."""

    def __init__(self, words: Any, step: int) -> None:
        super().__init__(words, lambda: None, step, loads=False)

    def _count(self) -> None:
        super()._count()
        if self.came and self.is_counting:
            raise Killed


def killed_at(shared: Shared, step: int) -> tuple[Shared, KilledAt]:
    """A queue as a process sees it that is killed before its n-th store, to the table or a page."""
    words = KilledAt(shared.words, step)

    class Doomed(Memory):
        def __init__(self, memory: Memory) -> None:
            self.__dict__.update(memory.__dict__, words=words)

        def extent(self, offset: int) -> Extent:
            extent = super().extent(offset)
            seen = Extent.__new__(Extent)
            for name in Extent.__slots__:
                setattr(seen, name, getattr(extent, name))
            seen.words = _Part(extent.words, words)
            return seen

    seen = Shared.__new__(Shared)
    seen.__dict__.update(shared.__dict__, words=words, memory=Doomed(shared.memory))
    return seen, words


class _Part:
    """Words of a page, which count with those of the table."""

    def __init__(self, words: Any, steps: Steps) -> None:
        self._words, self._steps = words, steps

    def __getitem__(self, key: Any) -> Any:
        return self._words[key]

    def __setitem__(self, key: int, value: int) -> None:
        self._steps._count()
        self._words[key] = value


class Taker:
    """A consumer, one step at a time: what it takes is in `items`."""

    def __init__(self, consumer: ConsumerQueue, batch: int) -> None:
        consumer._shared.locked(consumer._ownership.begin)
        self.consumer, self._batch = consumer, batch
        self.items: list[Any] = []
        self.use(consumer._words)

    def use(self, words: Any) -> None:
        """Work on these words from now on."""
        shared, row = self.consumer._shared, self.consumer._row
        seen = Shared.__new__(Shared)
        seen.__dict__.update(shared.__dict__, words=words)
        self._shared = seen
        self.reader = Reader(seen, row)
        self.reader._claims = Claims(seen, row)

    def take(self) -> bool:
        """Take one item that it has claimed."""
        data = self.reader.take()
        if data is None:
            return False
        self.items.append(decode(data, self.consumer._shared))
        return True

    def claim(self) -> Found:
        """Get a range of `batch` items, if it has none."""
        self.reader.size, self.reader._since = self._batch // 2, float("inf")
        return self.consumer._shared.locked(self.reader.refill)

    def take_all(self) -> None:
        """Claim and take until nothing is left that others have not claimed."""
        while self.claim() is Found.ITEMS:
            while self.take():
                pass

    def take_over(self) -> Found:
        """Claim twice, so late that who has not moved meanwhile is taken for stuck."""
        claims, now = self.reader._claims, time.monotonic()
        for later in (0.0, 2 * STUCK):
            found: Found = self.consumer._shared.locked(claims.claim, now + later, 0, 0.0)
        if found is Found.ITEMS:
            self.reader._open()
        return found

    def rest(self) -> Iterator[Any]:
        """What its consumer gets from now on."""
        yield from self.consumer


def queue_of(items: range, consumers: int, batch: int) -> tuple[IterableQueue, list[Taker]]:
    """A closed queue that holds these items."""
    queue = IterableQueue(batch=batch)
    takers = [Taker(queue.get_consumer(), batch) for _ in range(consumers)]
    with queue.get_producer() as producer:
        for item in items:
            producer.put(item)
    queue.close()
    assert not queue._shared.words[MAXSIZE]
    return queue, takers
