"""Runs of a graph, again and again: each by a new pipegraph, which remembers those before.

A test gives the function that defines the graph, as a script would be called again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from weft import pipegraph as ppg

Define = Callable[[], object]
Outcome = ppg.JobOutcome


@dataclass(frozen=True, slots=True)
class Ran:
    """What became of the jobs in one run."""

    outcomes: Mapping[str, ppg.RecordedJobOutcome]

    @property
    def ran(self) -> list[str]:
        """Jobs that ran and did well."""
        return self._ids(Outcome.Success)

    @property
    def failed(self) -> list[str]:
        return self._ids(Outcome.Failed)

    @property
    def blocked(self) -> list[str]:
        return self._ids(Outcome.UpstreamFailed)

    def error(self, job_id: str) -> BaseException:
        error = self.outcomes[job_id].error
        assert error is not None
        return error

    def _ids(self, outcome: ppg.JobOutcome) -> list[str]:
        return sorted(name for name, one in self.outcomes.items() if one.outcome is outcome)


def run(define: Define, **changes: object) -> Ran:
    """Define a graph in a new pipegraph and run it; failures of jobs are not raised.

    Parameters
    ----------
    changes
        Of the arguments of ``new_pipegraph``.
    """
    cores = ppg.resource_coordinators.LocalSystem(2)
    with ppg.new_pipegraph(cores, **{"quiet": True, "folder": "out", **changes}) as graph:
        define()
        return Ran(graph.run(print_failures=False, raise_on_job_error=False))


def well(define: Define) -> list[str]:
    """Run a graph in which nothing may fail: what ran."""
    ran = run(define)
    assert not ran.failed, [ran.error(name) for name in ran.failed]
    assert not ran.blocked
    return ran.ran


def writes(text: str) -> Callable[[Path], object]:
    """A callback that writes this."""
    return lambda path: path.write_text(text)


def joins(*sources: str, end: str = "") -> Callable[[Path], object]:
    """A callback that writes what is in these files, and an end."""
    return lambda path: path.write_text("".join(map(read, sources)) + end)


def file(
    name: str, text: str, needs: object = None, kind: type[ppg.Job] = ppg.FileGeneratingJob
) -> ppg.Job:
    """A job that writes a text."""
    return kind(name, writes(text)).depends_on(needs)


def read(name: str) -> str:
    return Path(name).read_text()


def write(name: str, text: str) -> None:
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def exists(name: str) -> bool:
    return Path(name).exists()


class Calls(list[str]):
    """What callbacks of this process said; it is no part of their code."""

    def __weft_hash__(self) -> str:
        return "calls"
