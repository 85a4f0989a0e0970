"""How much a queue holds, and when a put has to wait or is refused."""

from __future__ import annotations

from collections import deque

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.queues.crew import wait_until_asleep
from tests.queues.roles import produce, put_until_nobody_listens
from weft.queues import Done, Empty, Full, IterableQueue, NoConsumers, ProducerQueueClosedException


@pytest.mark.parametrize("batch", [1, 3, 1024])
@pytest.mark.parametrize("maxsize", [1, 3, 20])
def test_the_bound_is_kept_to_the_item(maxsize, batch):
    iq = IterableQueue(maxsize, batch=batch)
    first, second, consumer = iq.get_producer(), iq.get_producer(), iq.get_consumer()
    for item in range(maxsize):
        (first, second)[item % 2].put_nowait(item)
    for _ in range(2):
        for producer in (first, second):
            with pytest.raises(Full):
                producer.put_nowait("too much")
            with pytest.raises(Full):
                producer.put("too much", timeout=0.01)
            with pytest.raises(Full):
                producer.put("too much", block=False)
        consumer.get()
        second.put_nowait("fits")
    assert first.full()


def test_a_put_that_waits_goes_on_when_an_item_is_taken(crew, log):
    iq = IterableQueue(maxsize=1)
    consumer = iq.get_consumer()
    producing = crew.start(produce, iq.get_producer(), range(5))
    iq.close()
    for item in range(5):
        wait_until_asleep(producing) if item < 4 else crew.end()
        assert consumer.qsize() == 1
        assert consumer.get(timeout=10) == item
    assert list(consumer) == []


@settings(max_examples=60, deadline=None)
@given(
    maxsize=st.integers(0, 4),
    batch=st.integers(1, 5),
    steps=st.lists(
        st.sampled_from(["put 0", "put 1", "get", "get", "close 0", "close 1", "close"])
    ),
)
def test_one_process_sees_what_a_deque_would_show(maxsize, batch, steps):
    iq = IterableQueue(maxsize, batch=batch)
    consumer = iq.get_consumer()
    producers = {"0": iq.get_producer(), "1": iq.get_producer()}
    model: dict[str, deque[int]] = {"0": deque(), "1": deque()}
    closed: set[str] = set()
    for number, step in enumerate([*steps, "close 0", "close 1", "close", *["get"] * len(steps)]):
        word, _, who = step.partition(" ")
        size = sum(map(len, model.values()))
        if word == "close":
            closed.add(who)
            (producers[who] if who else iq).close()
        elif word == "put" and who in closed:
            with pytest.raises(ProducerQueueClosedException):
                producers[who].put_nowait(number)
        elif word == "put" and maxsize and size == maxsize:
            with pytest.raises(Full):
                producers[who].put_nowait(number)
        elif word == "put":
            producers[who].put_nowait(number)
            model[who].append(number)
        elif size:
            item = consumer.get_nowait()
            assert item in {queue[0] for queue in model.values() if queue}
            next(queue for queue in model.values() if item in queue).popleft()
        else:
            with pytest.raises(Done if len(closed) == 3 else Empty):
                consumer.get_nowait()
    assert list(consumer) == []


def test_closing_never_waits_for_room():
    iq = IterableQueue(maxsize=2)
    producer, consumer = iq.get_producer(), iq.get_consumer()
    producer.put(1)
    producer.put(2)
    producer.close()
    iq.close()
    assert list(consumer) == [1, 2]


def test_without_consumers_producers_are_refused_once_the_queue_is_closed(crew, log):
    iq = IterableQueue()
    for i in range(3):
        crew.start(put_until_nobody_listens, iq.get_producer(), log, f"producer {i}")
    iq.close()
    crew.end()
    for i in range(3):
        assert log.of(f"producer {i}") == ["puts", "NoConsumers"]


def test_a_put_that_nobody_will_ever_make_room_for_is_refused():
    iq = IterableQueue(maxsize=1)
    producer = iq.get_producer()
    producer.put(1)
    with pytest.raises(Full):
        producer.put(2, timeout=0.01)
    iq.close()
    with pytest.raises(NoConsumers):
        producer.put(2)


@pytest.mark.parametrize("maxsize", [1, 10])
def test_a_waiting_put_is_refused_when_the_last_consumer_leaves(crew, log, maxsize):
    iq = IterableQueue(maxsize)
    producing = [
        crew.start(put_until_nobody_listens, iq.get_producer(), log, f"producer {i}")
        for i in range(2)
    ]
    consumer = iq.get_consumer()
    iq.close()
    assert consumer.get(timeout=10) == 0
    for process in producing:
        wait_until_asleep(process)
    consumer.close()
    crew.end()
    for i in range(2):
        assert log.of(f"producer {i}") == ["puts", "NoConsumers"]
