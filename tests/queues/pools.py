"""What workers of pools, and holders of endpoints of many shapes, do: for spawned processes too."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from functools import partial
from multiprocessing.sharedctypes import Synchronized
from typing import Any

from tests.queues.roles import Log
from weft.queues import ConsumerQueue, ProducerQueue

MINE: list[ProducerQueue] = []
"""The producer of this worker."""


def take_one(producers: list[ProducerQueue], counter: Synchronized[int]) -> None:
    """The initializer of a pool's worker: each takes the next of the ends that all are given."""
    with counter.get_lock():
        MINE[:] = [producers[counter.value]]
        counter.value += 1


def put_by_mine(number: int) -> int:
    (producer,) = MINE
    producer.put(number)
    return number


class Slotted:
    __slots__ = ("producer",)

    def __init__(self, producer: ProducerQueue) -> None:
        self.producer = producer


@dataclass(frozen=True, slots=True)
class Setting:
    producer: ProducerQueue


@dataclass(frozen=True)
class Plain:
    producer: ProducerQueue


def as_deque(producer: ProducerQueue) -> deque[ProducerQueue]:
    return deque([producer])


def as_key(producer: ProducerQueue) -> dict[ProducerQueue, int]:
    return {producer: 1}


def as_iterator(producer: ProducerQueue) -> Any:
    return iter([producer])


def as_partial(producer: ProducerQueue) -> partial[None]:
    return partial(producer.put, 1)


def put_one(holder: Any) -> None:
    """Put by the producer that is somewhere in there."""
    if isinstance(holder, partial):
        holder()
    elif hasattr(holder, "producer"):
        holder.producer.put(1)
    else:
        next(iter(holder)).put(1)


class Application:
    """Has both ends, and methods that use one of them each."""

    def __init__(self, producer: ProducerQueue, consumer: ConsumerQueue, log: Log) -> None:
        self.producer, self.consumer, self.log = producer, consumer, log

    def produce(self) -> None:
        for number in range(5):
            self.producer.put(number)
        self.producer.close()

    def consume(self) -> None:
        for item in self.consumer:
            self.log.add("consumer", item)


def sum_by_attribute(consumer: ConsumerQueue, thing: Any, log: Log) -> None:
    """Use an attribute whose name is that of something global elsewhere."""
    thing.kept_producer = 0
    for item in consumer:
        thing.kept_producer += item
    log.add("sum", thing.kept_producer)
