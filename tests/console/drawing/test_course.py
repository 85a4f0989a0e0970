"""What ran when, and on which row."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import weft
from tests.console.conftest import Console, Open
from weft.console.drawing.course import course_of, lanes_of
from weft.console.views.sight import sight
from weft.model.states import JobState

STINTS = st.lists(st.tuples(st.sampled_from("abcd"), st.integers(0, 30), st.integers(0, 9)))


@settings(deadline=None)
@given(STINTS)
def test_nothing_overlaps_in_a_row(stints) -> None:
    stints = sorted(((f"pid {w}", float(t), float(s)) for w, t, s in stints), key=lambda s: s[1])
    names, rows = lanes_of(stints)
    ends = [0.0] * len(names)
    for (worker, start, seconds), row in zip(stints, rows, strict=True):
        assert start >= ends[row]
        ends[row] = start + seconds
        assert "more" in names[row] or worker in names[row]


def course(console: Console, *words: str, run: int | None = None):
    with sight(console.context) as seen:
        return course_of(seen, words, run)


def test_a_run_has_an_attempt_for_each_job_in_order_of_start(opened: Open) -> None:
    console = opened(0, 1)
    console("make executor=inline")
    found = course(console)
    assert [(s.job_id, s.function, s.attempt, s.state) for s in found.stints] == [
        ("load", "load", 1, JobState.DONE),
        ("fit-0", "fit", 1, JobState.FAILED),
        ("fit-1", "fit", 1, JobState.DONE),
        ("draw-1", "draw", 1, JobState.DONE),
    ]
    starts = [stint.start for stint in found.stints]
    assert starts == sorted(starts)
    assert starts[0] >= 0
    assert found.stints[1].cause == "ZeroDivisionError: division by zero"
    assert found.critical.jobs[0] == "load"
    assert found.critical.seconds <= found.seconds


def test_the_newest_run_that_ran_something_is_meant(opened: Open) -> None:
    console = opened(1, 2)
    console("make executor=inline; remake draw-1 executor=inline; make executor=inline")
    assert [stint.job_id for stint in course(console).stints] == ["draw-1"]
    assert len(course(console, run=1).stints) == 5
    assert [stint.job_id for stint in course(console, "fit*", run=1).stints] == ["fit-1", "fit-2"]


def test_before_anything_ran_there_is_no_course(opened: Open) -> None:
    assert course(opened(1)) is None
    with pytest.raises(weft.UserError, match="There is no run 3"):
        course(opened(1), run=3)


def test_the_critical_path_leads_through_what_a_generator_made(growing: Console) -> None:
    jobs = course(growing).critical.jobs
    assert jobs[0] == "spread"
    assert jobs[-2:] == ("spread-total", "show")


def test_jobs_that_are_no_longer_defined_are_still_shown(opened: Open) -> None:
    opened(1, 2)("make executor=inline")
    found = course(opened(1))
    assert {stint.job_id for stint in found.stints} == {
        "load",
        "fit-1",
        "fit-2",
        "draw-1",
        "draw-2",
    }
