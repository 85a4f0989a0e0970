"""Independent calls that do nothing: what a tool itself costs, cold and with nothing to do."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence

from benchmarks import builders, measure
from benchmarks.contest import (
    WORKERS,
    Contestant,
    Settings,
    cold_row,
    fresh_runs,
    keep,
    peak,
    peer,
    repeated_runs,
    weft,
)
from benchmarks.table import Table, megabytes, ratio, seconds


def cold(settings: Settings) -> Table:
    """20,000 calls, none done before."""
    number = 500 if settings.quick else 20_000
    title = f"{number:,} independent no-op calls, cold, whole process"
    pool = peer(settings, "ProcessPoolExecutor", "", "pool_calls.py", number, WORKERS)
    contestants = [
        weft("weft_graph.py", "independent", number, WORKERS),
        pool,
        peer(settings, "joblib.Memory", "joblib", "joblib_calls.py", number),
        peer(settings, "doit", "doit", "doit_calls.py", number),
    ]
    fresh_runs(settings, title, contestants)
    base = measure.median(pool.samples).seconds if pool.samples else 0.0
    return Table(
        title,
        ("", "s (median)", "range", "CPU s", "calls/s", "ratio to the pool", "peak memory"),
        [cold_row(one, number, base, peak(one)) for one in contestants],
        f"Weft: `comp` and `parmake n={WORKERS}`, all results kept durably. ProcessPoolExecutor:"
        f" `submit` and `result()` with {WORKERS} workers, remembers nothing. joblib.Memory and"
        " doit: one process, results kept.",
    )


def nothing_to_do(settings: Settings) -> Table:
    """100,000 calls, all done before."""
    number = 500 if settings.quick else 100_000
    title = f"Nothing to do for {number:,} jobs, whole process"
    ninja = builders.ninja(settings, number)
    contestants = [
        weft("weft_graph.py", "independent", number, WORKERS),
        ninja,
        peer(settings, "joblib.Memory", "joblib", "joblib_calls.py", number),
        peer(settings, "doit", "doit", "doit_calls.py", number),
    ]
    for contestant in contestants:
        keep(settings, f"{title} (first run)", contestant, settings.scratch / contestant.name)
        contestant.samples.clear()
    repeated_runs(settings, title, contestants)
    bare = interpreter_peak(settings)
    base = measure.median(ninja.samples).seconds if ninja.samples else 0.0
    rows = [_noop_row(contestant, number, base, bare) for contestant in contestants]
    for contestant in contestants:
        shutil.rmtree(settings.scratch / contestant.name, ignore_errors=True)
    return Table(
        title,
        ("", "s (median)", "range", "CPU s", "ratio to ninja", "peak memory", "bytes/job"),
        rows,
        "Bytes per job are above the peak of `python -c pass`"
        f" ({bare / 2**20:.1f} MiB); not given for ninja, which is no Python. ninja's"
        " jobs are files made by a shell command, the others' are values.",
    )


def _noop_row(contestant: Contestant, number: int, base: float, bare: int) -> Sequence[str]:
    if not contestant.samples:
        return [contestant.name, contestant.absent, "", "", "", "", ""]
    middle = measure.median(contestant.samples)
    ran = middle.said.get("ran", 0)
    above = "" if contestant.name == "ninja" else f"{(middle.peak - bare) / number:,.0f}"
    return [
        contestant.name + (f" (but ran {ran:,.0f}!)" if ran else ""),
        seconds(middle.seconds),
        measure.spread(contestant.samples),
        seconds(middle.cpu),
        ratio(middle.seconds, base),
        megabytes(middle.peak),
        above,
    ]


def interpreter_peak(settings: Settings) -> int:
    """Bytes that a Python process takes which does nothing."""
    return measure.sample([sys.executable, "-c", "pass"], cwd=settings.scratch).peak
