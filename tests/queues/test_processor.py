"""What is promised here about the order of stores, and that nothing is lost where nothing is."""

from __future__ import annotations

import ctypes
import os
import sys
import threading

import pytest

from tests.queues.crew import EACH_METHOD, wait_for_word
from tests.queues.roles import consume, consume_some, patiently, produce
from tests.queues.steps import queue_of
from weft.queues import IterableQueue, processor
from weft.queues.ranges import Found
from weft.queues.reader import CarefulReader, Reader, new_reader

GET_REGISTRATIONS = 1 << 9
GLOBAL_EXPEDITED, REGISTER_GLOBAL_EXPEDITED = 2, 4


def registrations():
    """The kernel's list of what this process has registered for; -1: it doesn't tell."""
    return ctypes.CDLL(None).syscall(324, GET_REGISTRATIONS, 0, 0)


def put_registrations(producer):
    producer.put(registrations())
    producer.close()


KERNEL_TELLS = pytest.mark.skipif(
    os.uname().machine != "x86_64" or registrations() < 0,
    reason="this kernel does not tell who is registered for membarrier",
)


@KERNEL_TELLS
def test_the_barrier_works_here():
    code = ctypes.CDLL(None).syscall(324, GLOBAL_EXPEDITED, 0, 0)
    assert (code == 0) == processor.IN_ORDER


@KERNEL_TELLS
@EACH_METHOD
def test_each_process_that_has_an_end_is_registered_for_barriers(crew, log):
    """The kernel leaves out those that are not, and says nothing."""
    iq = IterableQueue()
    consumer = iq.get_consumer()
    crew.start(put_registrations, iq.get_producer())
    iq.close()
    for told in (registrations(), *patiently(consumer)):
        assert told & REGISTER_GLOBAL_EXPEDITED


@pytest.fixture
def without_barrier(monkeypatch):
    """A processor or a sandbox that has no barriers."""
    monkeypatch.setattr(processor, "IN_ORDER", False)


@pytest.mark.usefixtures("without_barrier")
def test_without_barriers_what_a_killed_consumer_held_goes_to_the_others(crew, log):
    iq = IterableQueue()
    consumer = iq.get_consumer()
    produce(iq.get_producer(), range(200))
    doomed = crew.start(consume_some, iq.get_consumer(), log, "doomed", 40, "linger")
    iq.close()
    wait_for_word(log, "doomed")
    crew.kill(doomed)
    got = [item for item in log.of("doomed") if item != "ready"]
    assert sorted([*got, *patiently(consumer)]) == list(range(200))


@pytest.mark.usefixtures("without_barrier")
def test_without_barriers_an_idle_consumer_takes_over_from_one_that_stands_still(crew, log):
    iq = IterableQueue()
    produce(iq.get_producer(), range(200))
    crew.start(consume_some, iq.get_consumer(), log, "slow", 40, "close")
    crew.start(consume, iq.get_consumer(), log, "quick")
    crew.start(consume, iq.get_consumer(), log, "quicker")
    iq.close()
    crew.end(*crew.processes[1:])
    got = [item for _, item in log.lines() if item != "ready"]
    assert sorted(got) == list(range(200))


@pytest.mark.usefixtures("without_barrier")
def test_without_barriers_half_of_what_another_holds_can_be_taken():
    _, (slow, idle) = queue_of(range(12), 2, 100)
    slow.claim()
    slow.take()
    while idle.claim() is Found.ITEMS:
        while idle.take():
            pass
    assert idle.take_over() is Found.ITEMS
    got = [*slow.items, *idle.items]
    for taker in (idle, slow):
        got.extend(taker.rest())
    assert sorted(got) == list(range(12))


@pytest.mark.usefixtures("without_barrier")
def test_without_barriers_each_item_is_taken_under_the_mutex():
    iq = IterableQueue()
    consumer = iq.get_consumer()
    consumer._shared.locked(consumer._ownership.begin)
    assert type(new_reader(consumer._shared, consumer._row)) is CarefulReader


def trace(*_):
    return trace


@pytest.mark.parametrize("module", [sys, threading])
def test_steps_are_not_whole_while_lines_are_traced(module):
    before = module.gettrace()
    module.settrace(trace)
    try:
        assert not processor.steps_are_whole()
    finally:
        module.settrace(before)


@pytest.mark.skipif(sys.version_info < (3, 12), reason="there is no sys.monitoring")
def test_steps_are_not_whole_while_a_tool_monitors():
    (number, *_) = [number for number in range(6) if not sys.monitoring.get_tool(number)]
    sys.monitoring.use_tool_id(number, "a debugger")
    try:
        assert not processor.steps_are_whole()
    finally:
        sys.monitoring.free_tool_id(number)


def test_steps_are_whole_where_all_is_promised_and_nobody_looks_on(monkeypatch):
    monkeypatch.setattr(processor, "IN_ORDER", True)
    monkeypatch.setattr(processor, "_is_traced", lambda: False)
    monkeypatch.setattr(sys, "_is_gil_enabled", lambda: True, raising=False)
    iq = IterableQueue()
    consumer = iq.get_consumer()
    consumer._shared.locked(consumer._ownership.begin)
    assert processor.steps_are_whole()
    assert type(new_reader(consumer._shared, consumer._row)) is Reader
    monkeypatch.setattr(sys, "_is_gil_enabled", lambda: False, raising=False)
    assert not processor.steps_are_whole()
