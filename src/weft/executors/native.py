"""Threads of C libraries: whether a fork is safe beside them, and how many each job may have."""

from __future__ import annotations

import _thread
import os
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

THREAD_VARIABLES = (
    *("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS"),
    *("NUMEXPR_NUM_THREADS", "VECLIB_MAXIMUM_THREADS", "NUMBA_NUM_THREADS"),
    *("POLARS_MAX_THREADS", "RAYON_NUM_THREADS"),
)
"""What libraries ask when they are loaded, or programs when they start."""
_TASKS = Path("/proc/self/task")
_MAPS = Path("/proc/self/maps")
_SAFE_NAMES = ("jemalloc_bg_thd",)
"""Threads that a fork leaves in order: jemalloc's, which pandas brings along, has handlers."""
_LOOKS, _BETWEEN_LOOKS = 5, 0.002
"""A thread that has just ended stays in the list for a moment."""
_NAMED = ("polars", "gomp", "iomp", "libomp", "tbb", "rayon")
"""Parts of the names of libraries whose threads a fork does not survive."""


def unsafe_threads() -> int:
    """How many threads run beside this one, Python's or others, that a fork does not survive."""
    return threading.active_count() - 1 + native_threads()


def native_threads() -> int:
    """How many threads of C libraries run in this process beside which a fork may hang its child.

    A forked process has one thread, but the library still believes in the others, and waits for
    them: GNU's OpenMP, polars. OpenBLAS ends its threads before a fork and starts them again, so as
    many as it may have are left out.
    """
    found = _native_threads()
    for _ in range(_LOOKS):
        if not found:
            break
        time.sleep(_BETWEEN_LOOKS)
        found = _native_threads()
    return found


def _native_threads() -> int:
    others = _thread._count() + 1  # those that Python started, and this one
    if sys.platform != "linux":
        import psutil

        return max(0, psutil.Process().num_threads() - others)
    names = list(_thread_names())
    native = len(names) - others - sum(name in _SAFE_NAMES for name in names)
    return max(0, native - _blas_threads()) if native > 0 else 0


def warn_of_threads() -> None:
    """Say that workers which have to be forked from this process may hang, if that is so."""
    if not native_threads():
        return
    libraries = threaded_libraries()
    whose = f" ({', '.join(libraries)})" if libraries else ""
    warnings.warn(
        f"Threads of C libraries{whose} run in this process, and the workers are forked from it,"
        " since loading jobs need that: a job that uses the same library may wait for ever. Use it"
        " in jobs only, or set OMP_NUM_THREADS=1 and POLARS_MAX_THREADS=1 before it is imported.",
        RuntimeWarning,
        stacklevel=2,
    )


def threaded_libraries() -> list[str]:
    """Names of the loaded libraries whose threads a fork does not survive."""
    return sorted({name for name in _NAMED for path in _libraries() if name in Path(path).name})


def _thread_names() -> Iterator[str]:
    for task in _TASKS.iterdir():
        try:
            yield (task / "comm").read_text().strip()
        except OSError:  # it has ended
            continue


def _libraries() -> set[str]:
    """Paths of the shared libraries in memory."""
    try:
        lines = _MAPS.read_bytes().splitlines()
    except OSError:
        return set()
    return {os.fsdecode(line.split(maxsplit=5)[-1]) for line in lines if b".so" in line}


def _blas_threads() -> int:
    """How many threads the loaded copies of OpenBLAS may have started."""
    copies = sum("openblas" in Path(path).name for path in _libraries())
    return copies * (_all_cores() - 1)


def _all_cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class ThreadLimit:
    """How many threads C libraries use for one job: as many as it asks for cores.

    Eight fits of HistGradientBoosting by two workers take 100 s where each uses both cores, and 8 s
    where each has one. What the user has set in the environment stays.
    """

    __slots__ = ("_chosen", "_cores", "_limit")

    def __init__(self) -> None:
        self._chosen = [name for name in THREAD_VARIABLES if name not in os.environ]
        self._cores = 0
        self._limit: object = None

    def __repr__(self) -> str:
        return f"ThreadLimit({self._cores})"

    def set(self, cores: int) -> bool:
        """Allow ``cores`` threads from now on; whether that is a change."""
        if cores == self._cores:
            return False
        self._cores = cores
        for name in self._chosen:
            os.environ[name] = str(cores)
        if self._chosen and "numpy" in sys.modules:
            self._limit_loaded(cores)
        return True

    def _limit_loaded(self, cores: int) -> None:
        """Tell the libraries that are in memory already, if threadpoolctl is installed."""
        try:
            from threadpoolctl import threadpool_limits
        except ImportError:
            return
        self._limit = threadpool_limits(cores)


def cores_of(asked: int) -> int:
    """Cores that an option stands for: -1 is all but one, -2 all.

    >>> cores_of(3), cores_of(-2) >= cores_of(-1) >= 1
    (3, True)
    """
    if asked > 0:
        return asked
    every = _all_cores()
    return max(1, every - 1) if asked == -1 else every
