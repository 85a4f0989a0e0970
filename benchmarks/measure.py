"""One process from start to exit: seconds, peak memory, and what it says about itself."""

from __future__ import annotations

import json
import os
import re
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

LAUNCHER = Path(__file__).with_name("launcher.py")


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
    for, not their sum. Shared pages count in each. Nothing below the launcher's own 10 MiB or so
    can be seen.

    Raises
    ------
    Failed
        With the end of its output, when it exits with another code than 0 or takes too long.
    """
    output = cwd / "output"
    launch = [sys.executable, "-I", "-S", str(LAUNCHER), str(output), str(timeout), *command]
    done = subprocess.run(
        launch,
        cwd=cwd,
        env={**os.environ, **(env or {})},
        capture_output=True,
        text=True,
        check=True,
    )
    code, seconds, peak, cpu = map(float, done.stdout.split())
    text = output.read_text(errors="replace") if output.exists() else ""
    if code:
        raise Failed(f"{' '.join(command)}: exit code {code:.0f}\n{text[-2000:]}")
    return Sample(seconds, int(peak) * 1024, cpu, _said(text))


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
