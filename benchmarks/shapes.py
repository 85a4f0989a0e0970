"""Graphs of several shapes and sizes: does the cost per job stay the same as they grow?"""

from __future__ import annotations

import shutil
from collections.abc import Sequence

from benchmarks.contest import WORKERS, Contestant, Settings, keep, weft
from benchmarks.table import Table, megabytes, seconds

SHAPES = ("independent", "chain", "fan-in", "layers")
SIZES = (1_000, 10_000, 100_000)
MILLION = 1_000_000


def growth(settings: Settings) -> Table:
    """Each shape at each size: cold and with nothing to do."""
    sizes = (100, 400) if settings.quick else SIZES
    rows = [_row(settings, shape, size) for shape in SHAPES for size in sizes]
    return Table(
        "Growth with the number of jobs",
        ("shape", "jobs", "cold s", "µs/job", "nothing to do s", "µs/job", "peak memory"),
        rows,
        "fan-in: one job takes the results of all the others. layers: ten layers, three"
        " dependencies per job. Whole processes, one cold run each, the better of two no-ops.",
    )


def million(settings: Settings) -> Table:
    """The largest graph, once."""
    size = 1_000 if settings.quick else MILLION
    row = _row(settings, "independent", size)
    return Table(
        f"{size:,} jobs, once",
        ("shape", "jobs", "cold s", "µs/job", "nothing to do s", "µs/job", "peak memory"),
        [row],
    )


def _row(settings: Settings, shape: str, size: int) -> Sequence[str]:
    contestant = weft("weft_graph.py", shape, size, WORKERS)
    folder = settings.scratch / f"{shape}-{size}"
    title = f"{shape}, {size:,} jobs"
    cold = keep(settings, f"{title}, cold", contestant, folder)
    noops = [keep(settings, f"{title}, nothing to do", contestant, folder) for _ in range(2)]
    shutil.rmtree(folder, ignore_errors=True)
    if cold is None or None in noops:
        return [shape, f"{size:,}", contestant.absent, "", "", "", ""]
    noop = min(noops, key=lambda one: one.seconds)
    return [
        shape,
        f"{size:,}",
        seconds(cold.seconds),
        f"{cold.seconds / size * 1e6:.1f}",
        seconds(noop.seconds),
        f"{noop.seconds / size * 1e6:.1f}",
        megabytes(max(cold.peak, noop.peak)),
    ]


def changed_leaf(settings: Settings) -> Table:
    """One argument in the lowest layer changes, and changes back."""
    sizes = (100, 400) if settings.quick else SIZES
    return Table(
        "One changed leaf in the layered graph",
        ("jobs", "nothing to do s", "changed s", "jobs run", "changed back s", "jobs run"),
        [_leaf_row(settings, size) for size in sizes],
        "Medians of 3 whole processes; each change is to a value not seen before. The leaf reaches"
        " 100 jobs at each size, so what grows is the check, not the work.",
    )


def _leaf_row(settings: Settings, size: int) -> Sequence[str]:
    folder = settings.scratch / f"leaf-{size}"
    start = weft("weft_graph.py", "layers", size, WORKERS, 0)
    keep(settings, f"leaf, {size:,} jobs, cold", start, folder)
    start.samples.clear()
    changes = Contestant("weft", start.command)
    backs = Contestant("weft", start.command)
    for leaf in (1, 2, 3) if not settings.quick else (1,):
        keep(settings, f"leaf, {size:,} jobs, nothing to do", start, folder)
        changed = weft("weft_graph.py", "layers", size, WORKERS, leaf)
        changes.samples += filter(None, [keep(settings, "leaf, changed", changed, folder)])
        backs.samples += filter(None, [keep(settings, "leaf, changed back", start, folder)])
        if start.out or changed.out:
            return [f"{size:,}", start.absent or changed.absent, "", "", "", ""]
        start.samples.pop()
    shutil.rmtree(folder, ignore_errors=True)
    return [f"{size:,}", _median(start), *_median_and_ran(changes), *_median_and_ran(backs)]


def _median(contestant: Contestant) -> str:
    ordered = sorted(one.seconds for one in contestant.samples)
    return seconds(ordered[len(ordered) // 2])


def _median_and_ran(contestant: Contestant) -> tuple[str, str]:
    ran = {int(one.said["ran"]) for one in contestant.samples}
    return _median(contestant), ", ".join(map(str, sorted(ran)))
