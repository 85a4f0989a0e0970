"""The loop with real worker processes, steered from its reporter as the console does."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

import weft
from weft.context import MakeOptions
from weft.model.states import AttemptState, JobState
from weft.scheduler.loop import Loop
from weft.scheduler.summary import Silent
from weft.store.live import Live, read


class Steering(Silent):
    """Calls a function at each tick, until that returns true."""

    def __init__(self, *steps: Callable[[Loop], object], echo: bool = False) -> None:
        self.steps = list(steps)
        self.echo = echo
        self.heard: list[tuple[str, str]] = []
        self.notes: list[str] = []

    def tick(self, loop: Loop) -> None:
        if self.steps and self.steps[0](loop):
            del self.steps[0]

    def printed(self, job, outcome) -> None:
        self.heard.append((job.id, (outcome.stdout or "") + (outcome.stderr or "")))

    def note(self, job, text) -> None:
        self.notes.append(f"{job.id}: {text}")


def hold(name: str, folder: str) -> str:
    Path(folder, f"{name}.begun").touch()
    while not Path(folder, f"{name}.go").exists():
        time.sleep(0.005)
    return name


def after(value: str) -> str:
    return value


def gates(folder: Path, names: str) -> weft.Context:
    context = weft.Context(folder / "out")
    for name in names:
        held = context.comp(hold, name, str(folder), job_id=name)
        context.comp(after, held, job_id=f"after-{name}")
    return context


def opened(folder: Path, names: str) -> bool:
    for name in names:
        (folder / f"{name}.go").touch()
    return True


def begun(folder: Path) -> set[str]:
    return {path.stem for path in folder.glob("*.begun")}


def test_a_paused_run_begins_nothing_and_goes_on_later(tmp_path: Path) -> None:
    seen = []

    def pause(loop: Loop) -> bool:
        if len(begun(tmp_path)) < 2:
            return False
        loop.pause()
        return opened(tmp_path, "abcd")

    def resume(loop: Loop) -> bool:
        counts = loop.plan.counts()
        if counts.running:
            return False
        seen.append(counts.done)
        loop.resume()
        return True

    context = gates(tmp_path, "abcd")
    summary = context.make(n=2, reporter=Steering(pause, resume))
    assert seen == [2]
    assert summary.counts.done == 8


def test_workers_come_and_go(tmp_path: Path) -> None:
    most = []

    def grow(loop: Loop) -> bool:
        return loop.set_workers(3) == 3

    def shrink(loop: Loop) -> bool:
        if len(begun(tmp_path)) < 3:
            return False
        assert loop.set_workers(0) == 1
        return opened(tmp_path, "abcdef")

    def watch(loop: Loop) -> bool:
        most.append(loop.workers)
        return False

    summary = gates(tmp_path, "abcdef").make(n=1, reporter=Steering(grow, shrink, watch))
    assert summary.counts.done == 12
    assert set(most) <= {1}


def test_a_killed_job_is_cancelled_and_what_depends_on_it_waits(tmp_path: Path) -> None:
    def kill(loop: Loop) -> bool:
        if begun(tmp_path) != {"a", "b"}:
            return False
        loop.kill("a")
        return opened(tmp_path, "b")

    context = gates(tmp_path, "ab")
    reporter = Steering(kill)
    with pytest.raises(weft.CommandFailed) as caught:
        context.make(n=2, options=MakeOptions(n=2, retries=3), reporter=reporter)
    assert not isinstance(caught.value, weft.MakeFailed)
    assert "2 ran, 2 done, 0 failed, 0 blocked, 1 cancelled, 1 not started" in str(caught.value)
    assert reporter.notes == ["a: killed; the next make runs it, and what waits for it"]
    states = context.survey().states
    assert (states["a"], states["after-a"]) == (JobState.CANCELLED, JobState.WAITING)


def test_a_run_whose_only_job_was_killed_does_not_say_that_there_was_nothing(tmp_path) -> None:
    def kill(loop: Loop) -> bool:
        loop.kill("a")
        return True

    context = weft.Context(tmp_path / "out")
    context.comp(hold, "a", str(tmp_path), job_id="a")
    with pytest.raises(weft.CommandFailed, match="0 ran, 0 done, 0 failed, 0 blocked, 1 cancelled"):
        context.make(reporter=Steering(lambda _loop: begun(tmp_path), kill))


def shout(name: str) -> None:
    print(f"{name}!")


def test_a_reporter_hears_what_jobs_printed_only_if_it_wants_to(tmp_path: Path) -> None:
    context = weft.Context(tmp_path / "out")
    context.comp(shout, "x", job_id="x")
    context.comp(after, "silent", job_id="y")
    deaf = Steering()
    context.make(reporter=deaf)
    assert deaf.heard == []
    context.invalidate("all")
    listening = Steering(echo=True)
    context.make(reporter=listening)
    assert listening.heard == [("x", "x!\n")]


def flaky(path: str) -> int:
    with Path(path).open("a") as file:
        file.write("x")
    if len(Path(path).read_text()) < 3:
        raise ValueError("not yet")
    return 1


def test_the_run_has_retries_and_a_timeout_for_jobs_without(tmp_path: Path) -> None:
    context = weft.Context(tmp_path / "out")
    context.comp(flaky, str(tmp_path / "tries"), job_id="flaky")
    assert context.make(options=MakeOptions(retries=2)).counts.done == 1

    context = weft.Context(tmp_path / "other")
    context.comp(hold, "never", str(tmp_path), job_id="slow")
    with pytest.raises(weft.MakeFailed) as caught:
        context.make(options=MakeOptions(timeout=0.1))
    assert caught.value.failed == ("slow",)
    with context.reading() as store:
        (attempt,) = store.chronicle.attempts("slow")
    assert attempt.state is AttemptState.TIMED_OUT
    assert attempt.note == "ran longer than its timeout of 0.1 s"


def test_other_processes_are_told_what_runs_until_the_end(tmp_path: Path) -> None:
    context, told = gates(tmp_path, "ab"), []
    states: list[JobState] = []

    def look(_loop: Loop) -> bool:
        live = read(context.folder)
        if live is None or {job.id for job in live.jobs} != {"a", "b"}:
            return False
        told.append(live)
        states.extend(context.survey().states[name] for name in ("a", "after-a"))
        return opened(tmp_path, "ab")

    context.make(n=2, reporter=Steering(lambda _loop: len(begun(tmp_path)) == 2, look))
    live: Live = told[0]
    assert (live.run, live.workers, live.total, live.paused) == (1, 2, 4, False)
    assert [(job.function, job.attempt) for job in live.jobs] == [("hold", 1)] * 2
    assert states == [JobState.RUNNING, JobState.WAITING]
    assert read(context.folder) is None
