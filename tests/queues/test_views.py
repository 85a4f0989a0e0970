"""Arrays that are the queue's own memory: nobody else writes there, and it goes back once."""

from __future__ import annotations

import errno
import gc
import mmap
import multiprocessing
import os

import numpy as np
import pytest

from tests.queues.crew import wait_for_word
from tests.queues.roles import linger, wait_for
from weft.queues import (
    Full,
    IterableQueue,
    IterableQueueException,
    NoConsumers,
    ProducerQueueClosedException,
    UnreadableItem,
)
from weft.queues.layout import BREAK, FREE, LINK
from weft.queues.memory import Memory, no_memory
from weft.queues.watching import reclaim, sweep

SIZE = 40_000
"""Numbers in an array that is large enough for an extent of its own: 320 KB."""
SYSTEM_PAGE = mmap.PAGESIZE
FORKS = pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")


def array_of(number):
    return np.full(SIZE, float(number))


def queue_of(*numbers):
    """A queue with such arrays in it, and its ends."""
    iq = IterableQueue()
    producer, consumer = iq.get_producer(), iq.get_consumer()
    for number in numbers:
        producer.put(array_of(number))
    return iq, producer, consumer


def number_of(array):
    """The number that an array is full of."""
    (number,) = np.unique(array)
    return number


class Rebuilt:
    """An item with an array whose rebuilding fails so many times."""

    failures: list[BaseException] = []

    def __init__(self, number):
        self.array = array_of(number)

    def __setstate__(self, state):
        self.__dict__.update(state)
        if Rebuilt.failures:
            raise Rebuilt.failures.pop()


# A consumer that closes


def test_an_array_stays_as_it_is_after_its_consumer_has_closed():
    iq, producer, consumer = queue_of(1)
    first = consumer.get()
    consumer.close()
    again = iq.get_consumer()
    producer.put(array_of(2))
    second = again.get()
    assert (number_of(first), number_of(second)) == (1, 2)


def test_an_array_that_outlives_its_consumer_gives_its_memory_back_once():
    iq, producer, consumer = queue_of(1)
    first = consumer.get()
    consumer.close()
    again = iq.get_consumer()
    producer.put(array_of(2))
    arrays = [again.get()]
    del first
    for number in (3, 4, 5):
        producer.put(array_of(number))
        arrays.append(again.get())
    assert [number_of(array) for array in arrays] == [2, 3, 4, 5]


def test_arrays_outlive_the_queue_and_all_its_ends():
    iq, producer, consumer = queue_of(1, 2)
    arrays = [consumer.get(), consumer.get()]
    producer.close()
    iq.close()
    assert list(consumer) == []
    del iq, producer, consumer
    assert [number_of(array) for array in arrays] == [1, 2]


# Memory that goes back


def test_memory_of_arrays_that_are_dropped_is_used_again():
    iq, producer, consumer = queue_of()
    sizes = []
    for number in range(10):
        producer.put(array_of(number))
        array = consumer.get()
        assert number_of(array) == number
        del array
        sizes.append(iq._shared.words[BREAK])
    assert sizes[-1] == sizes[2]


def test_memory_of_arrays_that_cannot_be_rebuilt_is_used_again(monkeypatch):
    iq, producer, consumer = queue_of()
    sizes = []
    for number in range(10):
        monkeypatch.setattr(Rebuilt, "failures", [ValueError("this one can't be read")])
        producer.put(Rebuilt(number))
        with pytest.raises(UnreadableItem):
            consumer.get()
        gc.collect()
        sizes.append(iq._shared.words[BREAK])
    assert sizes[-1] == sizes[2]


def take_and_close(consumer, kept):
    """End with an array that is still there."""
    kept.append(consumer.get())
    consumer.close()


def test_memory_of_arrays_is_used_again_when_their_process_ends_after_a_close(crew):
    iq, producer, _ = queue_of()
    sizes = []
    for number in range(6):
        producer.put(array_of(number))
        crew.end(crew.start(take_and_close, iq.get_consumer(), []))
        sizes.append(iq._shared.words[BREAK])
    assert sizes[-1] == sizes[3]


def test_memory_of_arrays_is_used_again_when_their_process_is_killed(crew, log):
    def take_and_linger(consumer):
        array = consumer.get()
        log.add("ready", number_of(array))
        linger()

    iq, producer, _ = queue_of()
    sizes = []
    for number in range(6):
        producer.put(array_of(number))
        doomed = crew.start(take_and_linger, iq.get_consumer())
        wait_for_word(log, "ready", number)
        crew.kill(doomed)
        iq._shared.locked(sweep, iq._shared)
        sizes.append(iq._shared.words[BREAK])
    assert sizes[-1] == sizes[3]


# Puts that are refused


def full():
    iq = IterableQueue(maxsize=1)
    producer = iq.get_producer()
    consumer = iq.get_consumer()
    producer.put("the only one")
    return iq, consumer, lambda item: producer.put_nowait(item), Full


def full_for_a_while():
    iq, consumer, _, error = full()
    producer = iq.get_producer()
    return iq, consumer, lambda item: producer.put(item, timeout=0.001), error


def closed():
    iq = IterableQueue()
    producer = iq.get_producer()
    producer.close()
    return iq, None, producer.put, ProducerQueueClosedException


def without_consumers():
    iq = IterableQueue(maxsize=1)
    producer = iq.get_producer()
    producer.put("the only one")
    iq.close()
    return iq, None, producer.put, NoConsumers


@pytest.mark.parametrize("refusing", [full, full_for_a_while, closed, without_consumers])
def test_a_put_that_is_refused_leaves_no_memory_behind(monkeypatch, refusing):
    monkeypatch.setattr("weft.queues.producer.LONGEST", 1e-6)
    iq, _consumer, put, error = refusing()
    sizes = []
    for number in range(5):
        with pytest.raises(error):
            put([array_of(number), array_of(-number)])
        sizes.append(iq._shared.words[BREAK])
    assert sizes[-1] == sizes[0]


@pytest.mark.parametrize("fails", [OSError(errno.ENOSPC, "No space left"), KeyboardInterrupt()])
def test_a_put_that_fails_in_its_second_array_leaves_no_memory_behind(monkeypatch, fails):
    written, pwrite = [], os.pwrite

    def write(*what):
        written.append(what)
        if len(written) % 2 == 0:
            raise fails
        return pwrite(*what)

    iq, producer, consumer = queue_of()
    monkeypatch.setattr(os, "pwrite", write)
    sizes = []
    for number in range(5):
        written.clear()
        with pytest.raises((IterableQueueException, KeyboardInterrupt)):
            # Each larger than all before, so that it is written to fresh memory.
            producer.put([np.full(SIZE << number, 1.0), np.full(SIZE << number, 2.0)])
        sizes.append(sum(1 for _ in free_extents(iq)))
    assert producer.qsize() == 0
    assert sizes == [2, 4, 6, 8, 10]
    producer.put(array_of(7))
    assert number_of(consumer.get()) == 7


def free_extents(iq):
    memory = iq._shared.memory
    for exponent in range(64):
        offset = memory.words[FREE + exponent]
        while offset:
            yield offset
            offset = memory.extent(offset).words[LINK]


# Writes that are cut short


def test_an_array_that_the_system_writes_in_small_pieces_arrives_whole(monkeypatch):
    pwrite = os.pwrite
    monkeypatch.setattr(
        os, "pwrite", lambda file, data, offset: pwrite(file, data[: 1 << 16], offset)
    )
    _, producer, consumer = queue_of()
    array = np.arange(SIZE)
    producer.put(array)
    assert np.array_equal(consumer.get(), array)


def memory_of(iq):
    """Bytes of memory that the queue has."""
    return os.fstat(iq._shared.memory.descriptor).st_blocks * 512


def memory_for_a_page(iq, size):
    """How much more of it there is when an extent of that size is taken for a page."""
    memory, before = iq._shared.memory, memory_of(iq)
    iq._shared.locked(lambda: memory.take(size, all_of_it=True))
    return memory_of(iq) - before


def test_a_page_has_memory_where_writing_an_array_has_failed(monkeypatch):
    def fail(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    iq, producer, _consumer = queue_of()
    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", fail)
        with pytest.raises(IterableQueueException):
            producer.put(array_of(1))
    assert memory_for_a_page(iq, 500_000) > 500_000 - SYSTEM_PAGE


def test_a_page_has_memory_where_a_smaller_array_was():
    iq, _producer, consumer = queue_of(1)
    array = consumer.get()
    del array
    consumer.close()
    before = iq._shared.words[BREAK]
    assert memory_for_a_page(iq, 500_000) > 500_000 - 8 * SIZE - 2 * SYSTEM_PAGE
    assert iq._shared.words[BREAK] == before


# Items that come again


def test_an_array_that_was_being_rebuilt_at_ctrl_c_comes_again_as_it_was(monkeypatch):
    _, producer, consumer = queue_of()
    monkeypatch.setattr(Rebuilt, "failures", [KeyboardInterrupt(), KeyboardInterrupt()])
    producer.put(Rebuilt(1))
    for number in (2, 3):
        with pytest.raises(KeyboardInterrupt):
            consumer.get()
        gc.collect()
        producer.put(Rebuilt(number))
    items = [consumer.get() for _ in range(3)]
    producer.put(Rebuilt(4))
    items.append(consumer.get())
    assert [number_of(item.array) for item in items] == [1, 2, 3, 4]


def test_an_array_for_which_there_is_no_memory_here_can_be_taken_later(monkeypatch):
    def fail(*_):
        raise no_memory(SIZE, OSError(errno.ENOMEM, "Cannot allocate memory"))

    _, _, consumer = queue_of(1, 2)
    with monkeypatch.context() as patch:
        patch.setattr(Memory, "common", fail)
        with pytest.raises(IterableQueueException):
            consumer.get()
    assert [number_of(consumer.get()) for _ in range(2)] == [1, 2]


# Forks


def drop_and_put(arrays, producer):
    arrays.clear()
    gc.collect()
    for number in (2, 3, 4):
        producer.put(array_of(number))


def test_a_child_that_drops_its_copy_of_an_array_frees_nothing_of_its_parents(crew):
    iq, _, consumer = queue_of(1)
    arrays = [consumer.get()]
    crew.start(drop_and_put, arrays, iq.get_producer())
    crew.end()
    arrays += [consumer.get() for _ in range(3)]
    assert [number_of(array) for array in arrays] == [1, 2, 3, 4]


def test_what_was_dropped_before_a_fork_is_freed_by_one_process_only(crew):
    iq, producer, consumer = queue_of(1)
    array = consumer.get()
    del array
    crew.start(drop_and_put, [], iq.get_producer())
    crew.end()
    for number in (5, 6):
        producer.put(array_of(number))
    arrays = [consumer.get() for _ in range(5)]
    assert sorted(number_of(array) for array in arrays) == [2, 3, 4, 5, 6]


def write_and_look(array, log):
    array[0] = 7
    log.add("child", "ready")
    wait_for(lambda: log.of("parent"))
    log.add("child", list(array[:3]))


def by_process(crew, *args):
    return crew.start(write_and_look, *args)


def by_hand(_crew, *args):
    child = os.fork()
    if not child:
        try:
            write_and_look(*args)
        finally:
            os._exit(0)
    return child


@FORKS
@pytest.mark.parametrize("start", [by_process, by_hand])
def test_what_is_written_into_an_array_after_a_fork_is_seen_by_its_writer_only(crew, log, start):
    _, _, consumer = queue_of(1)
    array = consumer.get()
    child = start(crew, array, log)
    wait_for_word(log, "child")
    array[1] = 5
    log.add("parent", list(array[:3]))
    wait_for(lambda: len(log.of("child")) == 2)
    assert log.of("child")[1] == [7, 1, 1]
    assert log.of("parent") == [[1, 5, 1]]
    if start is by_hand:
        os.waitpid(child, 0)


INHERITED: list[object] = []


def write_into_inherited(number):
    (array,) = INHERITED
    array[number] = 9
    return array[number]


@FORKS
def test_workers_of_a_pool_write_into_copies_of_an_array_of_their_own(monkeypatch):
    _, _, consumer = queue_of(1)
    array = consumer.get()
    monkeypatch.setattr("tests.queues.test_views.INHERITED", [array])
    with multiprocessing.get_context("fork").Pool(2) as pool:
        assert pool.map(write_into_inherited, range(8)) == [9] * 8
    assert number_of(array) == 1


def keep_array_beyond_death(consumer, log):
    """Leave a child behind that was not the first after the array came, and has it still."""
    array = consumer.get()
    for act in (os._exit, lambda _: look_later(array, log)):
        child = os.fork()
        if not child:
            act(0)
    log.add("holder", child)
    linger()


def look_later(array, log):
    try:
        wait_for(lambda: log.of("main"))
        log.add("child", number_of(array))
    finally:
        os._exit(0)


def test_a_child_has_its_array_although_the_process_that_took_it_is_killed(crew, log):
    iq, producer, _ = queue_of(1)
    holder = crew.start(keep_array_beyond_death, iq.get_consumer(), log)
    wait_for(lambda: log.of("holder"))
    crew.kill(holder)
    iq._shared.locked(sweep, iq._shared)
    for number in (2, 3, 4):
        producer.put(array_of(number))
    log.add("main", "go")
    assert wait_for(lambda: log.of("child")) == [1]


def consume_after_dropping(arrays, consumer, log):
    arrays[0][:] = 7
    arrays.clear()
    gc.collect()
    log.add("child", "ready")
    for item in consumer:
        log.add("item", [len(item), item.count(b"x")])


def test_memory_that_was_apart_after_a_fork_is_common_when_it_is_used_again(crew, log):
    iq, producer, consumer = queue_of(1)
    arrays = [consumer.get()]
    arrays[0][:] = 5
    crew.start(consume_after_dropping, arrays, iq.get_consumer(), log)
    wait_for_word(log, "child")
    arrays[0][:] = 6
    arrays.clear()
    consumer.close()
    iq._shared.locked(reclaim, iq._shared)
    before = iq._shared.words[BREAK]
    producer.put(b"x" * 300_000)
    assert iq._shared.words[BREAK] == before
    producer.close()
    iq.close()
    crew.end()
    assert log.of("item") == [[300_000, 300_000]]
