"""An endpoint belongs to one process, in whatever way it came there; its threads share it."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable

import pytest

from tests.queues.crew import EACH_METHOD, wait_for_word
from tests.queues.roles import (
    Producing,
    SpawnedProducing,
    consume,
    consume_in_threads,
    hold,
    linger,
    patiently,
    produce,
    put_often_in_threads,
    report,
)
from weft.queues import Empty, IterableQueue, IterableQueueIllegalStateException


@EACH_METHOD
def test_who_gave_an_endpoint_away_cannot_use_it(crew, log):
    iq = IterableQueue(context=crew.context)
    producer, consumer = iq.get_producer(), iq.get_consumer()
    crew.start(hold, producer, consumer, log=log, who="holder")
    for use in (lambda: producer.put(1), consumer.get, producer.qsize, consumer.empty):
        with pytest.raises(IterableQueueIllegalStateException):
            use()


@EACH_METHOD
def test_the_name_of_a_given_endpoint_may_be_dropped_or_used_anew(crew):
    iq = IterableQueue(context=crew.context)
    consumer = iq.get_consumer()
    for i in range(3):
        producer = iq.get_producer()
        crew.start(produce, producer, [i])
    del producer
    iq.close()
    assert sorted(patiently(consumer)) == [0, 1, 2]


@EACH_METHOD
def test_endpoints_travel_as_keywords_and_in_bound_methods(crew, log):
    iq = IterableQueue(context=crew.context)
    crew.start(consume, consumer=iq.get_consumer(), log=log, who="consumer")
    crew.start(iq.get_producer().put, 1)
    crew.start(produce, producer=iq.get_producer(), items=[2])
    iq.close()
    crew.end()
    assert sorted(log.of("consumer")) == [1, 2]


@pytest.mark.parametrize("kind", [Producing, SpawnedProducing])
def test_endpoints_travel_as_attributes_of_a_process(crew, kind):
    iq = IterableQueue()
    consumer = iq.get_consumer()
    crew.add(kind(iq.get_producer(), 10))
    iq.close()
    assert list(patiently(consumer)) == list(range(10))
    crew.end()


def test_endpoints_travel_in_closures_under_fork(crew, log):
    iq = IterableQueue()
    producer, consumer = iq.get_producer(), iq.get_consumer()
    crew.start(lambda: produce(producer, range(10)))
    crew.start(lambda: consume(consumer, log, "consumer"))
    iq.close()
    crew.end()
    assert log.of("consumer") == list(range(10))
    with pytest.raises(IterableQueueIllegalStateException):
        producer.put(1)
    with pytest.raises(IterableQueueIllegalStateException):
        consumer.get()


def test_a_process_killed_with_an_endpoint_of_a_closure_has_closed_it(crew, log):
    iq = IterableQueue()
    producer, consumer = iq.get_producer(), iq.get_consumer()

    def put_one() -> None:
        producer.put(1)
        log.add("doomed", "ready")
        linger()

    doomed = crew.start(put_one)
    iq.close()
    wait_for_word(log, "doomed")
    crew.kill(doomed)
    assert list(patiently(consumer)) == [1]


def in_child(do: Callable[[], object]) -> int:
    """Fork by hand; the exit code."""
    child = os.fork()
    if not child:
        try:
            do()
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_an_endpoint_is_the_childs_after_a_fork_by_hand_if_the_child_uses_it_first():
    def put_and_die() -> None:
        for item in range(10):
            producer.put(item)
        os.kill(os.getpid(), signal.SIGKILL)

    iq = IterableQueue()
    producer, consumer = iq.get_producer(), iq.get_consumer()
    assert in_child(put_and_die) == -signal.SIGKILL
    iq.close()
    assert list(patiently(consumer)) == list(range(10))
    with pytest.raises(IterableQueueIllegalStateException):
        producer.put(1)


def test_a_forked_child_cannot_use_what_its_parent_uses(log):
    iq = IterableQueue()
    producer, consumer = iq.get_producer(), iq.get_consumer()
    producer.put(1)
    assert consumer.get() == 1
    producer.put(2)
    in_child(lambda: (report(log, "put", producer.put, 3), report(log, "get", consumer.get)))
    assert log.of("put") == log.of("get") == ["asks", "IterableQueueIllegalStateException"]
    iq.close()
    producer.close()
    assert list(consumer) == [2]


def test_a_forked_child_that_ends_closes_nothing_of_its_parents(crew):
    iq = IterableQueue()
    producer, consumer = iq.get_producer(), iq.get_consumer()
    producer.put(1)
    assert consumer.get() == 1
    crew.start(len, "")
    crew.end()
    with pytest.raises(Empty):
        consumer.get(timeout=0.01)
    producer.put(2)
    producer.close()
    iq.close()
    assert list(consumer) == [2]


@pytest.mark.parametrize("maxsize", [0, 5])
def test_threads_of_one_process_share_its_endpoints(crew, log, maxsize):
    iq = IterableQueue(maxsize)
    crew.start(put_often_in_threads, iq.get_producer(), 4, 200)
    crew.start(consume_in_threads, iq.get_consumer(), log, 4)
    iq.close()
    crew.end()
    items = [what for _, what in log.lines()]
    assert sorted(items) == [[i, number] for i in range(4) for number in range(200)]


def test_threads_of_one_process_are_producer_and_consumer(log):
    iq = IterableQueue(maxsize=3)
    consuming = [
        threading.Thread(target=consume, args=(iq.get_consumer(), log, f"consumer {i}"))
        for i in range(2)
    ]
    for thread in consuming:
        thread.start()
    produce(iq.get_producer(), range(300))
    iq.close()
    for thread in consuming:
        thread.join(60)
        assert not thread.is_alive()
    assert sorted(what for _, what in log.lines()) == list(range(300))


def test_a_thread_may_close_the_consumer_for_which_another_waits(log):
    iq = IterableQueue()
    kept, consumer = iq.get_producer(), iq.get_consumer()
    waiting = threading.Thread(target=report, args=(log, "waiting", consumer.get))
    waiting.start()
    wait_for_word(log, "waiting", "asks")
    consumer.close()
    waiting.join(60)
    assert not waiting.is_alive()
    assert log.of("waiting") == ["asks", "ConsumerQueueClosedException"]
    kept.close()
