"""Queues between processes that know when they are done.

`IterableQueue` makes ends for producers and consumers; consumers iterate until nothing more can
come. docs/queues.md says what is guaranteed.
"""

from weft.queues.consumer import ConsumerQueue
from weft.queues.errors import (
    ConsumerQueueClosedException,
    Done,
    Empty,
    Full,
    IterableQueueException,
    IterableQueueIllegalStateException,
    NoConsumers,
    ProducerDied,
    ProducerQueueClosedException,
    UnpicklableItem,
    UnreadableItem,
)
from weft.queues.producer import ProducerQueue
from weft.queues.queue import IterableQueue

__all__ = [
    "ConsumerQueue",
    "ConsumerQueueClosedException",
    "Done",
    "Empty",
    "Full",
    "IterableQueue",
    "IterableQueueException",
    "IterableQueueIllegalStateException",
    "NoConsumers",
    "ProducerDied",
    "ProducerQueue",
    "ProducerQueueClosedException",
    "UnpicklableItem",
    "UnreadableItem",
]
