"""Random orders of kills and closes: what each process of an order does, and what must be true.

An order follows from its number. ``Order.draw(17).run(folder)`` plays number 17 again, with other
timing of those parts that only the kernel decides.
"""

from __future__ import annotations

import itertools
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from tests.queues.crew import Crew
from tests.queues.roles import PATIENCE
from weft.queues import ConsumerQueue, Done, Empty, IterableQueue, NoConsumers, ProducerQueue

Item = tuple[int, int]
"""Which producer, and which of its items."""
STALL = 0.03
"""Seconds for which a consumer stands still with items in its hold."""


class End(StrEnum):
    """How a process ends; all but the first happen before its work is done."""

    DONE = "done"
    """With a close."""
    CLOSES = "closes"
    """Early."""
    RETURNS = "returns"
    """Without a close."""
    EXITS = "exits"
    """At once: ``os._exit``."""
    KILLS_ITSELF = "kills itself"
    IS_KILLED = "is killed"
    """By the main process, anywhere in its work."""


class Style(StrEnum):
    """How a consumer asks."""

    ITERATES = "iterates"
    WAITS = "waits"
    POLLS = "polls"


@dataclass(frozen=True, slots=True)
class Part:
    """One process.

    ``items`` is how many it puts, or takes before its ``end`` (None: all); ``size`` is that of an
    item in bytes, ``pause`` the longest between two, ``after`` the time before the main process
    kills it, all in seconds; after item number ``stall`` a consumer stands still for a while.
    """

    name: str
    end: End
    items: int | None
    after: float
    pause: float = 0.0
    size: int = 0
    style: Style = Style.ITERATES
    stall: int | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """Everything that is decided beforehand."""

    number: int
    maxsize: int
    batch: int
    producers: tuple[Part, ...]
    consumers: tuple[Part, ...]
    starts: tuple[Part, ...]
    """All of them in the order in which they start."""
    unused: int
    """Endpoints of each kind that nobody uses and that are dropped at the end."""

    @staticmethod
    def draw(number: int) -> Order:
        dice = random.Random(number)
        producers = tuple(_draw_producer(dice, i) for i in range(dice.randint(1, 4)))
        consumers = tuple(_draw_consumer(dice, i) for i in range(dice.randint(1, 4)))
        starts = [*producers, *consumers]
        dice.shuffle(starts)
        maxsize, batch = dice.choice((0, 0, 1, 2, 7, 30)), dice.choice((1, 2, 5, 1024))
        return Order(
            number, maxsize, batch, producers, consumers, tuple(starts), dice.choice((0, 0, 1))
        )

    def run(self, folder: Path) -> None:
        """Play it, and check what came of it."""
        play = Play(self, folder / f"order-{self.number}")
        try:
            play.run()
            play.check()
        except BaseException as error:
            error.add_note(play.describe())
            raise
        finally:
            play.crew.stop()


def _draw_producer(dice: random.Random, i: int) -> Part:
    end = dice.choice((End.DONE, End.DONE, *list(End)[2:]))
    size = dice.choice((0, 0, 0, 10, 1000, 200_000))
    items = dice.randint(0, 10) if size > 1000 else dice.randint(0, 120)
    return Part(
        f"producer {i}", end, items, dice.uniform(0, 0.06), dice.choice((0, 0, 0.001)), size
    )


def _draw_consumer(dice: random.Random, i: int) -> Part:
    end = dice.choice((End.DONE, End.DONE, *list(End)[1:]))
    items = None if end in {End.DONE, End.IS_KILLED} else dice.randint(0, 60)
    pause = dice.choice((0, 0, 0.001))
    style, stall = dice.choice(list(Style)), dice.choice((None, dice.randint(0, 40)))
    after = dice.uniform(0, 0.06)
    return Part(f"consumer {i}", end, items, after, pause, style=style, stall=stall)


class Play:
    """One order in real processes."""

    def __init__(self, order: Order, folder: Path) -> None:
        self.order = order
        self.put = f"{folder}-put"
        self.taken = f"{folder}-taken"
        self.crew = Crew("fork")
        self.began = time.monotonic()

    def run(self) -> None:
        order = self.order
        iq = IterableQueue(order.maxsize, self.crew.context, batch=order.batch)
        unused = [
            make() for make in (iq.get_producer, iq.get_consumer) for _ in range(order.unused)
        ]
        for part in order.starts:
            if part in order.producers:
                process = self.crew.start(_produce, iq.get_producer(), part, self.put)
            else:
                process = self.crew.start(_consume, iq.get_consumer(), part, self.taken)
            process.name = part.name
        iq.close()
        del unused
        self._kill()
        deadline = time.monotonic() + PATIENCE
        for process in self.crew.processes:
            process.join(max(0.0, deadline - time.monotonic()))

    def _kill(self) -> None:
        """Kill those that are to be killed, each at its time."""
        parts = {part.name: part for part in self.order.starts}
        doomed = [one for one in self.crew.processes if parts[one.name].end is End.IS_KILLED]
        for process in sorted(doomed, key=lambda one: parts[one.name].after):
            process.join(max(0.0, self.began + parts[process.name].after - time.monotonic()))
            process.kill()

    def check(self) -> None:
        parts = {part.name: part for part in self.order.starts}
        for process in self.crew.processes:
            assert process.exitcode in _codes(parts[process.name]), (
                f"{process.name}: {process.exitcode}"
            )
        put, taken = read(self.put), read(self.taken)
        twice = [item for item, times in Counter(item for _, item in taken).items() if times > 1]
        assert not twice, f"came twice: {twice}"
        self._check_put({item for _, item in put}, {item for _, item in taken})
        if len(self.order.consumers) == 1:
            self._check_sequence([item for _, item in taken])

    def _check_put(self, put: set[Item], taken: set[Item]) -> None:
        """What was taken had been put, or was just being put; the other way round if possible."""
        for producer, number in taken - put:
            assert (producer, number + 1) not in put | taken, "its put had not returned"
            assert self.order.producers[producer].end is End.IS_KILLED, "its put had not returned"
        if any(part.end is End.DONE for part in self.order.consumers):
            sudden = {End.KILLS_ITSELF, End.IS_KILLED}
            dead = sum(part.end in sudden for part in self.order.consumers)
            assert len(put - taken) <= dead, f"lost: {sorted(put - taken)}"

    def _check_sequence(self, taken: list[Item]) -> None:
        for i in range(len(self.order.producers)):
            numbers = [number for producer, number in taken if producer == i]
            assert numbers == list(range(len(numbers))), f"producer {i} out of order: {numbers}"

    def describe(self) -> str:
        alive = [process.name for process in self.crew.processes if process.is_alive()]
        codes = {process.name: process.exitcode for process in self.crew.processes}
        return "\n".join(
            [
                f"order number {self.order.number}: {self.order}",
                f"alive: {alive}",
                f"exit codes: {codes}",
                f"put: {read(self.put)}",
                f"taken: {read(self.taken)}",
            ]
        )


def _codes(part: Part) -> set[int]:
    """Exit codes that may come of it: who is through before its end comes ends well."""
    early = {End.EXITS: 3, End.KILLS_ITSELF: -signal.SIGKILL, End.IS_KILLED: -signal.SIGKILL}
    return {0, early.get(part.end, 0)}


def read(path: str) -> list[tuple[str, Item]]:
    """Who wrote it, and the item."""
    file = Path(path)
    lines = file.read_text().splitlines() if file.exists() else []
    cut = [line.split(",") for line in lines]
    return [(name, (int(producer), int(number))) for name, producer, number in cut]


def _writer(path: str, part: Part) -> Callable[[int, int], None]:
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    return lambda producer, number: os.write(file, f"{part.name},{producer},{number}\n".encode())


def _produce(producer: ProducerQueue, part: Part, path: str) -> None:
    note = _writer(path, part)
    me = int(part.name.split()[1])
    dice = random.Random(os.getpid())
    try:
        for number in range(part.items or 0):
            producer.put((me, number, b"x" * part.size))
            note(me, number)
            _pause(part, dice)
    except NoConsumers:
        return
    _end(part, producer)


def _consume(consumer: ConsumerQueue, part: Part, path: str) -> None:
    note = _writer(path, part)
    dice = random.Random(os.getpid())
    asking = _ask(consumer, part.style)
    for count, (producer, number, load) in enumerate(itertools.islice(asking, part.items)):
        note(producer, number)
        assert not load.strip(b"x")
        _pause(part, dice)
        if count == part.stall:
            time.sleep(STALL)
    if part.end is End.KILLS_ITSELF and (part.items or 0) % 2:
        # With an item in its hands.
        next(asking, None)
    _end(part, consumer)


def _ask(consumer: ConsumerQueue, style: Style) -> Iterator[tuple[int, int, bytes]]:
    if style is Style.ITERATES:
        yield from consumer
        return
    while True:
        try:
            yield consumer.get(timeout=0.02) if style is Style.WAITS else consumer.get_nowait()
        except Empty:
            time.sleep(0.001)
        except Done:
            return


def _pause(part: Part, dice: random.Random) -> None:
    if part.pause:
        time.sleep(dice.uniform(0, part.pause))


def _end(part: Part, endpoint: ProducerQueue | ConsumerQueue) -> None:
    if part.end is End.KILLS_ITSELF:
        os.kill(os.getpid(), signal.SIGKILL)
    if part.end is End.EXITS:
        os._exit(3)
    if part.end in {End.DONE, End.CLOSES}:
        endpoint.close()
