"""Claims and takings, killed or interleaved at every step: no item is lost, none comes twice."""

from collections import Counter
from contextlib import suppress
from itertools import count

import pytest

from tests.queues.steps import Killed, KilledAt, Steps, queue_of
from weft.queues.layout import END, NEXT
from weft.queues.ranges import Found
from weft.queues.watching import sweep

ITEMS = range(12)


def survive(dead, survivor):
    """Let the survivor take everything that is left, after the other's process is gone."""
    dead.consumer._ownership.life.end()
    shared = survivor.consumer._shared
    shared.locked(sweep, shared)
    return [*survivor.items, *survivor.rest()]


def check(dead, survived):
    """At most the item that the dead one had in its hands is lost."""
    came = Counter([*dead.items, *survived])
    assert not [item for item, times in came.items() if times > 1]
    assert len(set(ITEMS) - set(came)) <= 1


def killed_at(step, act, batch=5):
    """Kill a consumer before its n-th store while it acts; whether it came so far."""
    _, (dead, survivor) = queue_of(ITEMS, 2, batch)
    words = KilledAt(dead.consumer._words, step)
    dead.use(words)
    with suppress(Killed):
        act(dead, survivor)
    check(dead, survive(dead, survivor))
    return words.came


def claim_and_take(dead, _survivor):
    dead.claim()
    while dead.take():
        pass
    dead.claim()
    dead.take()


def take_over_and_take(dead, survivor):
    survivor.claim()
    survivor.take()
    dead.take_all()
    assert dead.take_over() is Found.ITEMS
    dead.take()


@pytest.mark.parametrize(
    ("act", "batch"),
    [(claim_and_take, 1), (claim_and_take, 5), (take_over_and_take, 5), (take_over_and_take, 100)],
)
def test_a_consumer_may_be_killed_at_each_of_its_stores(act, batch):
    for step in count():
        if not killed_at(step, act, batch):
            break
    assert step > 10


def test_who_adopts_from_a_closed_consumer_may_be_killed_at_each_of_its_stores():
    for step in count():
        _, (leaver, dead, survivor) = queue_of(ITEMS, 3, 5)
        leaver.claim()
        leaver.take()
        leaver.consumer.close()
        words = KilledAt(dead.consumer._words, step)
        dead.use(words)
        with suppress(Killed):
            dead.claim()
            dead.take()
        survived = survive(dead, survivor)
        check(dead, [*leaver.items, *survived])
        if not words.came:
            break
    assert step > 10


@pytest.mark.parametrize("taken", range(len(ITEMS)))
def test_a_consumer_may_take_at_each_step_of_one_that_takes_over(taken):
    thefts = 0
    for step in count():
        _, (victim, thief) = queue_of(ITEMS, 2, 100)
        victim.claim()
        thief.take_all()

        def act(victim=victim):
            real, row = victim.consumer._words, victim.consumer._row
            for _ in range(taken):
                # Beyond the end it would ask for the mutex, which the thief has.
                if real[row + NEXT] < real[row + END]:
                    victim.take()

        words = Steps(thief.consumer._words, act, step, loads=True)
        thief.use(words)
        stolen = thief.take_over() is Found.ITEMS
        thefts += stolen
        while stolen and thief.take():
            pass
        while victim.take():
            pass
        got = [*victim.items, *thief.items, *victim.rest(), *thief.rest()]
        assert sorted(got) == list(ITEMS)
        if not words.came:
            break
    assert step > 20
    assert thefts > 0


def test_a_consumer_may_be_robbed_at_each_step_of_taking():
    for step in count():
        _, (victim, thief) = queue_of(ITEMS, 2, 100)
        words = Steps(victim.consumer._words, thief.take_over, step, loads=True)
        words.is_counting = False
        victim.use(words)
        victim.claim()
        thief.take_all()
        words.is_counting = True
        while victim.take():
            pass
        got = [*victim.items, *thief.items, *victim.rest(), *thief.rest()]
        assert sorted(got) == list(ITEMS)
        if not words.came:
            break
    assert step > 15


def test_an_item_that_was_given_back_comes_again():
    _, (taker,) = queue_of(ITEMS, 1, 5)
    taker.claim()
    taker.take()
    taker.reader.give_back(None)
    words, row = taker.consumer._words, taker.consumer._row
    assert words[row + NEXT] == 0
    taker.reader.give_back(None)
    assert list(taker.rest()) == list(ITEMS)
