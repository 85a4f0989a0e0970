"""Items from producer processes to consumer processes, beside other queues."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from benchmarks import measure
from benchmarks.contest import Contestant, Settings, fresh_runs, peer, weft
from benchmarks.measure import Sample
from benchmarks.table import Table, ratio

LIMIT = 120.0
"""Seconds for one run: some queues hang where a process of theirs dies."""
FEWER = 50
"""The slowest queue gets the number of items divided by this."""
SIMPLE, QUEUE = "multiprocessing.SimpleQueue", "multiprocessing.Queue"
ITEM_PEERS = {
    SIMPLE: ("", "SimpleQueue"),
    QUEUE: ("", "Queue"),
    "faster-fifo, get": ("faster-fifo", "faster-fifo-get"),
    "faster-fifo, get_many": ("faster-fifo", "faster-fifo-get-many"),
    "iterable-queue": ("iterable-queue", "iterable-queue"),
}
"""By the name of the row: the package, and the word for the workload."""
NOTE = (
    "From the first put to the moment when the last consumer knows of the end; each item is put"
    " alone, and the consumers' counts and sums are checked. CPU: all processes, without the start"
    " of the first. Weft and iterable-queue know of the end themselves; for the others the main"
    " process puts one None for each consumer once the producers are through. iterable-queue gets"
    f" {FEWER} times fewer items."
)


def one_to_one(settings: Settings) -> Table:
    """One producer, one consumer."""
    number = 5_000 if settings.quick else 500_000
    contestants = [
        _weft("weft", "weft", number, 1),
        _weft("weft, batch=1", "weft-unbatched", number, 1),
        *(_peer(settings, name, number, 1) for name in ITEM_PEERS),
    ]
    title = f"{number:,} integers through a queue, one producer and one consumer"
    return _compare(settings, title, number, contestants, (SIMPLE, QUEUE))


def many_to_many(settings: Settings) -> Table:
    """Four producers, four consumers."""
    number = 5_000 if settings.quick else 1_000_000
    contestants = [
        _weft("weft", "weft", number, 4),
        _weft("weft, maxsize=1000", "weft-bounded", number, 4),
        *(_peer(settings, name, number, 4) for name in ITEM_PEERS if name != SIMPLE),
    ]
    title = f"{number:,} integers through a queue, four producers and four consumers"
    return _compare(settings, title, number, contestants, (QUEUE,))


def _weft(name: str, word: str, number: int, sides: int) -> Contestant:
    command = weft("queue_items.py", word, number, sides, sides).command
    return Contestant(name, command, limit=LIMIT)


def _peer(settings: Settings, name: str, number: int, sides: int) -> Contestant:
    package, word = ITEM_PEERS[name]
    number = _items(name, number)
    found = peer(settings, name, package, "queue_items.py", word, number, sides, sides)
    return replace(found, limit=LIMIT)


def _items(name: str, number: int) -> int:
    """How many of the items that contestant gets."""
    return number // FEWER if name == "iterable-queue" else number


def _compare(
    settings: Settings,
    title: str,
    number: int,
    contestants: Sequence[Contestant],
    bases: Sequence[str],
) -> Table:
    """Run in turns; the ratios are to the contestants named in ``bases``."""
    fresh_runs(settings, title, contestants)
    for contestant in contestants:
        items = _items(contestant.name, number)
        contestant.samples = [_per_item(sample, items) for sample in contestant.samples]
    middles = {one.name: measure.median(one.samples) for one in contestants if one.samples}
    ratios = [middles[base].seconds if base in middles else 0.0 for base in bases]
    heads = ("", "items", "µs/item (median)", "range", "CPU µs/item", "items/s")
    return Table(
        title,
        (*heads, *(f"ratio to {base.rpartition('.')[2]}" for base in bases)),
        [_item_row(one, _items(one.name, number), ratios) for one in contestants],
        NOTE,
    )


def _per_item(sample: Sample, items: int) -> Sample:
    """What one item took, in the words of the workload."""
    cpu = sample.cpu - sample.said["cpu_before"]
    return replace(sample, seconds=sample.said["seconds"] / items, cpu=cpu / items)


def _item_row(contestant: Contestant, items: int, bases: Sequence[float]) -> Sequence[str]:
    if not contestant.samples:
        return [contestant.name, contestant.absent, *[""] * (4 + len(bases))]
    middle = measure.median(contestant.samples)
    return [
        contestant.name,
        f"{items:,}",
        f"{middle.seconds * 1e6:.2f}",
        _range(contestant.samples, 1e6),
        f"{middle.cpu * 1e6:.2f}",
        f"{1 / middle.seconds:,.0f}",
        *(ratio(middle.seconds, base) for base in bases),
    ]


def _range(samples: Sequence[Sample], scale: float) -> str:
    """From the shortest to the longest, times ``scale``; empty where there is one only."""
    return measure.spread([replace(one, seconds=one.seconds * scale) for one in samples])


def arrays(settings: Settings) -> Table:
    """Arrays of 100 MB, one after the other, beside a copy of the memory."""
    size, rounds = (1_000_000, 3) if settings.quick else (100_000_000, 11)
    title = f"Arrays of {size // 1_000_000} MB through a queue, one after the other"
    contestants = [
        weft("queue_arrays.py", "weft", size, rounds),
        peer(settings, QUEUE, "numpy", "queue_arrays.py", "Queue", size, rounds),
    ]
    contestants = [replace(one, limit=LIMIT) for one in contestants]
    fresh_runs(settings, title, contestants)
    for contestant in contestants:
        contestant.samples = [
            replace(sample, seconds=sample.said["hand"]) for sample in contestant.samples
        ]
    heads = ("first", "in hand (median)", "range", "one copy", "ratio")
    sums = ("its first sum", "its sum", "sum of a plain array", "ratio")
    return Table(
        title,
        ("", *heads, *sums),
        [_array_row(contestant) for contestant in contestants],
        "Milliseconds. From the begin of the put until the consumer has the array in hand, and what"
        f" it then takes to add up all of it; medians of transfers 2 to {rounds} in the median"
        " process. The consumer lets go of each array before the next. One copy (`np.copyto`) and"
        " the sum of a plain array are taken in the producer, between the transfers.",
    )


def _array_row(contestant: Contestant) -> Sequence[str]:
    if not contestant.samples:
        return [contestant.name, contestant.absent, *[""] * 8]
    said = measure.median(contestant.samples).said
    return [
        contestant.name,
        _milli(said["first_hand"]),
        _milli(said["hand"]),
        _range(contestant.samples, 1e3),
        _milli(said["plain_copy"]),
        ratio(said["hand"], said["plain_copy"]),
        _milli(said["first_sum"]),
        _milli(said["sum"]),
        _milli(said["plain_sum"]),
        ratio(said["sum"], said["plain_sum"]),
    ]


def _milli(value: float) -> str:
    return f"{value * 1e3:.1f}"
