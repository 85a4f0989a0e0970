"""Arrays from a producer process to a consumer process, one after the other: TOOL SIZE ROUNDS.

Tells, for the first and for the median of the others, the seconds from the begin of the put until
the consumer has the array in hand, and those that it then takes to add it up; and the medians of
what they are compared with, done between the transfers: one copy and one sum of a plain array.
"""

import json
import multiprocessing
import statistics
import sys
import time

import numpy as np

CONTEXT = multiprocessing.get_context("fork")


def plain_ends():
    queue = CONTEXT.Queue()
    return queue, queue


def weft_ends():
    from weft.queues import IterableQueue

    queue = IterableQueue(context=CONTEXT)
    with queue:
        return queue.get_producer(), queue.get_consumer()


TOOLS = {"Queue": plain_ends, "weft": weft_ends}


def consume(consumer, answers, size, rounds):
    """Take each array, let go of it and say when what happened."""
    for number in range(rounds):
        array = consumer.get()
        in_hand = time.monotonic()
        total = array.sum()
        added_up = time.monotonic()
        if array.nbytes != size or total != expected(size, number):
            raise SystemExit(f"another array than the one that was put in round {number}")
        del array
        answers.send((in_hand, added_up))


def expected(size, number):
    """Sum of the array of that round: whole numbers below 2**53, so exact in any order."""
    length = size // 8
    return length * (length - 1) // 2 + number


def transfer(producer, answers, array, number):
    """Put the array, with its first element made the number of the round."""
    array[0] = number
    began = time.monotonic()
    producer.put(array)
    in_hand, added_up = answers.recv()
    return {"hand": in_hand - began, "sum": added_up - in_hand}


def plain(array, other):
    """What the machine takes for a copy and for a sum, in touched memory."""
    began = time.monotonic()
    np.copyto(other, array)
    copied = time.monotonic()
    array.sum()
    return {"plain_copy": copied - began, "plain_sum": time.monotonic() - copied}


def middle(rounds, name):
    return statistics.median(one[name] for one in rounds)


def main():
    tool, size, rounds = sys.argv[1], *map(int, sys.argv[2:])
    producer, consumer = TOOLS[tool]()
    answers, say = CONTEXT.Pipe(duplex=False)
    process = CONTEXT.Process(target=consume, args=(consumer, say, size, rounds))
    process.start()
    say.close()
    array = np.arange(size // 8, dtype=np.float64)
    other = array.copy()
    done = [
        transfer(producer, answers, array, number) | plain(array, other) for number in range(rounds)
    ]
    process.join()
    said = {f"first_{name}": done[0][name] for name in ("hand", "sum")}
    print(json.dumps(said | {name: middle(done[1:], name) for name in done[0]}))
    raise SystemExit(process.exitcode)


if __name__ == "__main__":
    main()
