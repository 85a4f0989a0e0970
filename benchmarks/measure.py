"""One process from start to exit: seconds, peak memory, and what it says about itself."""

from __future__ import annotations

import json
import os
import re
import signal
import statistics
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Sample:
    """What one process did and cost."""

    seconds: float
    """Wall time from start to exit, the interpreter's start included."""
    peak: int
    """Bytes of resident memory of the largest process of the tree, at its peak."""
    cpu: float
    """Seconds of processor time of the whole tree."""
    said: Mapping[str, float] = field(default_factory=dict)
    """Numbers that it told, such as how many jobs ran."""


class Failed(Exception):
    """The measured process ended badly or took too long."""


def sample(
    command: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str] | None = None,
    timeout: float = 600.0,
) -> Sample:
    """Run ``command`` to its end.

    Peak memory is that of ``wait4``: the largest of the process and the descendants that it waited
    for, not their sum. Shared pages count in each. A process starts with the mark of the one that
    forked it, so nothing below this harness's own 15 MB can be seen: ninja's rows are bounds.

    Raises
    ------
    Failed
        With the end of its output, when it exits with another code than 0 or takes too long.
    """
    with (cwd / "stdout").open("w+b") as out:
        started = time.perf_counter()
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env={**os.environ, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        status, usage = _wait(process, started + timeout)
        seconds = time.perf_counter() - started
        out.seek(0)
        text = out.read().decode(errors="replace")
    if status:
        raise Failed(f"{' '.join(command)}: exit code {status}\n{text[-2000:]}")
    return Sample(seconds, usage.ru_maxrss * 1024, usage.ru_utime + usage.ru_stime, _said(text))


def _wait(process: subprocess.Popen[bytes], deadline: float):
    """The exit code and resource usage; waits in the kernel, an alarm ends it at the deadline."""
    previous = signal.signal(signal.SIGALRM, lambda *_: os.killpg(process.pid, signal.SIGKILL))
    signal.setitimer(signal.ITIMER_REAL, max(0.01, deadline - time.perf_counter()))
    try:
        _, status, usage = os.wait4(process.pid, 0)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, usage


def _said(text: str) -> dict[str, float]:
    """What a workload tells as JSON in its last line; for Weft's own words, how many jobs ran."""
    lines = text.strip().splitlines()
    said = json.loads(lines[-1]) if lines and lines[-1].startswith("{") else {}
    if ran := re.findall(r"([\d,]+) ran\b", text):
        said["ran"] = int(ran[-1].replace(",", ""))
    elif "Nothing to do" in text:
        said["ran"] = 0
    return said


def median(samples: Sequence[Sample]) -> Sample:
    """The sample in the middle by seconds (the lower one of two), with the largest peak."""
    middle = statistics.median_low(one.seconds for one in samples)
    chosen = next(one for one in samples if one.seconds == middle)
    peak = max(one.peak for one in samples)
    return Sample(chosen.seconds, peak, chosen.cpu, chosen.said)


def spread(samples: Sequence[Sample]) -> str:
    """The range of seconds, where there is more than one sample."""
    seconds = [one.seconds for one in samples]
    return f"{min(seconds):.2f}..{max(seconds):.2f}" if len(seconds) > 1 else ""
