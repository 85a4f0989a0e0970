"""The example and the promises of the seed, as its reader meets them."""

from __future__ import annotations

import queue
import re
from collections import Counter

import pytest

from tests.queues.crew import EACH_METHOD, run_script, wait_for_word
from tests.queues.roles import consume_by_hand
from weft.queues import ConsumerQueueClosedException, Done, Empty, Full, IterableQueue

EXAMPLE = """
import multiprocessing
import sys
from random import random
from time import sleep

def producer_func(queue, producer_id):
    for i in range(10):
        sleep(random() / 100.0)
        queue.put(producer_id)
    queue.close()

def consumer_func(queue, consumer_id):
    for item in queue:
        sleep(random() / 100.0)
        print('consumer %d saw item %d' % (consumer_id, item))

if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])

    from weft.queues import IterableQueue
    iq = IterableQueue()

    from multiprocessing import Process

    # Start a bunch of producers:
    for producer_id in range(17):

        # Give each producer a "producer-queue"
        queue = iq.get_producer()
        Process(target=producer_func, args=(queue, producer_id)).start()

    # Start a bunch of consumers
    for consumer_id in range(13):

        # Give each consumer a "consumer-queue"
        queue = iq.get_consumer()
        Process(target=consumer_func, args=(queue, consumer_id)).start()

    iq.close()
"""
"""As printed, with the brackets of ``print`` and ``IterableQueue()`` and the word ``def``."""


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_the_example_runs_as_printed_and_each_item_is_seen_once(method, tmp_path):
    said = "".join(run_script(EXAMPLE, tmp_path, method))
    line = r"consumer (\d+) saw item (\d+)"
    seen = re.findall(line, said)
    assert not re.sub(line, "", said)
    assert {int(consumer) for consumer, _ in seen} <= set(range(13))
    assert Counter(int(item) for _, item in seen) == dict.fromkeys(range(17), 10)


@EACH_METHOD
def test_consuming_by_hand_meets_empty_and_then_the_closed_exception(crew, log):
    iq = IterableQueue(context=crew.context)
    producer = iq.get_producer()
    crew.start(consume_by_hand, iq.get_consumer(), log, "consumer")
    iq.close()
    wait_for_word(log, "consumer", "asks")
    for item in range(3):
        producer.put(item)
        wait_for_word(log, "consumer", item)
    producer.close()
    crew.end()
    *items, end = log.of("consumer")
    assert items == ["asks", 0, 1, 2]
    assert "ConsumerQueueClosedException" in end


def test_get_says_empty_while_work_may_come_and_done_when_none_will():
    iq = IterableQueue()
    producer, consumer = iq.get_producer(), iq.get_consumer()
    for ask in (consumer.get_nowait, lambda: consumer.get(block=False)):
        with pytest.raises(Empty):
            ask()
    with pytest.raises(Empty):
        consumer.get(timeout=0.01)
    producer.put("work")
    assert consumer.get() == "work"
    iq.close()
    with pytest.raises(Empty):
        consumer.get_nowait()
    producer.close()
    for ask in (consumer.get, consumer.get_nowait, lambda: consumer.get(timeout=0.01)):
        with pytest.raises(ConsumerQueueClosedException) as told:
            ask()
        assert type(told.value) is Done


def test_empty_and_full_are_those_of_the_standard_library():
    assert Empty is queue.Empty
    assert Full is queue.Full
