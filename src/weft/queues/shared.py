"""What all endpoints of one queue share: memory, mutex and bells, and how a process gets them."""

from __future__ import annotations

from collections import deque
from multiprocessing import context, reduction
from typing import Any, ClassVar

from weft.queues.bells import Bell
from weft.queues.errors import IterableQueueIllegalStateException
from weft.queues.layout import (
    BLOCKED,
    CLAIMED,
    CONSUMERS,
    END,
    FIRST_CONSUMER,
    FIRST_PRODUCER,
    MAXSIZE,
    NEXT,
    PRODUCERS,
    PUT,
    ROW,
    SLEEPERS,
    WAITING,
    rows,
)
from weft.queues.lives import Life
from weft.queues.memory import Memory
from weft.queues.mutex import Mutex
from weft.queues.registry import Registry
from weft.queues.repairing import repair


class Shared:
    """One queue, as this process sees it.

    Examples
    --------
    >>> shared = Shared()
    >>> shared.size()
    0
    """

    known: ClassVar[Registry[Shared]] = Registry()
    """All of this process."""

    def __init__(
        self, memory: int | None = None, items: int | None = None, room: int | None = None
    ):
        self.memory = Memory(memory)
        self.words = self.memory.words
        address, is_new = self.memory.head.address, self.memory.is_new
        self.locked = Mutex(address, self.words, repair, fresh=is_new).locked
        """Calls a function under the mutex."""
        self.items = Bell(items)
        """Rings when there is something to take, or nothing more will come."""
        self.room = Bell(room)
        """Rings when something was taken from a full queue."""
        self.views: Life | None = None
        """Of the views of large extents that were made since the last fork."""
        self.viewed: dict[int, int] = {}
        """Offset and size of the large extents of which there are such views."""
        self.dropped: deque[int] = deque()
        """Large extents whose last view is gone. Views go at any moment, also while the mutex is
        held, so they only note it here."""
        Shared.known.add(self)

    def forked(self, *, is_child: bool) -> None:
        """Views made before a fork are both processes' from now on: what one writes is its own."""
        self.views = None
        for offset, size in self.viewed.items():
            self.memory.make_private(offset, size)
        self.viewed.clear()
        if is_child:
            self.dropped.clear()

    def __reduce__(self) -> tuple[object, ...]:
        if context.get_spawning_popen() is None:
            raise IterableQueueIllegalStateException(
                "The end of a queue goes to another process only when that process starts.",
                cure="Pass it as an argument of multiprocessing.Process.",
            )
        descriptors = (self.memory.descriptor, self.items.descriptor, self.room.descriptor)
        return _arrive, tuple(reduction.DupFd(descriptor) for descriptor in descriptors)

    def producers(self) -> range:
        """The rows of producers that are or were in use."""
        return rows(FIRST_PRODUCER, self.words[PRODUCERS])

    def consumers(self) -> range:
        """The rows of consumers that are or were in use."""
        return rows(FIRST_CONSUMER, self.words[CONSUMERS])

    def column(self, kind: range, field: int) -> list[int]:
        """One word of each of these rows."""
        return self.words[kind.start + field : kind.stop + field : ROW].tolist()

    def size(self) -> int:
        """How many items were put and not yet handed to a user; exact under the mutex."""
        streams, readers = self.producers(), self.consumers()
        unclaimed = sum(self.column(streams, PUT)) - sum(self.column(streams, CLAIMED))
        ranges = zip(self.column(readers, NEXT), self.column(readers, END), strict=True)
        return unclaimed + sum(end - first for first, end in ranges if end > first)

    def has_items(self) -> bool:
        """Whether some item is not claimed; without the mutex, so perhaps no longer."""
        streams = self.producers()
        return self.column(streams, PUT) != self.column(streams, CLAIMED)

    def exact_size(self) -> int:
        """`size()` at one moment."""
        size: int = self.locked(self.size)
        return size

    def is_full(self) -> bool:
        """Whether a bounded queue has no room; exact under the mutex."""
        bound = self.words[MAXSIZE]
        return 0 < bound <= self.size()

    def wake_reader(self) -> None:
        """Wake a consumer that waits."""
        self.words[SLEEPERS] = 0
        self.items.ring()

    def wake_writer(self) -> None:
        """Wake a producer that waits for room."""
        self.words[BLOCKED] = 0
        self.room.ring()

    def wake_all(self) -> None:
        """Wake whoever waits: something ended."""
        for _ in range(self.waiting(self.consumers())):
            self.wake_reader()
        for _ in range(self.waiting(self.producers())):
            self.wake_writer()

    def waiting(self, kind: range) -> int:
        """How many of these wait."""
        return sum(self.column(kind, WAITING))


def _arrive(*descriptors: Any) -> Shared:
    memory, items, room = (descriptor.detach() for descriptor in descriptors)
    return Shared(memory, items, room)
