"""Integers through a queue of processes: TOOL NUMBER PRODUCERS CONSUMERS.

Tells the seconds from the first put to the moment when the last consumer knows of the end, and what
this process had taken of the processor before, by its start and imports.
"""

import json
import multiprocessing
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import chain

CONTEXT = multiprocessing.get_context("fork")


@dataclass
class Ends:
    """What the processes get of a queue, and what they do with it."""

    producers: list
    consumers: list
    end: Callable
    """Called when all producers are through: says that nothing more will come."""
    items: Callable = iter
    """Makes an iterable of items from a consumer."""
    leave: Callable = lambda _producer: None
    """What a producer does after its last item."""


def by_hand(queue, producers, consumers, items):
    """Of a queue that knows of no end: one None for each consumer says it."""

    def end():
        for _ in range(consumers):
            queue.put(None)

    return Ends([queue] * producers, [queue] * consumers, end, items)


def one_by_one(queue):
    return iter(queue.get, None)


def many_at_once(queue):
    return chain.from_iterable(batches(queue))


def batches(queue):
    """Lists of items; what the end said to the other consumers goes back to them."""
    while (batch := queue.get_many())[-1] is not None:
        yield batch
    ends = batch.count(None)
    for _ in range(ends - 1):
        queue.put(None)
    yield batch[:-ends]


def simple_queue(*sides):
    return by_hand(CONTEXT.SimpleQueue(), *sides, one_by_one)


def plain_queue(*sides):
    return by_hand(CONTEXT.Queue(), *sides, one_by_one)


def faster_fifo(items, *sides):
    import faster_fifo

    return by_hand(faster_fifo.Queue(), *sides, items)


def iterable(queue, producers, consumers):
    """Of a queue that knows its end itself."""
    return Ends(
        [queue.get_producer() for _ in range(producers)],
        [queue.get_consumer() for _ in range(consumers)],
        queue.close,
        leave=lambda producer: producer.close(),
    )


def iterable_queue(*sides):
    from iterable_queue import IterableQueue

    return iterable(IterableQueue(), *sides)


def weft(settings, *sides):
    from weft.queues import IterableQueue

    return iterable(IterableQueue(context=CONTEXT, **settings), *sides)


TOOLS = {
    "SimpleQueue": simple_queue,
    "Queue": plain_queue,
    "faster-fifo-get": partial(faster_fifo, one_by_one),
    "faster-fifo-get-many": partial(faster_fifo, many_at_once),
    "iterable-queue": iterable_queue,
    "weft": partial(weft, {}),
    "weft-unbatched": partial(weft, {"batch": 1}),
    "weft-bounded": partial(weft, {"maxsize": 1000}),
}


def produce(ready, report, producer, numbers, leave):
    put = producer.put
    ready.wait()
    report.put({"began": time.monotonic()})
    for number in numbers:
        put(number)
    leave(producer)


def consume(ready, report, consumer, items):
    ready.wait()
    count = total = 0
    for number in items(consumer):
        count += 1
        total += number
    report.put({"ended": time.monotonic(), "count": count, "total": total})


def transfer(ends, number):
    """Pass the numbers below ``number``; what each process reports."""
    producers, consumers = len(ends.producers), len(ends.consumers)
    ready, report = CONTEXT.Barrier(producers + consumers), CONTEXT.SimpleQueue()
    takers = [start(consume, ready, report, one, ends.items) for one in ends.consumers]
    givers = [
        start(produce, ready, report, one, range(i, number, producers), ends.leave)
        for i, one in enumerate(ends.producers)
    ]
    join(givers)
    ends.end()
    join(takers)
    return [report.get() for _ in range(producers + consumers)]


def start(target, *words):
    process = CONTEXT.Process(target=target, args=words)
    process.start()
    return process


def join(processes):
    for process in processes:
        process.join()
        if process.exitcode:
            raise SystemExit(f"a process ended with exit code {process.exitcode}")


def check(reports, number):
    """That the consumers got each number once."""
    count = sum(one.get("count", 0) for one in reports)
    total = sum(one.get("total", 0) for one in reports)
    if (count, total) != (number, number * (number - 1) // 2):
        raise SystemExit(f"{count:,} of {number:,} items came, with the sum {total:,}")


def main():
    tool, number, producers, consumers = sys.argv[1], *map(int, sys.argv[2:])
    ends = TOOLS[tool](producers, consumers)
    before = time.process_time()
    reports = transfer(ends, number)
    check(reports, number)
    began = min(one["began"] for one in reports if "began" in one)
    ended = max(one["ended"] for one in reports if "ended" in one)
    print(json.dumps({"seconds": ended - began, "cpu_before": before}))


if __name__ == "__main__":
    main()
