"""Which process is meant, where many may be: pipelines, pools, objects of all shapes, failures."""

from __future__ import annotations

import os
import signal
import types
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing

import pytest

from tests.queues import pools
from tests.queues.crew import EACH_METHOD, run_script, wait_for_word
from tests.queues.roles import consume, forget, linger, patiently, produce, wait_for
from weft.queues import IterableQueue, IterableQueueIllegalStateException, handing
from weft.queues.watching import sweep

FORKS = pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")

# Processes that have copies of what others use

PIPELINE = """
import multiprocessing, os, signal, sys
from weft.queues import IterableQueue

context = multiprocessing.get_context("fork")

def hand_on(consumer, producer):
    count = sum(not producer.put(item) for item in consumer)
    producer.close()
    print("first stage", count, flush=True)

def end(consumer):
    print("second stage", sum(1 for _ in consumer), flush=True)

one, two = IterableQueue(), IterableQueue()
producer = one.get_producer()
stages = [
    context.Process(target=hand_on, args=(one.get_consumer(), two.get_producer())),
    context.Process(target=end, args=(two.get_consumer(),)),
]
for stage in stages:
    stage.start()
one.close()
two.close()
for number in range(10):
    producer.put(number)
if sys.argv[1] == "is killed":
    os.kill(os.getpid(), signal.SIGKILL)
raise ValueError("main fails")
"""


@pytest.mark.parametrize("how", ["is killed", "fails"])
def test_a_pipeline_ends_when_the_process_that_feeds_it_dies(tmp_path, how):
    """The second stage has a copy of the first queue's producer, by its fork."""
    lines = run_script(PIPELINE, tmp_path, how)
    assert {"first stage 10", "second stage 10"} <= set(lines)


def fork_put_and_linger(producer, log):
    """Leave a grandchild that came before the first use, and so might have been meant."""
    grandchild = os.fork()
    if not grandchild:
        log.add("copy", "ready")
        linger()
        os._exit(0)
    wait_for_word(log, "copy")
    producer.put("before")
    log.add("grandchild", grandchild)
    linger()


def test_a_copy_from_before_the_first_use_keeps_no_dead_producer_open(crew, log):
    iq = IterableQueue()
    consumer = iq.get_consumer()
    doomed = crew.start(fork_put_and_linger, iq.get_producer(), log)
    iq.close()
    (grandchild,) = wait_for(lambda: log.of("grandchild"))
    try:
        crew.kill(doomed)
        assert list(patiently(consumer)) == ["before"]
    finally:
        os.kill(grandchild, signal.SIGKILL)


def test_a_process_that_was_handed_nothing_keeps_nothing_open(crew, log):
    iq = IterableQueue()
    consumer, producer = iq.get_consumer(), iq.get_producer()
    crew.start(linger)
    doomed = crew.start(produce, producer, iter([1, 2, 3]))
    iq.close()
    crew.end(doomed)
    del producer
    assert list(patiently(consumer)) == [1, 2, 3]


def test_an_end_that_only_an_attribute_shares_its_name_with_stays_here(crew, log):
    global kept_producer
    iq = IterableQueue()
    kept_producer = iq.get_producer()
    with closing(kept_producer):
        crew.start(use_attribute, iq.get_consumer(), types.SimpleNamespace(), log)
        iq.close()
        kept_producer.put(3)
    crew.end()
    del kept_producer
    assert log.of("sum") == [3]


def use_attribute(consumer, thing, log):
    pools.sum_by_attribute(consumer, thing, log)
    thing.kept_producer = None


# What is handed to a process

SHAPES = [
    pools.Slotted, pools.Setting, pools.Plain, pools.as_deque, pools.as_key, pools.as_iterator,
    pools.as_partial,
]  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
def test_an_end_is_found_in_whatever_object_a_forked_process_is_given(crew, shape):
    iq = IterableQueue()
    consumer = iq.get_consumer()
    crew.start(pools.put_one, shape(iq.get_producer()))
    iq.close()
    crew.end()
    assert list(patiently(consumer)) == [1]


@pytest.mark.parametrize("method", ["spawn", "forkserver"], indirect=True)
def test_an_end_is_found_in_many_objects_that_another_process_is_given(crew):
    iq = IterableQueue()
    consumer = iq.get_consumer()
    crew.start(put_by_each, [shape(iq.get_producer()) for shape in SHAPES])
    iq.close()
    crew.end()
    assert list(patiently(consumer)) == [1] * len(SHAPES)


def put_by_each(holders):
    for holder in holders:
        pools.put_one(holder)


@EACH_METHOD
def test_methods_of_an_object_with_both_ends_are_targets_of_two_processes(crew, log):
    iq = IterableQueue()
    application = pools.Application(iq.get_producer(), iq.get_consumer(), log)
    iq.close()
    crew.start(application.produce)
    crew.start(application.consume)
    crew.end()
    assert log.of("consumer") == list(range(5))


def test_an_end_that_another_child_has_hinders_no_other_end(crew, log):
    """A child that was forked by hand uses the first end, before both are passed to a process."""
    iq = IterableQueue()
    consumer, first, second = iq.get_consumer(), iq.get_producer(), iq.get_producer()
    child = os.fork()
    if not child:
        first.put("by hand")
        log.add("child", "ready")
        linger()
        os._exit(0)
    wait_for_word(log, "child")
    crew.end(crew.start(put_by_second, first, second))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    iq.close()
    assert sorted(patiently(consumer)) == ["by hand", "refused", "started"]


def put_by_second(first, second):
    second.put("started")
    with pytest.raises(IterableQueueIllegalStateException):
        first.put("not mine")
    second.put("refused")


def test_strict_takes_an_end_that_was_dropped_unused_for_closed():
    iq = IterableQueue(strict=True)
    consumer, producer = iq.get_consumer(), iq.get_producer()
    iq.close()
    del producer
    assert list(consumer) == []


# Processes that can't be started


def fail_to_start(crew, *ends):
    """Pass ends along with something that can't go to another process."""
    process = crew.context.Process(target=forget, args=(*ends, lambda: 0))
    with pytest.raises(Exception, match=r"(?i)pickle|local object"):
        process.start()


def is_here(end):
    """Whether this process may use it."""
    try:
        return end.empty()
    except IterableQueueIllegalStateException:
        return False


CANNOT_START = pytest.mark.parametrize("method", ["spawn", "forkserver"], indirect=True)


@CANNOT_START
def test_ends_come_back_from_a_process_that_could_not_be_started(crew, monkeypatch):
    monkeypatch.setattr(handing, "GIVE_UP", 0.05)
    iq = IterableQueue()
    producer, consumer = iq.get_producer(), iq.get_consumer()
    iq.close()
    fail_to_start(crew, producer, consumer)
    wait_for(lambda: is_here(producer) and is_here(consumer))
    producer.put(1)
    producer.close()
    assert list(consumer) == [1]


@CANNOT_START
def test_a_process_may_be_started_again_after_its_first_start_failed(crew, log):
    iq = IterableQueue()
    producer, consumer = iq.get_producer(), iq.get_consumer()
    iq.close()
    fail_to_start(crew, consumer)
    crew.start(consume, consumer, log, "consumer")
    produce(producer, range(3))
    crew.end()
    assert log.of("consumer") == [0, 1, 2]


@CANNOT_START
def test_an_end_that_went_with_a_failed_start_and_was_dropped_is_closed(crew, monkeypatch):
    monkeypatch.setattr(handing, "GIVE_UP", 0.05)
    iq = IterableQueue()
    producer, consumer = iq.get_producer(), iq.get_consumer()
    iq.close()
    fail_to_start(crew, producer)
    del producer
    assert list(patiently(consumer)) == []


# Pools


def through_pool(context, initargs):
    with context.Pool(2, pools.take_one, initargs) as pool:
        assert pool.map(pools.put_by_mine, range(20)) == list(range(20))
        pool.close()
        pool.join()


def through_executor(context, initargs):
    with ProcessPoolExecutor(2, context, pools.take_one, initargs) as pool:
        assert list(pool.map(pools.put_by_mine, range(20))) == list(range(20))


@FORKS
@EACH_METHOD
@pytest.mark.parametrize("through", [through_pool, through_executor])
def test_each_worker_of_a_pool_takes_one_of_the_ends_that_all_are_given(method, crew, through):
    iq = IterableQueue(context=crew.context)
    consumer = iq.get_consumer()
    producers = [iq.get_producer() for _ in range(2)]
    through(crew.context, (producers, crew.context.Value("i", 0)))
    iq.close()
    del producers
    iq._shared.locked(sweep, iq._shared)
    assert sorted(patiently(consumer)) == list(range(20))
