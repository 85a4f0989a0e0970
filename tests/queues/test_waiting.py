"""Who waits is woken for what came for it, and told if it may wait for ever."""

from __future__ import annotations

import asyncio
import os
import threading
import warnings

import pytest

from tests.queues.crew import wait_until_asleep
from tests.queues.roles import PATIENCE, linger, report, wait_for
from weft.queues import (
    ConsumerQueueClosedException,
    Empty,
    IterableQueue,
    IterableQueueIllegalStateException,
)
from weft.queues.layout import SLEEPERS, WAITING


def run(work, *ends):
    threads = [threading.Thread(target=work, args=(end,)) for end in ends]
    for thread in threads:
        thread.start()
    return threads


def waiting_at(*ends):
    return sum(end._words[end._row + WAITING] for end in ends)


def is_asleep(end, count=1):
    """Whether so many wait at an end, and nobody thinks otherwise."""
    return waiting_at(end) == count and end._words[SLEEPERS] == 1


# Threads and processes that wait together


def test_a_thread_that_waits_is_still_woken_after_another_at_its_end_was():
    iq = IterableQueue(batch=1)
    producer, consumer = iq.get_producer(), iq.get_consumer()
    got = []
    threads = run(lambda end: got.append(end.get()), consumer, consumer, consumer)
    for left in (3, 2, 1):
        wait_for(lambda left=left: is_asleep(consumer, left))
        producer.put(left)
        wait_for(lambda left=left: len(got) == 4 - left)
    for thread in threads:
        thread.join(PATIENCE)
    assert got == [3, 2, 1]
    assert waiting_at(consumer) == 0


def test_tasks_that_wait_at_one_end_are_each_woken():
    async def gather():
        tasks = [asyncio.ensure_future(anext(consumer)) for _ in range(3)]
        got = []
        for number in range(3):
            while waiting_at(consumer) < 3 - number:
                await asyncio.sleep(0)
            producer.put(number)
            done, tasks = await asyncio.wait(tasks, return_when="FIRST_COMPLETED")
            got += [task.result() for task in done]
        return got

    iq = IterableQueue(batch=1)
    producer, consumer = iq.get_producer(), iq.get_consumer()
    assert asyncio.run(gather()) == [0, 1, 2]
    assert waiting_at(consumer) == 0


def test_consumers_that_wait_are_each_woken_for_items_that_come_together(crew, log):
    iq = IterableQueue()
    producer = iq.get_producer()
    waiting = [crew.start(report, log, f"consumer {i}", iq.get_consumer().get) for i in range(3)]
    for process in waiting:
        wait_until_asleep(process)
    for number in range(3):
        producer.put(number)
    crew.end()
    assert sorted(log.of(f"consumer {i}")[1] for i in range(3)) == [0, 1, 2]


def test_producers_that_wait_for_room_are_each_woken(crew):
    iq = IterableQueue(maxsize=3)
    producer, consumer = iq.get_producer(), iq.get_consumer()
    for number in range(3):
        producer.put(number)
    waiting = [crew.start(iq.get_producer().put, number) for number in (3, 4, 5)]
    for process in waiting:
        wait_until_asleep(process)
    assert sorted(consumer.get(timeout=PATIENCE) for _ in range(6)) == [0, 1, 2, 3, 4, 5]
    crew.end()


def test_all_who_wait_are_woken_for_the_end():
    iq = IterableQueue()
    producer = iq.get_producer()
    consumers = [iq.get_consumer() for _ in range(2)]
    iq.close()
    got = []
    threads = run(lambda end: got.append(list(end)), *consumers, *consumers)
    wait_for(lambda: waiting_at(*consumers) == 4)
    producer.close()
    for thread in threads:
        thread.join(PATIENCE)
    assert got == [[], [], [], []]


def test_nobody_waits_any_more_at_an_end_that_was_closed_meanwhile():
    iq = IterableQueue()
    _kept, consumer = iq.get_producer(), iq.get_consumer()
    told = []

    def get(end):
        with pytest.raises(ConsumerQueueClosedException) as error:
            end.get()
        told.append(error.value)

    threads = run(get, consumer, consumer)
    wait_for(lambda: is_asleep(consumer, 2))
    consumer.close()
    for thread in threads:
        thread.join(PATIENCE)
    assert len(told) == 2
    assert waiting_at(consumer) == 0
    assert not iq._shared.waiting(iq._shared.consumers())


# Waits that may have no end


@pytest.fixture
def soon(monkeypatch):
    """Warn after the first wait already."""
    for module in ("consumer", "waiting"):
        monkeypatch.setattr(f"weft.queues.{module}.LONG", 0.0)
    monkeypatch.setattr("weft.queues.consumer.LONGEST", 0.001)


@pytest.fixture
def other_thread():
    """A thread that has nothing to do with queues, such as interactive shells have."""
    end = threading.Event()
    thread = threading.Thread(target=end.wait)
    thread.start()
    yield
    end.set()
    thread.join()


@pytest.fixture
def alone(monkeypatch):
    """Only one thread, whatever runs the tests."""
    monkeypatch.setattr(threading, "active_count", lambda: 1)


async def take_async(consumer):
    return await anext(consumer)


WAITS = pytest.mark.parametrize(
    "wait",
    [
        lambda consumer: consumer.get(),
        lambda consumer: consumer.next(),
        lambda consumer: list(consumer),
        lambda consumer: asyncio.run(take_async(consumer)),
    ],
    ids=["get", "next", "for", "async for"],
)


@pytest.mark.usefixtures("soon", "other_thread")
@WAITS
def test_a_consumer_of_a_queue_that_was_not_closed_warns(wait):
    iq = IterableQueue()
    consumer = iq.get_consumer()
    with iq.get_producer():
        pass
    with pytest.raises(RuntimeWarning, match=r"no producers, and was not closed.*queue\.close"):
        wait(consumer)


@pytest.mark.usefixtures("soon", "other_thread")
@WAITS
def test_a_consumer_that_waits_for_an_end_of_its_own_process_warns(wait):
    iq = IterableQueue()
    consumer, kept = iq.get_consumer(), iq.get_producer()
    iq.close()
    with pytest.raises(RuntimeWarning, match="only this process has ends"):
        wait(consumer)
    kept.put("an item")
    assert consumer.get() == "an item"


@pytest.mark.usefixtures("soon", "other_thread")
def test_the_warning_comes_once_and_the_wait_goes_on():
    iq = IterableQueue()
    consumer = iq.get_consumer()
    got = []

    def get_with_warnings(end):
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            got.append(end.get())
        got.append([str(one.category.__name__) for one in told])

    (thread,) = run(get_with_warnings, consumer)
    wait_for(lambda: consumer._is_warned)
    producer = iq.get_producer()
    producer.put("an item")
    thread.join(PATIENCE)
    assert got == ["an item", ["RuntimeWarning"]]


@pytest.mark.usefixtures("soon", "other_thread")
def test_a_consumer_whose_producers_are_elsewhere_never_warns(crew, log):
    def wait_and_put(producer):
        wait_for(lambda: log.of("main"))
        producer.put("an item")

    iq = IterableQueue()
    consumer = iq.get_consumer()
    crew.start(wait_and_put, iq.get_producer())
    looks = iter(range(20))

    def refill(found=consumer._shared.has_items):
        if next(looks, None) is None:
            log.add("main", "go")
        return found()

    consumer._shared.has_items = refill
    assert consumer.get() == "an item"


@pytest.mark.usefixtures("soon", "other_thread")
def test_a_get_with_a_timeout_never_warns():
    iq = IterableQueue()
    consumer = iq.get_consumer()
    with pytest.raises(Empty):
        consumer.get(timeout=0.02)


@pytest.mark.usefixtures("alone")
def test_a_wait_for_oneself_is_refused_although_an_unrelated_process_was_started(crew):
    iq = IterableQueue(maxsize=1)
    kept, consumer = iq.get_producer(), iq.get_consumer()
    crew.start(linger)
    with pytest.raises(IterableQueueIllegalStateException, match="Nothing can come"):
        consumer.get()
    kept.put("all that fits")
    with pytest.raises(IterableQueueIllegalStateException, match="queue is full"):
        kept.put("more")


@pytest.mark.usefixtures("alone")
def test_a_wait_for_oneself_is_refused_after_a_fork_by_hand_once_the_end_was_used():
    iq = IterableQueue()
    kept, consumer = iq.get_producer(), iq.get_consumer()
    child = os.fork()
    if not child:
        os._exit(0)
    os.waitpid(child, 0)
    kept.put("an item")
    assert consumer.get() == "an item"
    with pytest.raises(IterableQueueIllegalStateException):
        consumer.get()


@pytest.mark.usefixtures("alone")
def test_a_wait_for_an_end_that_is_on_its_way_to_a_child_is_not_refused(crew):
    iq = IterableQueue()
    consumer = iq.get_consumer()
    crew.start(iq.get_producer().put, "an item")
    iq.close()
    assert list(consumer) == ["an item"]
