import contextlib
import os
import signal
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import weft
from weft.model.states import JobState
from weft.scheduler.survey import survey


def step(number: int, *before: int) -> float:
    return 1 / (number % 4) + sum(before)


@st.composite
def graphs(draw: st.DrawFn) -> list[tuple[int, list[int]]]:
    """A number for each job (every fourth fails), and the places of those before that it takes."""
    return [
        (draw(st.integers(0, 7)), draw(st.lists(st.integers(0, place - 1), max_size=2)))
        if place
        else (draw(st.integers(0, 7)), [])
        for place in range(draw(st.integers(1, 8)))
    ]


def defined(folder: str, graph: list[tuple[int, list[int]]]) -> weft.Context:
    context = weft.Context(folder)
    promises: list[weft.Promise[float]] = []
    for place, (number, before) in enumerate(graph):
        inputs = [promises[one] for one in before]
        promises.append(context.comp(step, number, *inputs, job_id=f"j{place}"))
    return context


@settings(deadline=None, max_examples=40)
@given(graphs(), graphs(), st.data())
def test_a_look_at_some_jobs_tells_the_same_of_them_as_a_look_at_all(
    before: list[tuple[int, list[int]]], after: list[tuple[int, list[int]]], data: st.DataObject
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        with contextlib.suppress(weft.MakeFailed):
            defined(folder, before).make(executor="inline")
        context = defined(folder, after)
        context.prepare()
        names = data.draw(st.lists(st.sampled_from(sorted(context.graph.jobs)), min_size=1))
        with context.reading() as store:
            whole = context.survey(store)
            part = context.survey(store, [context.graph.jobs[name] for name in names])
    # Which of two equal jobs gets the one trace may differ: that is what `make JOB` would do too.
    if len({repr(call) for call in after}) == len(after):
        assert {n: part.states[n] for n in names} == {n: whole.states[n] for n in names}
    assert set(names) <= set(part.states)


def test_jobs_that_run_elsewhere_are_running(tmp_path: Path) -> None:
    context = defined(str(tmp_path / "out"), [(1, []), (2, [0])])
    context.prepare()
    with context.reading() as store:
        states = survey(store, context.graph, {"j0": 1}).states
    assert states == {"j0": JobState.RUNNING, "j1": JobState.WAITING}


def interrupted(_version: int = 1) -> str:
    if not Path("go").exists():
        os.kill(os.getpid(), signal.SIGINT)
    return "went"


def other(number: int) -> int:
    return number


def test_an_interrupted_job_did_not_fail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So it is tried again although its failures are kept, and is not put behind the others."""
    monkeypatch.chdir(tmp_path)
    context = weft.Context("out")
    context.options(keep_failed=True).comp(interrupted, job_id="first")
    context.comp(other, 1, job_id="second")
    with pytest.raises(weft.WeftError):
        context.make(executor="inline")
    with context.reading() as store:
        assert context.survey(store).states["first"] is JobState.CANCELLED
    Path("go").touch()
    assert context.make(executor="inline").executed == ("first", "second")


def picky(number: int) -> int:
    return 1 // number


def test_a_failed_job_stays_failed_after_an_edit_until_it_is_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    def context_of(number: int) -> weft.Context:
        context = weft.Context("out")
        context.comp(picky, number, job_id="a")
        context.comp(other, 5, job_id="b")
        return context

    def states(context: weft.Context) -> dict[str, JobState]:
        context.prepare()
        with context.reading() as store:
            return dict(context.survey(store).states)

    with pytest.raises(weft.MakeFailed):
        context_of(0).make(executor="inline")
    edited = context_of(1)
    assert states(edited) == {"a": JobState.FAILED, "b": JobState.DONE}
    assert edited.make("failed", executor="inline").executed == ("a",)
    assert states(edited)["a"] is JobState.DONE
    with pytest.raises(weft.MakeFailed):
        context_of(0).make(executor="inline")
    assert states(context_of(1))["a"] is JobState.DONE
