"""Consumers inside of an event loop, which stays free for others while they wait."""

from __future__ import annotations

import asyncio

import pytest

from tests.queues.crew import EACH_METHOD, wait_for_word
from tests.queues.roles import (
    PATIENCE,
    consume_async,
    consume_some,
    produce,
    produce_and_linger,
)
from weft.queues import Empty, IterableQueue, ProducerDied


async def gather_items(consumer) -> list[object]:
    return [item async for item in consumer]


def run(coroutine):
    return asyncio.run(asyncio.wait_for(coroutine, PATIENCE))


@EACH_METHOD
def test_items_come_in_order_and_the_loop_ends(crew):
    iq = IterableQueue(context=crew.context)
    consumer = iq.get_consumer()
    crew.start(produce, iq.get_producer(), range(500))
    iq.close()
    assert run(gather_items(consumer)) == list(range(500))
    assert run(gather_items(consumer)) == []
    crew.end()


def test_processes_share_the_items_each_in_a_loop_of_its_own(crew, log):
    iq = IterableQueue(maxsize=10)
    for i in range(3):
        crew.start(consume_async, iq.get_consumer(), log, f"consumer {i}")
    for i in range(2):
        crew.start(produce, iq.get_producer(), [[i, number] for number in range(200)])
    iq.close()
    crew.end()
    items = [what for _, what in log.lines()]
    assert sorted(items) == [[i, number] for i in range(2) for number in range(200)]


def test_several_tasks_share_one_consumer(crew):
    async def main() -> list[list[object]]:
        return await asyncio.gather(*(gather_items(consumer) for _ in range(4)))

    iq = IterableQueue(maxsize=20)
    consumer = iq.get_consumer()
    crew.start(produce, iq.get_producer(), range(500))
    iq.close()
    parts = run(main())
    assert sorted(item for part in parts for item in part) == list(range(500))
    assert all(part == sorted(part) for part in parts)


def test_the_loop_is_free_while_a_task_waits():
    """The item that the task waits for is put by another task of the same loop."""

    async def main() -> list[object]:
        waiting = asyncio.create_task(gather_items(consumer))
        for item in range(3):
            for _ in range(100):
                await asyncio.sleep(0)
            producer.put(item)
        producer.close()
        return await waiting

    iq = IterableQueue()
    producer, consumer = iq.get_producer(), iq.get_consumer()
    iq.close()
    assert run(main()) == [0, 1, 2]


def test_the_loop_is_free_while_items_keep_coming(crew):
    """A consumer that always has an item lets other tasks have their turn."""

    async def count_turns(done: asyncio.Event) -> int:
        turns = 0
        while not done.is_set():
            await asyncio.sleep(0)
            turns += 1
        return turns

    async def main() -> tuple[int, list[object]]:
        done = asyncio.Event()
        other = asyncio.create_task(count_turns(done))
        items = await gather_items(consumer)
        done.set()
        return await other, items

    iq = IterableQueue()
    consumer = iq.get_consumer()
    produce(iq.get_producer(), range(20_000))
    iq.close()
    turns, items = run(main())
    assert items == list(range(20_000))
    assert turns > 2


def test_cancelling_a_task_that_waits_loses_nothing():
    async def main() -> None:
        for item in range(20):
            waiting = asyncio.create_task(anext(consumer))
            for _ in range(item % 5):
                await asyncio.sleep(0)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            producer.put(item)
            assert await anext(consumer) == item

    iq = IterableQueue()
    producer, consumer = iq.get_producer(), iq.get_consumer()
    run(main())


def test_cancelling_at_the_moment_of_an_item_loses_and_doubles_nothing(crew):
    async def main() -> list[object]:
        items: list[object] = []
        while True:
            try:
                items.append(await asyncio.wait_for(anext(consumer), 0.0005))
            except TimeoutError:
                continue
            except StopAsyncIteration:
                return items

    iq = IterableQueue(maxsize=2, batch=2)
    consumer = iq.get_consumer()
    crew.start(produce, iq.get_producer(), range(1000))
    iq.close()
    assert run(main()) == list(range(1000))


def test_cancelling_one_task_leaves_the_others_waiting():
    async def main() -> list[object]:
        tasks = [asyncio.create_task(anext(consumer)) for _ in range(5)]
        for _ in range(20):
            await asyncio.sleep(0)
        tasks[0].cancel()
        tasks[3].cancel()
        for item in range(3):
            producer.put(item)
        return await asyncio.gather(*tasks, return_exceptions=True)

    iq = IterableQueue()
    producer, consumer = iq.get_producer(), iq.get_consumer()
    got = run(main())
    assert [type(one) for one in (got[0], got[3])] == [asyncio.CancelledError] * 2
    assert sorted(one for one in got if isinstance(one, int)) == [0, 1, 2]


def test_a_loop_that_ends_with_a_task_waiting_leaves_a_consumer_that_works():
    async def main() -> None:
        asyncio.create_task(anext(consumer))  # noqa: RUF006 - it is left to the loop's end
        for _ in range(10):
            await asyncio.sleep(0)

    iq = IterableQueue()
    producer, consumer = iq.get_producer(), iq.get_consumer()
    run(main())
    with pytest.raises(Empty):
        consumer.get_nowait()
    producer.put(1)
    assert consumer.get() == 1
    producer.put(2)
    assert run(asyncio.wait_for(anext(consumer), PATIENCE)) == 2


def test_the_death_of_a_producer_ends_a_wait(crew, log):
    iq = IterableQueue()
    consumer = iq.get_consumer()
    doomed = crew.start(produce_and_linger, iq.get_producer(), range(3), log)
    iq.close()

    async def main() -> list[object]:
        items = asyncio.create_task(gather_items(consumer))
        await asyncio.to_thread(wait_for_word, log, "producer")
        crew.kill(doomed)
        return await items

    assert run(main()) == [0, 1, 2]


def test_strict_says_so_in_a_loop_too(crew, log):
    iq = IterableQueue(strict=True)
    consumer = iq.get_consumer()
    doomed = crew.start(produce_and_linger, iq.get_producer(), range(3), log)
    iq.close()
    wait_for_word(log, "producer")
    crew.kill(doomed)
    with pytest.raises(ProducerDied):
        run(gather_items(consumer))


def test_what_a_killed_consumer_held_comes_to_a_waiting_task(crew, log):
    iq = IterableQueue()
    consumer = iq.get_consumer()
    produce(iq.get_producer(), range(100))
    doomed = crew.start(consume_some, iq.get_consumer(), log, "doomed", 20, "linger")
    iq.close()
    wait_for_word(log, "doomed")

    async def main() -> list[object]:
        items = asyncio.create_task(gather_items(consumer))
        for _ in range(50):
            await asyncio.sleep(0)
        crew.kill(doomed)
        return await items

    assert sorted(run(main())) == list(range(20, 100))
