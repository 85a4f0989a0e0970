"""Items that can't be written or read, and how the queue stays what it was."""

from __future__ import annotations

import threading

import pytest

from tests.queues.crew import EACH_METHOD
from tests.queues.roles import Unpicklable, Unreadable, consume, produce, report
from weft.queues import Full, IterableQueue, UnpicklableItem, UnreadableItem


@pytest.mark.parametrize(
    "bad", [threading.Lock(), (i for i in range(3)), Unpicklable(), [1, Unpicklable()]]
)
def test_an_item_that_cannot_be_pickled_is_refused_and_the_queue_is_intact(bad):
    iq = IterableQueue(maxsize=2)
    producer, consumer = iq.get_producer(), iq.get_consumer()
    iq.close()
    producer.put("before")
    with pytest.raises(UnpicklableItem):
        producer.put(bad)
    assert producer.qsize() == 1
    producer.put_nowait("after")
    with pytest.raises(Full):
        producer.put_nowait("too much")
    producer.close()
    assert list(consumer) == ["before", "after"]


def test_the_refusal_says_what_and_keeps_the_cause():
    iq = IterableQueue()
    with pytest.raises(UnpicklableItem) as told:
        iq.get_producer().put(Unpicklable())
    assert "Unpicklable" in str(told.value)
    assert isinstance(told.value.__cause__, ZeroDivisionError)


@EACH_METHOD
def test_a_refused_item_harms_no_other_process(crew, log):
    iq = IterableQueue(context=crew.context)
    crew.start(consume, iq.get_consumer(), log, "consumer")
    producer = iq.get_producer()
    crew.start(report, log, "producer", iq.get_producer().put, "good")
    iq.close()
    with pytest.raises(UnpicklableItem):
        producer.put(Unpicklable())
    producer.close()
    crew.end()
    assert log.of("producer") == ["asks", None]
    assert log.of("consumer") == ["good"]


def test_an_item_that_cannot_be_read_is_an_error_and_the_next_one_follows():
    iq = IterableQueue(maxsize=3)
    producer, consumer = iq.get_producer(), iq.get_consumer()
    iq.close()
    produce(producer, ["before", Unreadable(), "after"])
    assert consumer.get() == "before"
    with pytest.raises(UnreadableItem) as told:
        consumer.get()
    assert isinstance(told.value.__cause__, ZeroDivisionError)
    assert consumer.get() == "after"
    assert list(consumer) == []


def take_all(consumer, seen):
    for item in consumer:
        seen.append(item)


def test_an_item_that_cannot_be_read_ends_one_loop_and_not_the_consumer(crew):
    iq = IterableQueue()
    consumer = iq.get_consumer()
    crew.start(produce, iq.get_producer(), [1, 2, Unreadable(), 3, Unreadable()])
    iq.close()
    seen = []
    for _ in range(2):
        with pytest.raises(UnreadableItem):
            take_all(consumer, seen)
    assert list(consumer) == []
    assert seen == [1, 2, 3]


@pytest.mark.parametrize("size", [0, 1, 4095, 4096, 65_536, 3_000_000])
def test_items_of_any_size_arrive_whole(crew, size):
    items = [bytes([i]) * size for i in range(5)]
    iq = IterableQueue(maxsize=2)
    consumer = iq.get_consumer()
    crew.start(produce, iq.get_producer(), items)
    iq.close()
    assert list(consumer) == items


def test_small_and_large_items_of_one_producer_keep_their_order(crew):
    sizes = [(7 * i * i * i) % 400_000 if i % 5 == 0 else i for i in range(200)]
    iq = IterableQueue()
    consumer = iq.get_consumer()
    crew.start(produce, iq.get_producer(), [b"x" * size for size in sizes])
    iq.close()
    assert [len(item) for item in consumer] == sizes
