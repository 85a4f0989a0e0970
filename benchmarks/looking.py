"""How long the console takes to answer, with many jobs in the store."""

from __future__ import annotations

import shutil
import sys

from benchmarks.contest import WORKERS, WORKLOADS, Contestant, Settings, keep, weft
from benchmarks.table import Table, seconds

SIZES = (10_000, 100_000)
FOLDER = "out"


def answers(settings: Settings) -> Table:
    """Commands that look, in a process that has the folder open; and one as a whole process."""
    sizes = (100,) if settings.quick else SIZES
    heads = ("jobs", "opening", "ls", "ls blocked", "stats", "why JOB", "why", "details JOB")
    return Table(
        "Answers of the console",
        (*heads, "weft DIR stats, whole process"),
        [_row(settings, size) for size in sizes],
        "Seconds; layered graph, all jobs done. Opening and commands are medians of"
        f" {settings.repeats} in one process, output to a file; ls lists every job.",
    )


def _row(settings: Settings, size: int) -> list[str]:
    folder = settings.scratch / f"looking-{size}"
    made = weft("weft_graph.py", "layers", size, WORKERS)
    keep(settings, f"looking, {size:,} jobs, made first", made, folder)
    script = [sys.executable, str(WORKLOADS / "weft_looking.py"), FOLDER, str(settings.repeats)]
    inside = Contestant("weft", lambda _folder: script)
    looked = keep(settings, f"looking, {size:,} jobs", inside, folder)
    program = [sys.executable, "-m", "weft", FOLDER, "stats"]
    outside = Contestant("weft", lambda _folder: program)
    whole = [
        keep(settings, f"weft DIR stats, {size:,} jobs", outside, folder)
        for _ in range(settings.repeats)
    ]
    shutil.rmtree(folder, ignore_errors=True)
    if looked is None or None in whole:
        return [f"{size:,}", made.absent or inside.absent or outside.absent, *[""] * 7]
    ordered = sorted(one.seconds for one in whole if one is not None)
    return [
        f"{size:,}",
        *(seconds(value) for name, value in looked.said.items() if name != "ran"),
        seconds(ordered[len(ordered) // 2]),
    ]
