"""Threads that share an end, while consumers take over from each other all the time."""

import sys
import threading
from collections import Counter

import pytest

from weft.queues import IterableQueue, processor, ranges

EACH = 3_000


@pytest.fixture
def quick_switches(monkeypatch):
    """Let threads change places after each step, and idle consumers take over at once."""
    monkeypatch.setattr(ranges, "STUCK", 0.0)
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def run(work, *ends):
    threads = [threading.Thread(target=work, args=(end,)) for end in ends]
    for thread in threads:
        thread.start()
    return threads


def all_items_come_once(batch):
    queue = IterableQueue(batch=batch)
    producer = queue.get_producer()
    consumers = [queue.get_consumer() for _ in range(2)]
    queue.close()
    got, put = [], iter(range(3 * EACH))

    def produce(producer):
        for item in put:
            producer.put(item)

    def consume(consumer):
        for item in consumer:
            got.append(item)

    taking = run(consume, *consumers, *consumers)
    putting = run(produce, producer, producer, producer)
    for thread in putting:
        thread.join(60)
    producer.close()
    for thread in taking:
        thread.join(60)
    assert not any(thread.is_alive() for thread in (*putting, *taking))
    assert Counter(got) == Counter(range(3 * EACH))


@pytest.mark.usefixtures("quick_switches")
@pytest.mark.parametrize("batch", [1, 7, 1024])
def test_threads_that_share_ends_neither_lose_nor_double_an_item(batch):
    all_items_come_once(batch)


@pytest.mark.usefixtures("quick_switches")
@pytest.mark.parametrize("batch", [1, 1024])
def test_the_same_holds_where_nothing_is_promised(batch, monkeypatch):
    monkeypatch.setattr(processor, "IN_ORDER", False)
    all_items_come_once(batch)


@pytest.mark.usefixtures("quick_switches")
def test_the_same_holds_while_lines_are_traced():
    before = threading.gettrace()
    threading.settrace(lambda *_: lambda *_: None)
    try:
        all_items_come_once(1024)
    finally:
        threading.settrace(before)
