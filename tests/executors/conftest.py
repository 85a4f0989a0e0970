"""A small driver: define calls, run them on an executor, look at the outcomes."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from weft.executors.base import Executor, Report, RunSettings, Task
from weft.executors.inline import Inline
from weft.executors.processes import Processes
from weft.fingerprint.fingerprinter import Fingerprinter
from weft.graph.definer import Definer
from weft.graph.graph import Graph
from weft.model.outcome import Outcome
from weft.store.objects import Input, Objects

PATIENCE = 60.0
"""Seconds after which a test is hanging."""


class Bench:
    """A graph, and a place to run its jobs."""

    def __init__(self, folder: Path) -> None:
        self.graph = Graph()
        self.fingerprinter = Fingerprinter()
        self.define = Definer(self.graph, self.fingerprinter)
        self.settings = RunSettings(folder, self.fingerprinter, self.graph.token, grace=0.3)
        self.inputs: dict[str, Sequence[Input]] = {}
        self.executors: list[Executor] = []

    def change(self, **changes: object) -> None:
        self.settings = replace(self.settings, **changes)

    def start(self, executor: Executor) -> Executor:
        self.executors.append(executor)
        executor.start(list(self.graph), self.settings)
        return executor

    def task(self, job_id: str, attempt: int = 1) -> Task:
        job = self.graph.jobs[job_id]
        return Task(job, attempt, self.inputs.get(job_id, ()), job.command.options.timeout)

    def tasks(self) -> list[Task]:
        return [self.task(name) for name in self.graph.jobs]

    def run(self, executor: Executor, *, batch: int = 1) -> dict[str, Outcome]:
        """Run all the jobs, in batches of so many; what comes back is submitted again."""
        self.start(executor)
        outcomes = self.finish(executor, self.tasks(), batch=batch)
        executor.close()
        return outcomes

    def finish(self, executor: Executor, todo: list[Task], *, batch: int = 1) -> dict[str, Outcome]:
        outcomes: dict[str, Outcome] = {}
        wanted = len(todo)
        deadline = time.monotonic() + PATIENCE
        while len(outcomes) < wanted:
            assert time.monotonic() < deadline, f"hangs: {executor.running()}"
            while todo and executor.idle():
                executor.submit(todo[:batch])
                del todo[:batch]
            for report in executor.wait(1.0):
                assert report.task.job.id not in outcomes
                outcomes[report.task.job.id] = report.outcome
            todo += executor.take_back()
        return outcomes

    def until(self, executor: Executor, reports: int) -> list[Report]:
        """Wait for so many reports."""
        got: list[Report] = []
        deadline = time.monotonic() + PATIENCE
        while len(got) < reports:
            assert time.monotonic() < deadline, f"hangs: {executor.running()}"
            got += executor.wait(1.0)
        return got

    def value(self, outcome: Outcome) -> object:
        assert outcome.result is not None, outcome
        objects = Objects(self.settings.folder)
        return (
            objects.load(outcome.result)
            if outcome.value is None
            else objects.load_input(outcome.value)
        )


def wait_for(what, seconds: float = PATIENCE):
    """Poll until ``what()`` is true, for what has no event; returns its value."""
    deadline = time.monotonic() + seconds
    while not (value := what()):
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.005)
    return value


def alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    for executor in bench.executors:
        executor.close()


@pytest.fixture(params=["fork", "spawn"])
def method(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(params=["inline", "fork", "spawn"])
def place(request: pytest.FixtureRequest) -> Executor:
    """Each way to run a job under Weft's own control."""
    return Inline() if request.param == "inline" else Processes(1, request.param)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path
