"""What queues refuse, and how they end.

The tree, below `weft.errors.WeftError`; `Empty` and `Full` are those of the standard library::

    IterableQueueException
    +-- IterableQueueIllegalStateException   not now, or not by this process
    +-- ProducerQueueClosedException         this producer was closed
    +-- ConsumerQueueClosedException         this consumer was closed
    |   +-- Done                             and nothing will come any more
    +-- ProducerDied                         a producer ended without `close()` (strict queues)
    +-- NoConsumers                          nobody will ever take what would be put
    +-- UnpicklableItem                      an item that can't be sent; the queue is as it was
    +-- UnreadableItem                       an item that can't be rebuilt here
"""

from __future__ import annotations

from queue import Empty, Full

from weft.errors import WeftError

__all__ = [
    "ConsumerQueueClosedException",
    "Done",
    "Empty",
    "Full",
    "IterableQueueException",
    "IterableQueueIllegalStateException",
    "NoConsumers",
    "ProducerDied",
    "ProducerQueueClosedException",
    "UnpicklableItem",
    "UnreadableItem",
]


class IterableQueueException(WeftError):
    """Root of what queues raise, `Empty` and `Full` aside.

    Examples
    --------
    >>> issubclass(Done, IterableQueueException)
    True
    """


class IterableQueueIllegalStateException(IterableQueueException):
    """Something can't be done now, or not by this process.

    Examples
    --------
    >>> from weft.queues import IterableQueue
    >>> queue = IterableQueue()
    >>> queue.close()
    >>> queue.get_producer()
    Traceback (most recent call last):
    ...
    weft.queues.errors.IterableQueueIllegalStateException: The queue is closed: ...
    """


class ProducerQueueClosedException(IterableQueueException):
    """A producer was used after its `close()`.

    Examples
    --------
    >>> from weft.queues import IterableQueue
    >>> producer = IterableQueue().get_producer()
    >>> producer.close()
    >>> producer.put(1)
    Traceback (most recent call last):
    ...
    weft.queues.errors.ProducerQueueClosedException: This producer is closed...
    """


class ConsumerQueueClosedException(IterableQueueException):
    """A consumer was used after its `close()`.

    Examples
    --------
    >>> from weft.queues import IterableQueue
    >>> consumer = IterableQueue().get_consumer()
    >>> consumer.close()
    >>> consumer.get()
    Traceback (most recent call last):
    ...
    weft.queues.errors.ConsumerQueueClosedException: This consumer is closed...
    """


class Done(ConsumerQueueClosedException):
    """The queue is empty, and nothing will come any more.

    Examples
    --------
    >>> from weft.queues import IterableQueue
    >>> queue = IterableQueue()
    >>> consumer = queue.get_consumer()
    >>> queue.close()
    >>> consumer.get()
    Traceback (most recent call last):
    ...
    weft.queues.errors.Done: The queue is empty and all producers are closed.
    """


class ProducerDied(IterableQueueException):
    """A producer of a strict queue ended without `close()`; what it had put can still be taken.

    Examples
    --------
    >>> from weft.queues import IterableQueue
    >>> queue = IterableQueue(strict=True)
    >>> consumer = queue.get_consumer()
    >>> with queue.get_producer() as producer:
    ...     producer.put("first")
    ...     raise OSError("the disk is gone")
    Traceback (most recent call last):
    ...
    OSError: the disk is gone
    >>> queue.close()
    >>> list(consumer)
    Traceback (most recent call last):
    ...
    weft.queues.errors.ProducerDied: A producer ended without close()...
    >>> list(consumer)
    ['first']
    """


class NoConsumers(IterableQueueException):
    """The queue is closed and its last consumer is gone, so nobody will take another item.

    Examples
    --------
    >>> from weft.queues import IterableQueue
    >>> queue = IterableQueue()
    >>> producer = queue.get_producer()
    >>> queue.close()
    >>> producer.put("an item")
    Traceback (most recent call last):
    ...
    weft.queues.errors.NoConsumers: No consumer is left to take this item...
    """


class UnpicklableItem(IterableQueueException):
    """An item can't be sent to another process; the queue is as it was before.

    Examples
    --------
    >>> from weft.queues import IterableQueue
    >>> queue = IterableQueue()
    >>> producer = queue.get_producer()
    >>> producer.put(item for item in "abc")
    Traceback (most recent call last):
    ...
    weft.queues.errors.UnpicklableItem: An item of type generator can't be pickled...
    >>> producer.qsize()
    0
    """


class UnreadableItem(IterableQueueException):
    """An item could not be rebuilt in this process; it is dropped, the next one can be taken.

    Examples
    --------
    >>> raise UnreadableItem("An item can't be rebuilt.", cure="Import its class here.")
    Traceback (most recent call last):
    ...
    weft.queues.errors.UnreadableItem: An item can't be rebuilt.
      Next: Import its class here.
    """
