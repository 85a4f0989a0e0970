"""A producer that is killed at any store: what was put comes out, once and in order."""

from contextlib import suppress
from itertools import count

import pytest

from tests.queues.steps import Killed, killed_at
from weft.queues import IterableQueue
from weft.queues.items import encode
from weft.queues.layout import BREAK, PUT
from weft.queues.streams import Stream
from weft.queues.watching import sweep

HALF_A_PAGE = 40_000
"""Bytes: with the next item of that size a new page begins."""


def put_until_killed(stream, shared, items):
    """The items of which putting came to its end."""
    done = []
    with suppress(Killed):
        for item in items:
            data = encode(shared, item)
            stream.append(data, len(data))
            done.append(item)
    return done


@pytest.mark.parametrize("size", [1, HALF_A_PAGE, 3 * HALF_A_PAGE])
@pytest.mark.parametrize("read_first", [0, 3])
def test_a_producer_may_be_killed_at_each_of_its_stores(size, read_first):
    for step in count():
        queue = IterableQueue()
        producer, consumer = queue.get_producer(), queue.get_consumer()
        before = [(-number, b"x" * size) for number in range(4)]
        for item in before:
            producer.put(item)
        got = [consumer.get() for _ in range(read_first)]
        shared, words = killed_at(queue._shared, step)
        items = [(number, b"x" * size) for number in range(6)]
        done = put_until_killed(Stream(shared, producer._row), queue._shared, items)
        queue.close()
        producer._ownership.life.end()
        queue._shared.locked(sweep, queue._shared)
        got += list(consumer)
        assert got[:4] == before
        assert got[4:] == items[: len(got) - 4]
        assert len(done) <= len(got) - 4 <= len(done) + 1
        if not words.came:
            break
    assert step >= 12


@pytest.mark.parametrize("size", [1, HALF_A_PAGE])
def test_a_stream_that_was_broken_off_at_any_store_goes_on(size):
    for step in count():
        queue = IterableQueue()
        producer, consumer = queue.get_producer(), queue.get_consumer()
        producer.put((-1, b"x" * HALF_A_PAGE))
        shared, words = killed_at(queue._shared, step)
        stream = Stream(shared, producer._row)
        items = [(number, b"x" * HALF_A_PAGE) for number in range(3)]
        put_until_killed(stream, queue._shared, items)
        words.is_counting = False
        published = queue._shared.words[producer._row + PUT] - 1
        rest = [(number, b"x" * size) for number in range(published, 3)]
        assert put_until_killed(stream, queue._shared, rest) == rest
        producer.close()
        queue.close()
        assert [number for number, _ in consumer] == [-1, 0, 1, 2]
        if not words.came:
            break
    assert step >= 12


def test_pages_that_were_read_are_used_again():
    queue = IterableQueue()
    producer, consumer = queue.get_producer(), queue.get_consumer()
    sizes = []
    for _ in range(50):
        producer.put(b"x" * HALF_A_PAGE)
        consumer.get()
        sizes.append(queue._shared.words[BREAK])
    assert sizes[-1] == sizes[5]


def test_the_row_and_the_pages_of_a_producer_that_is_done_are_used_again():
    queue = IterableQueue()
    consumer = queue.get_consumer()
    rows, size_of_two = set(), 0
    for number in range(6):
        with queue.get_producer() as producer:
            producer.put("an item")
            rows.add(producer._row)
        assert consumer.get() == "an item"
        size_of_two = size_of_two if number > 1 else queue._shared.words[BREAK]
    assert len(rows) == 2, "the consumer's last page is kept for an item that may come back"
    assert queue._shared.words[BREAK] == size_of_two
