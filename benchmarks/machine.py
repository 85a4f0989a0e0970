"""What the figures were measured on: a table without it says nothing."""

from __future__ import annotations

import os
import platform
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

SHARED_MEMORY = Path("/dev/shm")
NEEDED = 8 * 2**30
"""Bytes of scratch space: a million jobs and 100,000 files of a peer."""


def describe(scratch: Path) -> str:
    """Processor, memory, system, Python and date, in one line."""
    return (
        f"{os.cpu_count()} x {_processor()}, {_memory()}, {platform.system()}"
        f" {platform.release()}, Python {platform.python_version()};"
        f" scratch folder on {_kind(scratch)};"
        f" {datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
    )


def load() -> str:
    """The load averages over 1, 5 and 15 minutes; the benchmarks themselves make up to 2."""
    return ", ".join(f"{value:.1f}" for value in os.getloadavg())


def _processor() -> str:
    path = Path("/proc/cpuinfo")
    if path.exists():
        for line in path.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _memory() -> str:
    pages, size = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    return f"{pages * size / 2**30:.0f} GiB"


def _kind(scratch: Path) -> str:
    return "/dev/shm (memory)" if SHARED_MEMORY in scratch.parents else "disk"


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """An empty folder: in memory where there is room, as a disk can outweigh the tool."""
    shared = SHARED_MEMORY.is_dir() and shutil.disk_usage(SHARED_MEMORY).free > NEEDED
    where = SHARED_MEMORY if shared else None
    with tempfile.TemporaryDirectory(prefix="weft-bench-", dir=where) as folder:
        yield Path(folder)
