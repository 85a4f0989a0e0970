"""Processes die at chosen moments; the others finish, with all that was put and not handed out."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from tests.queues.crew import (
    EACH_METHOD,
    run_script,
    wait_for_word,
    wait_until_asleep,
)
from tests.queues.roles import (
    consume,
    consume_some,
    consume_through_interrupts,
    hold,
    patiently,
    produce,
    produce_and_crash,
    produce_and_fork,
    produce_and_leave,
    produce_and_linger,
    produce_in_block,
    produce_through_interrupts,
    put_until_nobody_listens,
    report,
    wait_for,
)
from weft.queues import Empty, IterableQueue, IterableQueueIllegalStateException, ProducerDied

# Producers


@EACH_METHOD
def test_what_a_killed_producer_had_put_arrives(crew, log):
    iq = IterableQueue(context=crew.context)
    consumer = iq.get_consumer()
    doomed = crew.start(produce_and_linger, iq.get_producer(), range(100), log)
    iq.close()
    wait_for_word(log, "producer")
    crew.kill(doomed)
    assert list(patiently(consumer)) == list(range(100))


@pytest.mark.parametrize("batch", [1, 1024])
def test_a_producer_killed_in_a_put_that_waits_leaves_what_it_had_put(crew, log, batch):
    iq = IterableQueue(maxsize=5, batch=batch)
    consumer = iq.get_consumer()
    doomed = crew.start(produce_and_linger, iq.get_producer(), range(100), log)
    waiting = crew.start(produce, iq.get_producer(), range(100, 110))
    iq.close()
    wait_until_asleep(doomed)
    wait_until_asleep(waiting)
    crew.kill(doomed)
    items = list(patiently(consumer))
    assert [item for item in items if item < 100] == log.of("producer")
    assert [item for item in items if item >= 100] == list(range(100, 110))
    crew.end(waiting)


@EACH_METHOD
def test_a_producer_killed_before_its_first_use_has_closed(crew, log):
    iq = IterableQueue(context=crew.context)
    consumer = iq.get_consumer()
    doomed = crew.start(hold, iq.get_producer(), log=log, who="doomed")
    crew.start(produce, iq.get_producer(), range(10))
    iq.close()
    wait_for_word(log, "doomed")
    crew.kill(doomed)
    assert list(patiently(consumer)) == list(range(10))


@EACH_METHOD
@pytest.mark.parametrize("role", ["producer", "consumer"])
def test_a_process_killed_at_its_start_has_closed(crew, log, role):
    for _ in range(3):
        iq = IterableQueue(context=crew.context)
        consumer = iq.get_consumer()
        if role == "producer":
            doomed = crew.start(produce_and_linger, iq.get_producer(), [0], log)
        else:
            doomed = crew.start(consume_some, iq.get_consumer(), log, "doomed", 0, "linger")
        crew.kill(doomed)
        produce(iq.get_producer(), [1, 2, 3])
        iq.close()
        assert [item for item in patiently(consumer) if item] == [1, 2, 3]


def test_a_producer_killed_in_full_flight_loses_only_puts_that_had_not_returned(crew, log):
    for i in range(10):
        iq = IterableQueue(maxsize=(0, 3)[i % 2])
        consumer = iq.get_consumer()
        who = f"producer {i}"
        doomed = crew.start(produce_and_linger, iq.get_producer(), range(100_000), log, who)
        iq.close()
        items = [consumer.get(timeout=10) for _ in range(20 * i + 1)]
        crew.kill(doomed)
        items += patiently(consumer)
        returned = log.of(who)
        assert items == list(range(len(items)))
        assert len(returned) <= len(items) <= len(returned) + 1


def test_a_grandchild_with_copies_of_all_files_keeps_no_dead_producer_open(crew, log):
    iq = IterableQueue()
    consumer = iq.get_consumer()
    doomed = crew.start(produce_and_fork, iq.get_producer(), log)
    iq.close()
    (grandchild,) = wait_for(lambda: log.of("grandchild"))
    try:
        crew.kill(doomed)
        assert list(patiently(consumer)) == ["before"]
    finally:
        os.kill(grandchild, signal.SIGKILL)


def test_many_deaths_in_a_row_leave_a_queue_that_works(crew, log):
    iq = IterableQueue(maxsize=10, batch=4)
    consumer = iq.get_consumer()
    for _ in range(10):
        crew.start(produce_and_crash, iq.get_producer(), range(5), "kill")
        doomed = crew.start(consume_some, iq.get_consumer(), log, "doomed", 2, "linger")
        wait_for(lambda: log.of("doomed").count("ready"))
        crew.kill(doomed, crew.processes[-2])
        for _ in range(3):
            consumer.get(timeout=10)
        Path(log.path).unlink()
    iq.close()
    assert list(patiently(consumer)) == []


# Consumers


@EACH_METHOD
@pytest.mark.parametrize("batch", [1, 1024])
def test_what_a_killed_consumer_had_fetched_goes_to_the_others(crew, log, batch):
    iq = IterableQueue(context=crew.context, batch=batch)
    produce(iq.get_producer(), range(100))
    consumer = iq.get_consumer()
    doomed = crew.start(consume_some, iq.get_consumer(), log, "doomed", 20, "linger")
    iq.close()
    wait_for_word(log, "doomed")
    crew.kill(doomed)
    assert log.of("doomed") == [*range(20), "ready"]
    assert sorted(patiently(consumer)) == list(range(20, 100))


def test_a_consumer_killed_while_it_waits_takes_nothing_along(crew, log):
    iq = IterableQueue()
    producer = iq.get_producer()
    doomed = crew.start(consume, iq.get_consumer(), log, "doomed")
    survivor = crew.start(consume, iq.get_consumer(), log, "survivor")
    iq.close()
    wait_until_asleep(doomed)
    wait_until_asleep(survivor)
    crew.kill(doomed)
    produce(producer, range(100))
    crew.end(survivor)
    assert log.of("survivor") == list(range(100))


@EACH_METHOD
def test_a_consumer_killed_before_its_first_use_disturbs_nobody(crew, log):
    iq = IterableQueue(context=crew.context)
    produce(iq.get_producer(), range(10))
    consumer = iq.get_consumer()
    doomed = crew.start(hold, iq.get_consumer(), log=log, who="doomed")
    iq.close()
    wait_for_word(log, "doomed")
    crew.kill(doomed)
    assert list(patiently(consumer)) == list(range(10))


def test_a_waiting_put_is_refused_when_the_last_consumer_is_killed(crew, log):
    iq = IterableQueue(maxsize=3)
    doomed = crew.start(consume_some, iq.get_consumer(), log, "doomed", 2, "linger")
    producing = crew.start(put_until_nobody_listens, iq.get_producer(), log, "producer")
    iq.close()
    wait_for_word(log, "doomed")
    wait_until_asleep(producing)
    crew.kill(doomed)
    crew.end(producing)
    assert log.of("producer") == ["puts", "NoConsumers"]


def test_a_consumer_made_after_the_death_of_the_last_gets_the_rest(crew, log):
    iq = IterableQueue()
    produce(iq.get_producer(), range(50))
    doomed = crew.start(consume_some, iq.get_consumer(), log, "doomed", 2, "linger")
    wait_for_word(log, "doomed")
    crew.kill(doomed)
    consumer = iq.get_consumer()
    iq.close()
    assert list(patiently(consumer)) == list(range(2, 50))


def test_the_end_comes_after_the_items_that_another_consumer_holds(crew, log):
    iq = IterableQueue()
    produce(iq.get_producer(), range(100))
    doomed = crew.start(consume_some, iq.get_consumer(), log, "doomed", 20, "linger")
    wait_for_word(log, "doomed")
    survivor = crew.start(consume, iq.get_consumer(), log, "survivor")
    iq.close()
    wait_for(lambda: len(log.of("survivor")) == 80)
    crew.kill(doomed)
    crew.end(survivor)
    assert sorted(log.of("survivor")) == list(range(20, 100))


def test_a_consumer_that_stands_still_delays_the_end_and_loses_nothing(crew, log):
    iq = IterableQueue()
    producer = iq.get_producer()
    first = crew.start(consume, iq.get_consumer(), log, "first")
    second = crew.start(consume, iq.get_consumer(), log, "second")
    iq.close()
    wait_until_asleep(first)
    os.kill(first.pid, signal.SIGSTOP)
    produce(producer, range(1000))
    wait_for(lambda: len(log.of("second")) >= 500)
    os.kill(first.pid, signal.SIGCONT)
    crew.end(first, second)
    assert sorted(log.of("first") + log.of("second")) == list(range(1000))


def test_all_but_the_main_process_die(crew, log):
    iq = IterableQueue(maxsize=20, batch=4)
    consumer = iq.get_consumer()
    doomed = []
    for i in range(3):
        numbers = [[i, number] for number in range(1000)]
        doomed.append(crew.start(produce_and_linger, iq.get_producer(), numbers, log, "put"))
        doomed.append(crew.start(consume, iq.get_consumer(), log, "taken"))
    iq.close()
    wait_for(lambda: len(log.of("taken")) > 50)
    crew.kill(*doomed)
    arrived = [tuple(item) for item in [*log.of("taken"), *patiently(consumer)]]
    returned = {tuple(item) for item in log.of("put")}
    assert len(arrived) == len(set(arrived))
    assert len(returned - set(arrived)) <= 3
    assert len(set(arrived) - returned) <= 3


MAIN = """
import multiprocessing, os, signal, sys, time
from tests.queues.roles import Log, consume, produce
from weft.queues import IterableQueue

if __name__ == "__main__":
    context = multiprocessing.get_context(sys.argv[1])
    log = Log("log")
    iq = IterableQueue(maxsize=10, context=context)
    kept = iq.get_producer(), iq.get_consumer()
    for i in range(2):
        context.Process(target=consume, args=(iq.get_consumer(), log, f"consumer {i}")).start()
    for i in range(2):
        numbers = [[i, number] for number in range(500)]
        context.Process(target=produce, args=(iq.get_producer(), numbers)).start()
    while len(log.lines()) < 100:
        time.sleep(0.002)
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_the_death_of_the_main_process_closes_the_queue_and_the_others_finish(
    method, tmp_path, log
):
    run_script(MAIN, tmp_path, method)
    items = [what for _, what in log.lines()]
    assert sorted(items) == [[i, number] for i in range(2) for number in range(500)]


# Ctrl-C


def test_ctrl_c_ends_a_waiting_get(crew, log):
    iq = IterableQueue()
    producer = iq.get_producer()
    process = crew.start(report, log, "consumer", iq.get_consumer().get)
    other = crew.start(consume, iq.get_consumer(), log, "other")
    iq.close()
    wait_for_word(log, "consumer", "asks")
    wait_until_asleep(process)
    os.kill(process.pid, signal.SIGINT)
    crew.end(process)
    assert log.of("consumer") == ["asks", "KeyboardInterrupt"]
    produce(producer, range(10))
    crew.end(other)
    assert log.of("other") == list(range(10))


def test_ctrl_c_ends_a_waiting_put(crew, log):
    iq = IterableQueue(maxsize=1)
    producer, consumer = iq.get_producer(), iq.get_consumer()
    producer.put("first")
    producer.close()
    process = crew.start(report, log, "producer", iq.get_producer().put, "never")
    iq.close()
    wait_for_word(log, "producer", "asks")
    wait_until_asleep(process)
    os.kill(process.pid, signal.SIGINT)
    crew.end(process)
    assert log.of("producer") == ["asks", "KeyboardInterrupt"]
    assert list(patiently(consumer)) == ["first"]


@pytest.mark.parametrize("maxsize", [3, 50])
def test_a_consumer_that_goes_on_after_ctrl_c_loses_at_most_one_item_each_time(crew, log, maxsize):
    iq = IterableQueue(maxsize)
    process = crew.start(consume_through_interrupts, iq.get_consumer(), log, "consumer")
    producing = crew.start(produce, iq.get_producer(), range(2000))
    iq.close()
    sent = interrupt_often(process, lambda: len(log.of("consumer")), 1500)
    crew.end(producing, process)
    items = log.of("consumer")
    assert items == sorted(set(items))
    assert len(items) >= 2000 - sent


@pytest.mark.parametrize("maxsize", [3, 50])
def test_a_producer_that_goes_on_after_ctrl_c_doubles_nothing(crew, log, maxsize):
    iq = IterableQueue(maxsize)
    consumer = crew.start(consume, iq.get_consumer(), log, "consumer")
    process = crew.start(produce_through_interrupts, iq.get_producer(), 2000, log, "producer")
    iq.close()
    interrupt_often(process, lambda: len(log.of("producer")), 1500)
    crew.end(consumer, process)
    items = log.of("consumer")
    assert items == sorted(set(items))
    assert set(log.of("producer")) <= set(items)


def interrupt_often(process, progress, until: int) -> int:
    """Press Ctrl-C each time the process has gone on a bit; gives back how often."""
    times = 0
    wait_for(progress)
    while (done := progress()) < until:
        os.kill(process.pid, signal.SIGINT)
        times += 1
        wait_for(lambda: progress() > done + 5)
    return times


EVERYBODY = """
import multiprocessing, os, signal
from tests.queues.roles import Log, consume, linger, produce, report, wait_for
from weft.queues import IterableQueue

if __name__ == "__main__":
    context = multiprocessing.get_context("fork")
    log = Log("log")
    iq = IterableQueue(maxsize=3, context=context)
    ends = [iq.get_producer(), iq.get_producer(), iq.get_consumer(), iq.get_consumer()]
    for i, end in enumerate(ends):
        role = (produce, end, range(1_000_000)) if i < 2 else (consume, end, log, "items")
        context.Process(target=report, args=(log, f"process {i}", *role)).start()
    wait_for(lambda: len(log.of("items")) > 20 and all(log.of(f"process {i}") for i in range(4)))
    os.killpg(0, signal.SIGINT)
    linger()
"""


def test_ctrl_c_in_a_terminal_ends_all_processes(tmp_path, log):
    said = run_script(EVERYBODY, tmp_path)
    assert said[-1] == "! KeyboardInterrupt"
    for i in range(4):
        assert log.of(f"process {i}") == ["asks", "KeyboardInterrupt"]


# strict


@EACH_METHOD
def test_strict_consumers_are_told_of_a_producer_that_was_killed(crew, log):
    iq = IterableQueue(context=crew.context, strict=True)
    consumer = iq.get_consumer()
    process = crew.start(report, log, "other", _consume_all, iq.get_consumer())
    doomed = crew.start(produce_and_linger, iq.get_producer(), range(10), log)
    iq.close()
    wait_for_word(log, "producer")
    crew.kill(doomed)
    with pytest.raises(ProducerDied):
        list(patiently(consumer))
    crew.end(process)
    assert log.of("other") == ["asks", "ProducerDied"]


def _consume_all(consumer):
    return list(consumer)


@EACH_METHOD
def test_strict_consumers_are_told_of_a_producer_that_was_killed_at_its_start(crew, log):
    iq = IterableQueue(context=crew.context, strict=True)
    consumer = iq.get_consumer()
    crew.kill(crew.start(hold, iq.get_producer(), log=log, who="doomed"))
    iq.close()
    with pytest.raises(ProducerDied):
        list(patiently(consumer))


@pytest.mark.parametrize("role", [produce_and_leave, produce_and_crash])
def test_strict_consumers_are_told_of_a_producer_that_did_not_close(crew, role):
    iq = IterableQueue(strict=True)
    consumer = iq.get_consumer()
    crew.start(role, iq.get_producer(), range(10), *["exit"] * (role is produce_and_crash))
    iq.close()
    with pytest.raises(ProducerDied):
        list(patiently(consumer))


@pytest.mark.parametrize("fail", [True, False])
def test_strict_takes_a_block_that_fails_for_a_death_and_one_that_ends_for_a_close(crew, fail):
    iq = IterableQueue(strict=True)
    consumer = iq.get_consumer()
    crew.start(produce_in_block, iq.get_producer(), range(10), fail)
    iq.close()
    if fail:
        with pytest.raises(ProducerDied):
            list(patiently(consumer))
    else:
        assert list(patiently(consumer)) == list(range(10))


def test_without_strict_a_block_that_fails_is_a_close(crew):
    iq = IterableQueue()
    consumer = iq.get_consumer()
    crew.start(produce_in_block, iq.get_producer(), range(10), fail=True)
    iq.close()
    assert list(patiently(consumer)) == list(range(10))


def test_strict_minds_no_consumer_that_dies(crew, log):
    iq = IterableQueue(strict=True)
    produce(iq.get_producer(), range(10))
    consumer = iq.get_consumer()
    doomed = crew.start(consume_some, iq.get_consumer(), log, "doomed", 1, "linger")
    iq.close()
    wait_for_word(log, "doomed")
    crew.kill(doomed)
    assert sorted(patiently(consumer)) == list(range(1, 10))


# A wait that could never end


def test_a_get_that_waits_for_ones_own_put_is_refused():
    iq = IterableQueue()
    producer, consumer = iq.get_producer(), iq.get_consumer()
    iq.close()
    for wait in (consumer.get, consumer.next, lambda: next(iter(consumer))):
        with pytest.raises(IterableQueueIllegalStateException):
            wait()
    with pytest.raises(Empty):
        consumer.get(timeout=0.01)
    producer.put(1)
    assert consumer.get() == 1
    producer.close()
    assert list(consumer) == []
