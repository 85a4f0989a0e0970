"""Jobs that make files, beside the pypipegraphs and programs that build files."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from benchmarks import builders, measure
from benchmarks.contest import (
    WORKERS,
    Contestant,
    Settings,
    cold_row,
    keep,
    peer,
    repeated_runs,
    turn,
    weft,
)
from benchmarks.table import Table, megabytes, ratio, seconds

SLOW = ("pypipegraph", "pypipegraph2")
"""They take minutes, so they take part in the first round only."""
NOT_STATE = {builders.FILES, "build.ninja", "Makefile", "output"}
"""What lies in a contestant's folder and is not what its tool remembers."""
CONSUMERS = 4


def cold(settings: Settings) -> Table:
    """10,000 files, none made before."""
    number = 200 if settings.quick else 10_000
    title = f"{number:,} files of a few bytes, cold, whole process"
    make = builders.make(settings, number)
    contestants = [
        Contestant("weft", weft("weft_files.py", "isolated", number, WORKERS).command),
        *_variants(number),
        make,
        builders.ninja(settings, number),
        peer(settings, "pypipegraph", "pypipegraph", "ppg1_files.py", number, WORKERS),
        peer(settings, "pypipegraph2", "pypipegraph2", "ppg2_files.py", number, WORKERS),
    ]
    left = _cold_rounds(settings, title, contestants)
    base = measure.median(make.samples).seconds if make.samples else 0.0
    return Table(
        title,
        ("", "s (median)", "range", "CPU s", "files/s", "ratio to make", "state, bytes/file"),
        [
            cold_row(one, number, base, f"{left.get(one.name, 0) / number:,.0f}")
            for one in contestants
        ],
        f"All make {WORKERS} at a time. Weft and pypipegraph2 have one function for all files, or"
        " where it says so, and pypipegraph, a closure for each; make and ninja run"
        " `echo NAME > NAME`. Weft, make and ninja start a process for each file;"
        " shared: the jobs of Weft share two."
        f" {' and '.join(SLOW)} ran once. State: bytes that the tool leaves"
        " in its folder, without the files made and its script.",
    )


def _variants(number: int) -> list[Contestant]:
    """Weft with shared processes, with one function for all jobs and with a function for each."""
    shapes = {"weft, shared": "shared", "weft, shared, a closure for each": "closures"}
    return [
        Contestant(name, weft("weft_files.py", shape, number, WORKERS).command)
        for name, shape in shapes.items()
    ]


def _cold_rounds(
    settings: Settings, title: str, contestants: Sequence[Contestant]
) -> dict[str, int]:
    """Each from nothing, in turns: the bytes that each tool left, by the contestant's name."""
    left = {}
    for repeat in range(settings.repeats):
        for contestant in turn(contestants, repeat):
            if repeat and contestant.name in SLOW:
                continue
            folder = settings.scratch / f"{contestant.name}-{repeat}"
            keep(settings, title, contestant, folder)
            left[contestant.name] = state(folder)
            shutil.rmtree(folder, ignore_errors=True)
    return left


def state(folder: Path) -> int:
    """Bytes that a tool keeps in ``folder`` to know later what it has done."""
    tops = [top for top in folder.glob("*") if top.name not in NOT_STATE]
    files = [path for top in tops for path in (top, *top.rglob("*")) if path.is_file()]
    return sum(path.stat().st_size for path in files)


def nothing_to_do(settings: Settings) -> Table:
    """100,000 files, all made before and still there."""
    number = 200 if settings.quick else 100_000
    title = f"Nothing to do for {number:,} files, whole process"
    ninja = builders.ninja(settings, number)
    contestants = [
        *_variants(number),
        ninja,
        builders.make(settings, number),
        peer(settings, "doit", "doit", "doit_files.py", number),
    ]
    for contestant in contestants:
        keep(settings, f"{title} (first run)", contestant, settings.scratch / contestant.name)
        contestant.samples.clear()
    repeated_runs(settings, title, contestants)
    for contestant in contestants:
        shutil.rmtree(settings.scratch / contestant.name, ignore_errors=True)
    base = measure.median(ninja.samples).seconds if ninja.samples else 0.0
    return Table(
        title,
        ("", "s (median)", "range", "CPU s", "ratio to ninja", "peak memory"),
        [_noop_row(one, base) for one in contestants],
        "All look whether the files are there; Weft also whether they are as it left them. The"
        " pypipegraphs would need 10 and 20 minutes for the first run.",
    )


def _noop_row(contestant: Contestant, base: float) -> Sequence[str]:
    if not contestant.samples:
        return [contestant.name, contestant.absent, *[""] * 4]
    middle = measure.median(contestant.samples)
    ran = middle.said.get("ran", 0)
    return [
        contestant.name + (f" (but ran {ran:,.0f}!)" if ran else ""),
        seconds(middle.seconds),
        measure.spread(contestant.samples),
        seconds(middle.cpu),
        ratio(middle.seconds, base),
        megabytes(middle.peak),
    ]


def chain(settings: Settings) -> Table:
    """Each file copied from the one before; Weft alone, as both pypipegraphs fail at 1,000."""
    sizes = (50,) if settings.quick else (1_000, 10_000, 100_000)
    return Table(
        "A chain of jobs that make files",
        ("files", "cold s", "µs/file", "nothing to do s", "µs/file", "peak memory"),
        [_chain_row(settings, size) for size in sizes],
        "Whole processes, one run each.",
    )


def _chain_row(settings: Settings, size: int) -> Sequence[str]:
    contestant = weft("weft_files.py", "chain", size, WORKERS)
    folder = settings.scratch / f"files-chain-{size}"
    made = keep(settings, f"chain of {size:,} files, cold", contestant, folder)
    noop = keep(settings, f"chain of {size:,} files, nothing to do", contestant, folder)
    shutil.rmtree(folder, ignore_errors=True)
    if made is None or noop is None:
        return [f"{size:,}", contestant.absent, *[""] * 4]
    return [
        f"{size:,}",
        seconds(made.seconds),
        f"{made.seconds / size * 1e6:.1f}",
        seconds(noop.seconds),
        f"{noop.seconds / size * 1e6:.1f}",
        megabytes(max(made.peak, noop.peak)),
    ]


def loading(settings: Settings) -> Table:
    """An array that several jobs read at the same time, loaded once."""
    size = 8_000_000 if settings.quick else 1_000_000_000
    title = f"An array of {size // 1_000_000:,} MB loaded for {CONSUMERS} jobs at a time"
    rows = []
    for consumers in (1, CONSUMERS):
        contestant = weft("weft_loading.py", size, consumers)
        folder = settings.scratch / f"loading-{consumers}"
        sample = keep(settings, f"{title}, {consumers} consumers", contestant, folder)
        shutil.rmtree(folder, ignore_errors=True)
        taken = sample.said["memory"] if sample else 0
        told = [seconds(sample.seconds), megabytes(taken), ratio(taken, size)] if sample else []
        rows.append([f"weft, {consumers}", *(told or [contestant.absent, "", ""])])
    return Table(
        title,
        ("consumers", "s", "memory of all processes", "ratio to the array"),
        rows,
        "Memory: proportional set size (Linux), added up over all processes once all consumers"
        " have read the whole array and none has ended.",
    )
