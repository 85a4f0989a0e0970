"""Contestants for the same work, run in turns so that none gets the quiet minutes."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import measure
from benchmarks.measure import Sample
from benchmarks.peers import Peers
from benchmarks.table import megabytes, ratio, seconds

WORKLOADS = Path(__file__).parent / "workloads"
WORKERS = 2


@dataclass(frozen=True, slots=True)
class Settings:
    """What all groups of rows are given."""

    scratch: Path
    peers: Peers
    quick: bool
    say: Callable[[str], None]

    @property
    def repeats(self) -> int:
        """Times that each contestant of a contest runs."""
        return 1 if self.quick else 5


@dataclass(slots=True)
class Contestant:
    """One way to do the work, and how it went."""

    name: str
    command: Callable[[Path], Sequence[str]]
    """The command that does the work in a folder."""
    absent: str = ""
    limit: float = 600.0
    """Seconds after which a run is ended."""
    samples: list[Sample] = field(default_factory=list)

    @property
    def out(self) -> bool:
        """Whether it can't take part (any more)."""
        return bool(self.absent)

    def run(self, folder: Path) -> Sample | None:
        """One run in ``folder``; None, and the reason kept, when it can't."""
        if self.out:
            return None
        folder.mkdir(parents=True, exist_ok=True)
        try:
            return measure.sample(self.command(folder), cwd=folder, timeout=self.limit)
        except measure.Failed as error:
            self.absent = f"failed: {str(error).splitlines()[-1][-120:]}"
            return None


def weft(script: str, *words: object) -> Contestant:
    """Weft, by a workload script that gets the words."""
    path = str(WORKLOADS / script)
    return Contestant("weft", lambda _folder: [sys.executable, path, *map(str, words)])


def peer(settings: Settings, name: str, package: str, script: str, *words: object) -> Contestant:
    """A Python peer; ``package`` is what must be installed for it, or empty."""
    path = str(WORKLOADS / script)
    why = settings.peers.absent.get(package, "")
    return Contestant(
        name,
        lambda _folder: [settings.peers.python, path, *map(str, words)],
        absent=f"absent: {why}" if why else "",
    )


def fresh_runs(settings: Settings, title: str, contestants: Sequence[Contestant]) -> None:
    """Each contestant from nothing, several times, in turns."""
    for repeat in range(settings.repeats):
        for contestant in turn(contestants, repeat):
            folder = settings.scratch / f"{contestant.name}-{repeat}"
            keep(settings, title, contestant, folder)
            shutil.rmtree(folder, ignore_errors=True)


def repeated_runs(settings: Settings, title: str, contestants: Sequence[Contestant]) -> None:
    """Each contestant in the folder that it has filled before, several times, in turns."""
    for repeat in range(settings.repeats):
        for contestant in turn(contestants, repeat):
            keep(settings, title, contestant, settings.scratch / contestant.name)


def turn(contestants: Sequence[Contestant], repeat: int) -> list[Contestant]:
    """Another one begins each time.

    >>> turn("abc", 1)
    ['b', 'c', 'a']
    """
    first = repeat % len(contestants)
    return [*contestants[first:], *contestants[:first]]


def keep(settings: Settings, title: str, contestant: Contestant, folder: Path) -> Sample | None:
    """Run once, keep the sample and say it."""
    sample = contestant.run(folder)
    if sample is not None:
        contestant.samples.append(sample)
    told = f"{sample.seconds:.2f} s" if sample else contestant.absent
    settings.say(f"{title}: {contestant.name}: {told}")
    return sample


def cold_row(contestant: Contestant, number: int, base: float, last: str) -> Sequence[str]:
    """What a contestant took to do ``number`` things from nothing.

    Parameters
    ----------
    base
        Seconds that the ratio is of.
    last
        Of the last column.
    """
    if not contestant.samples:
        return [contestant.name, contestant.absent, *[""] * 5]
    middle = measure.median(contestant.samples)
    return [
        contestant.name,
        seconds(middle.seconds),
        measure.spread(contestant.samples),
        seconds(middle.cpu),
        f"{number / middle.seconds:,.0f}",
        ratio(middle.seconds, base),
        last,
    ]


def peak(contestant: Contestant) -> str:
    """Its most memory, of the middle sample; empty without any."""
    samples = contestant.samples
    return megabytes(measure.median(samples).peak) if samples else ""
