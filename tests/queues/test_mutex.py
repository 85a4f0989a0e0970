"""The lock of a queue: who is inside, what a signal may do meanwhile, who stands still or dies."""

from __future__ import annotations

import errno
import os
import signal
import threading

import pytest

from tests.queues.crew import wait_for_word, wait_until_asleep
from tests.queues.roles import linger, produce, report, wait_for
from weft.queues import IterableQueue, IterableQueueIllegalStateException


@pytest.fixture
def handled():
    """Set what SIGUSR1 does for the time of a test."""
    before = signal.getsignal(signal.SIGUSR1)
    yield lambda do: signal.signal(signal.SIGUSR1, lambda *_: do())
    signal.signal(signal.SIGUSR1, before)


def interrupt():
    signal.raise_signal(signal.SIGUSR1)


def trylock_elsewhere(shared):
    """What another process is told that tries to take the lock now."""
    child = os.fork()
    if not child:
        os._exit(shared.locked.__self__._trylock())
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.parametrize("role", ["producer", "consumer", "queue"])
def test_a_signal_handler_that_uses_the_queue_inside_of_it_is_refused(handled, role):
    iq = IterableQueue(maxsize=10)
    producer, consumer = iq.get_producer(), iq.get_consumer()
    producer.put(0)
    use = {
        "producer": lambda: producer.put(1),
        "consumer": consumer.get_nowait,
        "queue": iq.qsize,
    }[role]
    handled(use)
    with pytest.raises(IterableQueueIllegalStateException, match="inside of it"):
        iq._shared.locked(interrupt)
    use()


def test_the_lock_stays_locked_when_a_handler_was_refused(handled):
    iq = IterableQueue(maxsize=10)
    producer = iq.get_producer()
    shared = iq._shared
    refused = []

    def put():
        with pytest.raises(IterableQueueIllegalStateException) as told:
            producer.put(1)
        refused.append(told.value)

    def inside():
        interrupt()
        return trylock_elsewhere(shared)

    handled(put)
    assert shared.locked(inside) == errno.EBUSY
    assert len(refused) == 1
    assert trylock_elsewhere(shared) == 0


@pytest.mark.parametrize("make", [IterableQueue.get_producer, IterableQueue.get_consumer])
def test_a_handler_may_close_an_end_that_is_just_being_closed(handled, monkeypatch, make):
    iq = IterableQueue()
    end = make(iq)
    end.qsize()
    note, closes = end._end, []

    def close():
        closes.append(None)
        if len(closes) == 1:
            end.close()

    def note_and_interrupt(state):
        note(state)
        interrupt()

    handled(close)
    monkeypatch.setattr(end, "_end", note_and_interrupt)
    with pytest.raises(IterableQueueIllegalStateException, match="inside of it"):
        begin_and_close(end)
    monkeypatch.undo()
    end.close()
    assert trylock_elsewhere(iq._shared) == 0


def begin_and_close(end):
    end._shared.locked(end._begin)
    end.close()


def test_a_handler_of_ctrl_c_may_leave_the_lock_by_an_exception(handled):
    def stop():
        raise KeyboardInterrupt

    iq = IterableQueue()
    handled(stop)
    with pytest.raises(KeyboardInterrupt):
        iq._shared.locked(interrupt)
    assert trylock_elsewhere(iq._shared) == 0


def test_threads_are_inside_one_after_the_other():
    shared = IterableQueue()._shared
    inside, leave, order = threading.Event(), threading.Event(), []

    def first():
        inside.set()
        leave.wait(60)
        order.append("first")

    thread = threading.Thread(target=shared.locked, args=(first,))
    thread.start()
    inside.wait(60)
    second = threading.Thread(target=shared.locked, args=(order.append, "second"))
    second.start()
    assert trylock_elsewhere(shared) == errno.EBUSY
    leave.set()
    thread.join(60)
    second.join(60)
    assert order == ["first", "second"]


# Holders in other processes


def hold(iq, log):
    """Take the lock, and stand still with it."""

    def inside():
        log.add("holder", "ready")
        linger()

    iq._shared.locked(inside)


def stop_inside(iq, log):
    def inside():
        log.add("holder", "ready")
        os.kill(os.getpid(), signal.SIGSTOP)

    iq._shared.locked(inside)


def once_held(log, do, *args):
    """Do something when another process has the lock."""
    wait_for(lambda: log.of("holder"))
    do(*args)


def start_both(crew, log, iq, holding, do, *args):
    """A process that waits for the lock, and the one that has it."""
    waiting = crew.start(once_held, log, report, log, "waiting", do, *args)
    holder = crew.start(holding, iq, log)
    wait_for_word(log, "waiting", "asks")
    wait_until_asleep(waiting)
    return waiting, holder


def test_ctrl_c_ends_a_wait_for_the_lock(crew, log):
    iq = IterableQueue()
    _kept, consumer = iq.get_producer(), iq.get_consumer()
    waiting, _ = start_both(crew, log, iq, hold, consumer.get)
    os.kill(waiting.pid, signal.SIGINT)
    crew.end(waiting)
    assert log.of("waiting") == ["asks", "KeyboardInterrupt"]


def test_the_lock_of_a_holder_that_is_killed_goes_to_the_next_one(crew, log):
    iq = IterableQueue()
    producer, consumer = iq.get_producer(), iq.get_consumer()
    waiting, holder = start_both(crew, log, iq, hold, produce, producer, range(3))
    assert trylock_elsewhere(iq._shared) == errno.EBUSY
    crew.kill(holder)
    crew.end(waiting)
    iq.close()
    assert list(consumer) == [0, 1, 2]


def test_the_lock_of_a_holder_that_was_stopped_comes_when_that_one_goes_on(crew, log):
    iq = IterableQueue()
    _, holder = start_both(crew, log, iq, stop_inside, iq._shared.exact_size)
    assert log.of("waiting") == ["asks"]
    os.kill(holder.pid, signal.SIGCONT)
    crew.end()
    assert log.of("waiting") == ["asks", 0]
