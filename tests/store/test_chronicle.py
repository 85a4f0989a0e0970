"""What ran, read back."""

from __future__ import annotations

from weft.model.outcome import Outcome
from weft.model.states import AttemptState
from weft.store.rows import RunCounts

from .conftest import remember


def failed(store, job_id: str, state: AttemptState = AttemptState.FAILED) -> int:
    return store.record(job_id, 1, b"K", Outcome(state, 0.0, 2.0), executor="x", trace=None)


def test_attempts_of_a_run_come_in_the_order_in_which_they_ended(store):
    remember(store, "before", 0)
    run = store.begin_run(["script.py"])
    for name in ("b", "a"):
        remember(store, name, name)
    failed(store, "c")
    rows = store.chronicle.attempts_of_run(run)
    assert [(row.job_id, row.state.failed) for row in rows] == [
        ("b", False),
        ("a", False),
        ("c", True),
    ]
    assert store.chronicle.attempts_of_run(run + 1) == []


def test_runs_are_counted_together(store):
    first = store.begin_run([])
    remember(store, "a", 1)
    failed(store, "b")
    failed(store, "c", AttemptState.CANCELLED)
    store.end_run("failed")
    second = store.begin_run([])
    remember(store, "b", 2)
    counts = store.chronicle.counts([first, second])
    assert counts[first] == RunCounts(ran=3, done=1, cancelled=1, seconds=4.5)
    assert counts[first].failed == 1
    assert counts[second] == RunCounts(ran=1, done=1, seconds=0.5)
    assert store.chronicle.counts([]) == {}
    assert set(store.chronicle.counts([second, 77])) == {second}


def test_the_newest_runs_can_be_had_alone(store):
    numbers = [store.begin_run([str(n)]) for n in range(3)]
    assert [run.id for run in store.chronicle.runs()] == numbers
    assert [run.argv for run in store.chronicle.runs(2)] == [("1",), ("2",)]
    run = store.chronicle.run(numbers[1])
    assert run is not None
    assert run.argv == ("1",)
    assert store.chronicle.run(99) is None
