"""An array of 100 MB made by one job and read by the next."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from benchmarks import measure
from benchmarks.contest import WORKERS, Contestant, Settings, fresh_runs, peer, weft
from benchmarks.table import Table, megabytes, seconds


def passing(settings: Settings) -> Table:
    """Make, keep and read once."""
    size = 1_000_000 if settings.quick else 100_000_000
    title = f"An array of {size // 1_000_000} MB passed between two jobs"
    contestants = [
        weft("weft_array.py", size, WORKERS),
        peer(settings, "ProcessPoolExecutor", "numpy", "pool_array.py", size, WORKERS),
        peer(settings, "joblib.Memory", "joblib", "joblib_array.py", size),
    ]
    fresh_runs(settings, title, contestants)
    return Table(
        title,
        ("", "s (median)", "range", "written", "peak memory of one process"),
        [_row(contestant) for contestant in contestants],
        "Written: size of the files that the tool left. The making job fills the array (one copy in"
        " its memory), the reading one sums it up.",
    )


def _row(contestant: Contestant) -> Sequence[str]:
    if not contestant.samples:
        return [contestant.name, contestant.absent, "", "", ""]
    middle = measure.median(contestant.samples)
    return [
        contestant.name,
        seconds(middle.seconds),
        measure.spread(contestant.samples),
        megabytes(middle.said["written"]),
        megabytes(middle.peak),
    ]


def written(folder: Path) -> int:
    """Bytes of all files below ``folder``."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
