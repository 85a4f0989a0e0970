"""Steps that are broken off, or come in between, where a row or a page is used anew."""

import threading
from collections import Counter
from contextlib import suppress
from itertools import count

import pytest

from tests.queues.steps import Killed, KilledAt, Taker, killed_at
from weft.queues import IterableQueue, ProducerQueueClosedException
from weft.queues.items import decode
from weft.queues.layout import BREAK
from weft.queues.ranges import Found
from weft.queues.streams import Stream
from weft.queues.watching import sweep

ITEMS = range(12)
LONG = b"x" * 20_000
"""An item of which three fill the first page."""


def make_killed_at(iq, make, step):
    """Make an end, and be killed or interrupted before the n-th store; whether it came so far."""
    real = iq._shared
    iq._shared, words = killed_at(real, step)
    with suppress(Killed):
        make(iq)
    iq._shared = real
    words.is_counting = False
    return words.came


@pytest.mark.parametrize("make", [IterableQueue.get_producer, IterableQueue.get_consumer])
def test_an_end_that_takes_the_place_of_another_may_be_broken_off_at_each_store(make):
    for step in count():
        iq = IterableQueue()
        producer, consumer, leaver = iq.get_producer(), iq.get_consumer(), iq.get_consumer()
        for number in range(5):
            producer.put(number)
        assert [leaver.get() for _ in range(5)] == list(range(5))
        leaver.close()
        producer.close()
        came = make_killed_at(iq, make, step)
        assert iq.qsize() == 0
        with iq.get_producer() as new:
            new.put("new")
        assert iq.qsize() == 1
        iq.close()
        iq._shared.locked(sweep, iq._shared)
        assert list(consumer) == ["new"]
        if not came:
            break
    assert step >= 5


@pytest.mark.parametrize("how", ["dies", "closes"])
def test_new_ends_may_come_when_one_was_killed_while_it_took_over(how):
    """Whoever has the mutex next repairs what was broken off, also who makes an end."""
    for step in count():
        iq = IterableQueue(batch=5)
        leaver, dead, survivor = (Taker(iq.get_consumer(), 5) for _ in range(3))
        with iq.get_producer() as producer:
            for item in ITEMS:
                producer.put(item)
        leaver.claim()
        leaver.take()
        leaver.consumer.close()
        words = KilledAt(dead.consumer._words, step)
        dead.use(words)
        with suppress(Killed):
            dead.claim()
            dead.take()
        if how == "dies":
            dead.consumer._ownership.life.end()
        else:
            dead.consumer.close()
        new = iq.get_consumer()
        with iq.get_producer() as producer:
            for item in range(100, 105):
                producer.put(item)
        iq.close()
        got = Counter([*leaver.items, *dead.items, *survivor.rest(), *new])
        everything = {*ITEMS, *range(100, 105)}
        assert set(got.values()) == {1}
        assert set(got) <= everything
        assert len(everything - set(got)) <= 1
        if not words.came:
            break
    assert step > 10


# Pages


def test_the_last_item_of_a_range_may_come_again_after_the_producer_went_on_for_many_pages():
    iq = IterableQueue()
    producer, other = iq.get_producer(), iq.get_consumer()
    taker = Taker(iq.get_consumer(), 1)
    producer.put("the item")
    taker.claim()
    data = taker.reader.take()
    for number in range(20):
        producer.put((number, LONG))
        assert other.get() == (number, LONG)
    taker.reader.give_back(data)
    assert taker.take()
    assert taker.items == ["the item"]
    producer.close()
    iq.close()
    assert list(other) == []


def test_an_item_that_one_works_at_for_long_keeps_its_own_page_only():
    iq = IterableQueue(batch=2)
    producer, quick = iq.get_producer(), iq.get_consumer()
    slow = Taker(iq.get_consumer(), 2)
    for number in range(4):
        producer.put(number)
    slow.claim()
    slow.take()
    assert [quick.get(), quick.get()] == [2, 3]
    sizes = []
    for number in range(60):
        producer.put((number, LONG))
        assert quick.get() == (number, LONG)
        sizes.append(iq._shared.words[BREAK])
    assert sizes[-1] == sizes[15]
    assert slow.take()
    assert slow.items == [0, 1]


# Ends that are closed between two steps


def test_a_put_that_another_thread_forestalls_by_a_close_is_refused(monkeypatch):
    iq = IterableQueue()
    producer, consumer = iq.get_producer(), iq.get_consumer()
    producer.put(0)
    append, others = Stream.append, []

    def append_late(stream, *what):
        if not others:
            others.append(None)
            producer.close()
            others.extend(iq.get_producer() for _ in range(2))
            for other in others[1:]:
                other.put("before")
        return append(stream, *what)

    monkeypatch.setattr(Stream, "append", append_late)
    with pytest.raises(ProducerQueueClosedException):
        producer.put("too late")
    for other in others[1:]:
        other.put("after")
        other.close()
    iq.close()
    assert Counter(consumer) == {0: 1, "before": 2, "after": 2}


def test_a_get_that_another_thread_forestalls_by_a_close_claims_nothing():
    iq = IterableQueue()
    producer, other = iq.get_producer(), iq.get_consumer()
    taker = Taker(iq.get_consumer(), 5)
    producer.put("an item")
    taker.consumer.close()
    assert taker.claim() is Found.NOTHING
    iq.get_consumer().qsize()
    assert taker.claim() is Found.NOTHING
    producer.close()
    iq.close()
    assert list(other) == ["an item"]


def test_ctrl_c_gives_back_no_item_that_another_thread_took_meanwhile():
    iq = IterableQueue()
    producer = iq.get_producer()
    taker = Taker(iq.get_consumer(), 8)
    for number in range(8):
        producer.put(number)
    producer.close()
    iq.close()
    taker.claim()
    interrupted = taker.reader.take()
    assert taker.take()
    taker.reader.give_back(interrupted)
    assert taker.items == [1]
    assert list(taker.rest()) == [2, 3, 4, 5, 6, 7]


@pytest.mark.parametrize("interrupted", [1, 3])
def test_an_item_comes_again_after_each_ctrl_c_before_it_was_handed_on(monkeypatch, interrupted):
    """Also while another thread of the process does something else."""
    left = [interrupted]

    def decode_later(*what):
        if left[0]:
            left[0] -= 1
            raise KeyboardInterrupt
        return decode(*what)

    iq = IterableQueue()
    producer, consumer = iq.get_producer(), iq.get_consumer()
    for number in range(3):
        producer.put(number)
    producer.close()
    iq.close()
    monkeypatch.setattr("weft.queues.consumer.decode", decode_later)
    other = threading.Thread(target=(end := threading.Event()).wait)
    other.start()
    try:
        for _ in range(interrupted):
            with pytest.raises(KeyboardInterrupt):
                consumer.get()
    finally:
        end.set()
        other.join()
    assert list(consumer) == [0, 1, 2]
