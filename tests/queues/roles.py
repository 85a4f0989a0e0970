"""What the processes of these tests do: a module, so that spawned processes can import it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from weft.queues import ConsumerQueue, Done, Empty, NoConsumers, ProducerQueue

PATIENCE = 60.0
"""Seconds after which a test is hanging."""


@dataclass(frozen=True)
class Log:
    """Lines that any process adds, each by one write: what stands there outlives its writer."""

    path: str

    def add(self, who: str, what: object) -> None:
        file = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(file, json.dumps([who, what]).encode() + b"\n")
        finally:
            os.close(file)

    def lines(self) -> list[tuple[str, Any]]:
        path = Path(self.path)
        text = path.read_text() if path.exists() else ""
        # The last line may be seen while it is being written.
        whole = text[: text.rfind("\n") + 1]
        return [tuple(json.loads(line)) for line in whole.splitlines()]

    def of(self, who: str) -> list[Any]:
        return [what for name, what in self.lines() if name == who]


def linger() -> None:
    """Wait to be killed."""
    threading.Event().wait(2 * PATIENCE)


def produce(producer: ProducerQueue, items: Iterable[object]) -> None:
    for item in items:
        producer.put(item)
    producer.close()


def produce_and_leave(producer: ProducerQueue, items: Iterable[object]) -> None:
    """End without a close."""
    for item in items:
        producer.put(item)


def produce_and_linger(
    producer: ProducerQueue, items: Iterable[object], log: Log, who: str = "producer"
) -> None:
    """Log each item whose put returned; then the word "ready"."""
    for item in items:
        producer.put(item)
        log.add(who, item)
    log.add(who, "ready")
    linger()


def produce_and_fork(producer: ProducerQueue, log: Log) -> None:
    """Leave a grandchild behind that has a copy of all that this process has open."""
    producer.put("before")
    grandchild = os.fork()
    if not grandchild:
        linger()
        os._exit(0)
    log.add("grandchild", grandchild)
    linger()


def produce_and_crash(producer: ProducerQueue, items: Iterable[object], how: str) -> None:
    for item in items:
        producer.put(item)
    if how == "exit":
        os._exit(3)
    if how == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # nobody wants to read the traceback
    raise RuntimeError("the producer fails")


def produce_in_block(producer: ProducerQueue, items: Iterable[object], fail: bool) -> None:
    """Put inside of ``with``, and leave it by an exception or not."""
    with contextlib.suppress(RuntimeError), producer:
        for item in items:
            producer.put(item)
        if fail:
            raise RuntimeError("the block fails")
    linger()


def hand_on(incoming: ConsumerQueue, outgoing: ProducerQueue) -> None:
    for item in incoming:
        outgoing.put(item)
    outgoing.close()


def consume(consumer: ConsumerQueue, log: Log, who: str) -> None:
    for item in consumer:
        log.add(who, item)


def consume_async(consumer: ConsumerQueue, log: Log, who: str) -> None:
    async def run() -> None:
        async for item in consumer:
            log.add(who, item)

    asyncio.run(run())


def consume_by_hand(consumer: ConsumerQueue, log: Log, who: str) -> None:
    """As the seed says: ``Empty`` while there is nothing, another error at the end."""
    log.add(who, "asks")
    while True:
        try:
            log.add(who, consumer.get(timeout=0.01))
        except Empty:
            continue
        except Done as end:
            log.add(who, [cls.__name__ for cls in type(end).__mro__])
            return


def consume_some(consumer: ConsumerQueue, log: Log, who: str, count: int, end: str) -> None:
    """Take so many items, and then close, or leave, or wait to be killed.

    The quicker it takes them, the more it fetches at a time: after 20 it holds some of the next.
    """
    for item in [consumer.get() for _ in range(count)]:
        log.add(who, item)
    log.add(who, "ready")
    if end == "close":
        consumer.close()
        linger()
    if end == "linger":
        linger()


def consume_through_interrupts(consumer: ConsumerQueue, log: Log, who: str) -> None:
    """Go on after each Ctrl-C."""
    while True:
        try:
            for item in consumer:
                log.add(who, item)
        except KeyboardInterrupt:
            continue
        return


def produce_through_interrupts(producer: ProducerQueue, count: int, log: Log, who: str) -> None:
    """Go on with the next item after each Ctrl-C; log those whose put returned."""
    numbers = iter(range(count))
    while True:
        try:
            for item in numbers:
                producer.put(item)
                log.add(who, item)
            producer.close()
        except KeyboardInterrupt:
            continue
        return


def hold(*endpoints: object, log: Log, who: str) -> None:
    """Have endpoints and never use them."""
    log.add(who, "ready")
    linger()


def forget(*endpoints: object) -> None:
    """End without using what was passed."""


def report(log: Log, who: str, call: Callable[..., object], *args: object) -> None:
    """Log what a call gives back, or the name of its error."""
    try:
        log.add(who, "asks")
        log.add(who, call(*args))
    except (Exception, KeyboardInterrupt) as error:
        log.add(who, type(error).__name__)


def put_until_nobody_listens(producer: ProducerQueue, log: Log, who: str) -> None:
    """More than fits."""
    log.add(who, "puts")
    try:
        for item in range(1_000_000):
            producer.put(item)
    except NoConsumers:
        log.add(who, "NoConsumers")


def put_often_in_threads(producer: ProducerQueue, threads: int, each: int) -> None:
    """Threads that share one endpoint; the last items are there when all have ended."""
    crowd = [
        threading.Thread(
            target=lambda i=i: [producer.put([i, number]) for number in range(each)] and None
        )
        for i in range(threads)
    ]
    for thread in crowd:
        thread.start()
    for thread in crowd:
        thread.join()
    producer.close()


def consume_in_threads(consumer: ConsumerQueue, log: Log, threads: int) -> None:
    crowd = [
        threading.Thread(target=consume, args=(consumer, log, f"thread {i}"))
        for i in range(threads)
    ]
    for thread in crowd:
        thread.start()
    for thread in crowd:
        thread.join()


class Producing(multiprocessing.Process):
    """A process that holds its endpoint as an attribute."""

    def __init__(self, producer: ProducerQueue, count: int) -> None:
        super().__init__()
        self.producer = producer
        self.count = count

    def run(self) -> None:
        produce(self.producer, range(self.count))


class SpawnedProducing(multiprocessing.get_context("spawn").Process):
    """The same in a fresh interpreter."""

    def __init__(self, producer: ProducerQueue, count: int) -> None:
        super().__init__()
        self.producer = producer
        self.count = count

    def run(self) -> None:
        produce(self.producer, range(self.count))


class Unpicklable:
    """Fails where it is put, in its own way."""

    def __reduce__(self) -> tuple[Any, ...]:
        raise ZeroDivisionError("this one never pickles")


class Unreadable:
    """Pickles, and fails where it is read."""

    def __reduce__(self) -> tuple[Any, ...]:
        return _fail, ()


def _fail() -> None:
    raise ZeroDivisionError("this one can't be read")


def patiently(consumer: ConsumerQueue) -> Iterator[object]:
    """The items, with an ``Empty`` instead of a hang."""
    while True:
        try:
            yield consumer.next(timeout=PATIENCE)
        except StopIteration:
            return


def wait_for(what: Callable[[], Any], seconds: float = PATIENCE) -> Any:
    """Poll until ``what()`` is true, for what has no event; returns its value."""
    deadline = time.monotonic() + seconds
    while not (value := what()):
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.002)
    return value
