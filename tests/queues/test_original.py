"""What the original's own tests promise, and what it got wrong."""

from __future__ import annotations

import gc
import itertools
import multiprocessing
import pickle
import threading
from collections import Counter
from pathlib import Path

import pytest

from tests.queues.crew import EACH_METHOD, children, wait_for_word
from tests.queues.roles import (
    consume,
    consume_some,
    forget,
    hand_on,
    hold,
    patiently,
    produce,
    produce_and_crash,
    produce_and_leave,
    report,
)
from weft.queues import (
    ConsumerQueueClosedException,
    Done,
    Empty,
    IterableQueue,
    IterableQueueException,
    IterableQueueIllegalStateException,
    ProducerQueueClosedException,
)


@pytest.mark.parametrize("order", [*itertools.permutations(range(3))])
def test_the_queue_and_its_producers_close_in_any_order(order):
    iq = IterableQueue()
    consumer = iq.get_consumer()
    producers = [iq.get_producer(), iq.get_producer()]
    for i, producer in enumerate(producers):
        for item in range(10):
            producer.put((i, item))
    for closing in order:
        [iq, *producers][closing].close()
    items = list(consumer)
    assert [item for i, item in items if i == 0] == list(range(10))
    assert [item for i, item in items if i == 1] == list(range(10))
    assert len(items) == 20


@pytest.mark.parametrize("early", [True, False])
def test_items_come_in_order_while_producers_close_between(early):
    iq = IterableQueue()
    consumer, first, second = iq.get_consumer(), iq.get_producer(), iq.get_producer()
    if early:
        iq.close()
    first.put("a")
    assert consumer.get() == "a"
    first.put("b")
    first.close()
    assert consumer.get() == "b"
    with pytest.raises(Empty):
        consumer.get(timeout=0.01)
    second.put("c")
    assert consumer.get() == "c"
    second.close()
    iq.close()
    with pytest.raises(Done):
        consumer.get()


@EACH_METHOD
def test_ten_producers_and_seven_processes_that_hand_on_lose_and_double_nothing(crew):
    first, second = IterableQueue(context=crew.context), IterableQueue(context=crew.context)
    for i in range(1, 11):
        crew.start(produce, first.get_producer(), [i] * i)
    for _ in range(7):
        crew.start(hand_on, first.get_consumer(), second.get_producer())
    consumer = second.get_consumer()
    first.close()
    second.close()
    assert Counter(patiently(consumer)) == {i: i for i in range(1, 11)}
    crew.end()


def test_an_endpoint_has_only_the_methods_of_its_direction():
    iq = IterableQueue()
    producer, consumer = iq.get_producer(), iq.get_consumer()
    for call in (producer.get, producer.get_nowait, consumer.put, consumer.put_nowait):
        with pytest.raises(NotImplementedError):
            call()
    with pytest.raises(NotImplementedError):
        producer.get(True, 1.0)
    with pytest.raises(NotImplementedError):
        consumer.put("item")
    assert consumer.empty()


def test_both_ends_tell_how_much_there_is():
    iq = IterableQueue(maxsize=2)
    ends = [iq.get_producer(), iq.get_consumer()]
    for size in range(3):
        assert [end.qsize() for end in ends] == [size] * 2
        assert [end.empty() for end in ends] == [size == 0] * 2
        assert [end.full() for end in ends] == [size == 2] * 2
        if size < 2:
            ends[0].put_nowait(size)
    ends[1].get()
    assert [end.qsize() for end in ends] == [1, 1]
    assert not ends[0].full()


def test_a_queue_without_bound_is_never_full():
    iq = IterableQueue()
    producer, consumer = iq.get_producer(), iq.get_consumer()
    for item in range(5000):
        producer.put_nowait(item)
    assert not producer.full()
    assert not consumer.full()
    assert producer.qsize() == consumer.qsize() == 5000


def test_a_closed_producer_refuses_all_use_and_what_it_put_stays():
    iq = IterableQueue()
    producer, consumer = iq.get_producer(), iq.get_consumer()
    producer.put("kept")
    producer.close()
    producer.close()
    uses = [producer.qsize, producer.empty, producer.full]
    uses += [lambda: producer.put(1), lambda: producer.put_nowait(1)]
    for use in uses:
        with pytest.raises(ProducerQueueClosedException):
            use()
    iq.close()
    assert list(consumer) == ["kept"]


def test_the_end_stays_the_end():
    iq = IterableQueue()
    consumer = iq.get_consumer()
    with iq.get_producer() as producer:
        producer.put(1)
    iq.close()
    assert list(consumer) == [1]
    assert list(consumer) == []
    for ask in (consumer.get, consumer.get_nowait):
        with pytest.raises(Done):
            ask()
    for _ in range(2):
        with pytest.raises(StopIteration):
            consumer.next()
        with pytest.raises(StopIteration):
            next(consumer)
    for ask in (consumer.qsize, consumer.empty, consumer.full):
        with pytest.raises(ConsumerQueueClosedException):
            ask()
    consumer.close()
    consumer.close()


def test_a_consumer_that_closed_itself_is_told_so():
    iq = IterableQueue()
    consumer = iq.get_consumer()
    consumer.close()
    consumer.close()
    for ask in (consumer.get, consumer.get_nowait, consumer.qsize, consumer.empty, consumer.full):
        with pytest.raises(ConsumerQueueClosedException) as told:
            ask()
        assert not isinstance(told.value, Done)


def test_next_waits_as_long_as_it_is_told():
    iq = IterableQueue()
    producer, consumer = iq.get_producer(), iq.get_consumer()
    with pytest.raises(Empty):
        consumer.next(timeout=0.01)
    with pytest.raises(Empty):
        consumer.next(timeout=0)
    producer.put(None)
    assert consumer.next(timeout=10) is None


@EACH_METHOD
def test_any_object_is_an_item(crew):
    items = [None, False, (), StopIteration(), "", b"\0" * 300_000, {"a": [1, None]}, 2**100, 1.5]
    iq = IterableQueue(context=crew.context)
    consumer = iq.get_consumer()
    crew.start(produce, iq.get_producer(), items)
    iq.close()
    got = list(patiently(consumer))
    assert repr(got) == repr(items)
    crew.end()


def test_the_context_is_kept():
    spawn = multiprocessing.get_context("spawn")
    assert IterableQueue(context=spawn).context is spawn
    assert IterableQueue(context="forkserver").context.get_start_method() == "forkserver"
    assert IterableQueue().context.get_start_method() == multiprocessing.get_start_method()


def test_there_are_no_extra_processes_and_threads():
    processes, threads = children(), set(threading.enumerate())
    iq = IterableQueue()
    producer, consumer = iq.get_producer(), iq.get_consumer()
    producer.put(1)
    assert consumer.get() == 1
    assert not children() - processes
    assert not set(threading.enumerate()) - threads


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_queues_that_are_gone_leave_no_open_files():
    def use() -> None:
        iq = IterableQueue()
        ends = [iq.get_producer(), iq.get_consumer(), iq.get_producer(), iq.get_consumer()]
        ends[0].put(1)
        assert ends[1].get() == 1
        for end in ends[:2]:
            end.close()

    use()
    gc.collect()
    before = open_files()
    for _ in range(20):
        use()
    gc.collect()
    assert open_files() <= before


# What the original got wrong


@EACH_METHOD
def test_a_consumer_that_leaves_early_gives_its_items_to_the_others(crew, log):
    iq = IterableQueue(context=crew.context)
    producer, consumer = iq.get_producer(), iq.get_consumer()
    for item in range(100):
        producer.put(item)
    producer.close()
    crew.start(consume_some, iq.get_consumer(), log, "early", 20, "close")
    iq.close()
    wait_for_word(log, "early")
    rest = sorted(patiently(consumer))
    assert sorted(rest + log.of("early")[:-1]) == list(range(100))


@pytest.mark.parametrize("batch", [1, 2, 1024])
def test_a_consumer_that_breaks_out_of_its_loop_and_closes_disturbs_nobody(batch):
    iq = IterableQueue(batch=batch)
    early, consumer = iq.get_consumer(), iq.get_consumer()
    with iq, iq.get_producer() as producer:
        for item in range(50):
            producer.put(item)
    for item in early:
        if item == 9:
            break
    early.close()
    assert sorted(consumer) == list(range(10, 50))


@pytest.mark.parametrize("how", ["exit", "kill", "raise"])
@EACH_METHOD
def test_a_producer_that_crashes_ends_nothing_but_itself(crew, how):
    iq = IterableQueue(context=crew.context)
    consumer = iq.get_consumer()
    crash = crew.start(produce_and_crash, iq.get_producer(), range(10), how)
    crew.start(produce, iq.get_producer(), range(10, 20))
    iq.close()
    assert sorted(patiently(consumer)) == list(range(20))
    crash.join()
    assert crash.exitcode == {"exit": 3, "kill": -9, "raise": 1}[how]


def test_a_process_that_ends_without_a_close_has_closed(crew, log):
    iq = IterableQueue()
    consumer = iq.get_consumer()
    crew.start(produce_and_leave, iq.get_producer(), range(10))
    crew.start(consume_some, iq.get_consumer(), log, "early", 3, "leave")
    iq.close()
    wait_for_word(log, "early")
    rest = list(patiently(consumer))
    crew.end()
    assert sorted(rest + log.of("early")[:-1]) == list(range(10))


def test_after_its_close_a_queue_makes_no_more_endpoints():
    iq = IterableQueue()
    iq.close()
    iq.close()
    for make in (iq.get_producer, iq.get_consumer):
        with pytest.raises(IterableQueueIllegalStateException):
            make()


def test_only_the_process_that_made_the_queue_makes_endpoints(crew, log):
    iq = IterableQueue()
    crew.start(report, log, "producer", iq.get_producer)
    crew.start(report, log, "consumer", iq.get_consumer)
    crew.end()
    for who in ("producer", "consumer"):
        assert log.of(who) == ["asks", "IterableQueueIllegalStateException"]


def test_a_queue_itself_is_not_sent_anywhere():
    with pytest.raises((TypeError, IterableQueueException), match="get_"):
        pickle.dumps(IterableQueue())


def test_an_unused_producer_counts_until_it_is_dropped():
    iq = IterableQueue()
    producer, unused, consumer = iq.get_producer(), iq.get_producer(), iq.get_consumer()
    iq.close()
    produce(producer, [1])
    assert consumer.get() == 1
    with pytest.raises(Empty):
        consumer.get(timeout=0.01)
    del unused
    gc.collect()
    assert list(patiently(consumer)) == []


def test_a_child_that_was_handed_one_endpoint_holds_no_other(crew, log):
    iq = IterableQueue()
    unused, consumer = iq.get_producer(), iq.get_consumer()
    crew.start(hold, iq.get_consumer(), log=log, who="bystander")
    wait_for_word(log, "bystander")
    iq.close()
    del unused
    gc.collect()
    assert list(patiently(consumer)) == []


@EACH_METHOD
def test_endpoints_that_a_process_never_uses_close_when_it_ends(crew):
    iq = IterableQueue(context=crew.context)
    consumer = iq.get_consumer()
    crew.start(forget, iq.get_producer(), iq.get_consumer(), iq.get_producer())
    crew.start(produce, iq.get_producer(), range(10))
    iq.close()
    assert list(patiently(consumer)) == list(range(10))
    crew.end()


@EACH_METHOD
def test_a_consumer_that_is_never_used_keeps_no_items_from_the_others(crew, log):
    iq = IterableQueue(context=crew.context)
    consumer, unused = iq.get_consumer(), iq.get_consumer()
    crew.start(hold, iq.get_consumer(), log=log, who="holder")
    crew.start(produce, iq.get_producer(), range(100))
    iq.close()
    assert list(patiently(consumer)) == list(range(100))
    assert list(patiently(unused)) == []


def test_consumers_made_late_get_what_is_left(crew, log):
    iq = IterableQueue()
    produce(iq.get_producer(), range(10))
    first = iq.get_consumer()
    assert first.get() == 0
    first.close()
    second = iq.get_consumer()
    iq.close()
    assert list(second) == list(range(1, 10))


def test_the_queue_and_its_ends_close_with_their_blocks():
    with IterableQueue() as iq:
        consumer = iq.get_consumer()
        with iq.get_producer() as producer:
            producer.put(1)
    with pytest.raises(IterableQueueIllegalStateException):
        iq.get_consumer()
    with consumer:
        assert list(consumer) == [1]
    with pytest.raises(ConsumerQueueClosedException):
        consumer.get()


@EACH_METHOD
@pytest.mark.parametrize("batch", [1, 1024])
def test_many_consumers_share_the_items_and_all_see_the_end(crew, log, batch):
    iq = IterableQueue(maxsize=50, context=crew.context, batch=batch)
    for i in range(4):
        crew.start(consume, iq.get_consumer(), log, f"consumer {i}")
    for i in range(2):
        crew.start(produce, iq.get_producer(), [[i, number] for number in range(200)])
    iq.close()
    crew.end()
    items = [what for _, what in log.lines()]
    assert sorted(items) == [[i, number] for i in range(2) for number in range(200)]
