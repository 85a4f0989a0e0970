"""How much memory jobs use, and whether the kernel killed something because there was none left."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

MEGABYTE = 2**20


@dataclass(frozen=True, slots=True)
class Usage:
    """What a process and its descendants use."""

    rss: int
    """Bytes; pages that they share count for each."""
    cpu: float
    """Seconds of processor time since they started."""


def usage_of(pid: int) -> Usage | None:
    """What a process and its descendants use; None when it is gone.

    Read from ``/proc`` where there is one, process by process from parent to children: 0.05 ms for
    each, while psutil looks at all the processes of the machine.

    >>> usage_of(os.getpid()).rss > 2**20
    True
    """
    if not os.path.exists("/proc/self/stat"):  # noqa: PTH110 - asked for each worker
        return _psutil_usage(pid)
    pages = ticks = 0
    family = [pid]
    for one in family:
        try:
            with open(f"/proc/{one}/stat", "rb") as file:  # noqa: PTH123 - see above
                data = file.read()
        except OSError:
            continue
        fields = data[data.rindex(b")") + 2 :].split()
        ticks += sum(map(int, fields[11:15]))  # its own, and of children that ended
        pages += int(fields[21])
        family += _children(one)
    if not pages:
        return None
    return Usage(pages * os.sysconf("SC_PAGE_SIZE"), ticks / os.sysconf("SC_CLK_TCK"))


def _children(pid: int) -> list[int]:
    found: list[int] = []
    try:
        for thread in os.listdir(f"/proc/{pid}/task"):  # noqa: PTH208 - see above
            with open(f"/proc/{pid}/task/{thread}/children") as file:  # noqa: PTH123
                found += map(int, file.read().split())
    except OSError:
        return found  # it has ended, or this kernel does not tell
    return found


def _psutil_usage(pid: int) -> Usage | None:
    import psutil

    try:
        process = psutil.Process(pid)
        family = [process, *process.children(recursive=True)]
    except psutil.Error:
        return None
    return Usage(sum(_of(one, shared=True) for one in family), sum(map(_cpu_of, family)))


def _cpu_of(process: object) -> float:
    import psutil

    assert isinstance(process, psutil.Process)
    try:
        return sum(process.cpu_times()[:4])
    except psutil.Error:
        return 0.0


def memory_of(pid: int, limit: int) -> int | None:
    """Bytes that a process and its descendants have in memory; None when it is gone.

    Above ``limit`` the pages that it shares with others (those of the main process, inherited by
    fork) are left out. That takes longer: 1 ms per 100 MB, against 0.02 ms.
    """
    import psutil

    try:
        process = psutil.Process(pid)
        family = [process, *process.children(recursive=True)]
    except psutil.Error:
        return None
    total = sum(_of(one, shared=True) for one in family)
    if total <= limit:
        return total
    return sum(_of(one, shared=False) for one in family)


def _of(process: object, *, shared: bool) -> int:
    import psutil

    assert isinstance(process, psutil.Process)
    try:
        if shared:
            return int(process.memory_info().rss)
        return int(process.memory_full_info().uss)
    except psutil.Error:
        return 0


def over_limit(used: int, limit: int) -> str:
    """What to tell of a job that took more than it declared.

    >>> over_limit(512 * 2**20, 256 * 2**20)
    'used 512 MB, more than its declared 256 MB'
    """
    return f"used {used // MEGABYTE} MB, more than its declared {limit // MEGABYTE} MB"


class OomCounter:
    """Counts what the kernel has killed for want of memory, in this cgroup or at all."""

    def __init__(self) -> None:
        self._files = [Path("/proc/vmstat"), *_cgroup_files()]
        self._seen = self._read()

    def rose(self) -> bool:
        """Whether something was killed since the last call."""
        before, self._seen = self._seen, self._read()
        return any(now > then for now, then in zip(self._seen, before, strict=True))

    def _read(self) -> list[int]:
        return [_count(file) for file in self._files]


def _count(file: Path) -> int:
    try:
        lines = file.read_text().splitlines()
    except OSError:
        return 0
    counts = [line.split()[1] for line in lines if line.startswith("oom_kill ")]
    return int(counts[0]) if counts else 0


def _cgroup_files() -> list[Path]:
    """Where the counts of this process's cgroup are, for both versions of cgroups."""
    files = []
    try:
        lines = Path("/proc/self/cgroup").read_text().splitlines()
    except OSError:
        return []
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if not controllers:
            files.append(Path(f"/sys/fs/cgroup{path}/memory.events"))
        elif "memory" in controllers.split(","):
            files.append(Path(f"/sys/fs/cgroup/memory{path}/memory.oom_control"))
    return [file for file in files if file.exists()]
