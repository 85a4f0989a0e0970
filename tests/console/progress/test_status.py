import io
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

import weft
from weft.console.progress.estimate import expected_seconds
from weft.console.progress.status import JobProgress, Progress, StatusReporter, progress_line
from weft.console.text.screen import Screen, columns_of
from weft.model.job import Command, Job

NAMES = st.text(alphabet="abc漢-", min_size=1, max_size=40)
PROGRESS = st.builds(
    Progress,
    done=st.integers(0, 10**6),
    total=st.integers(0, 10**6),
    failed=st.integers(0, 100),
    blocked=st.integers(0, 100),
    waiting=st.integers(0, 100),
    running=st.lists(st.builds(JobProgress, NAMES, st.floats(0, 1e6), NAMES), max_size=8).map(
        tuple
    ),
    left=st.none() | st.floats(0, 1e6),
)


@settings(deadline=None)
@given(PROGRESS, st.integers(20, 200))
def test_the_line_fits_the_width(progress: Progress, width: int) -> None:
    assert columns_of(progress_line(progress, width)) <= width


def test_what_is_zero_is_not_said() -> None:
    line = progress_line(Progress(3, 3, 0, 0, 0, (), None), 80)
    assert line == "3/3 done"


def test_names_give_way_in_a_narrow_terminal() -> None:
    progress = Progress(3, 9, 1, 0, 0, (JobProgress("fit", 2.0), JobProgress("draw", 1.0)), None)
    assert progress_line(progress, 60) == "3/9 done, 2 running (fit 2 s, draw 1 s), 1 failed"
    assert progress_line(progress, 45) == "3/9 done, 2 running (fit 2 s), 1 failed"
    assert progress_line(progress, 35) == "3/9 done, 2 running, 1 failed"


def job(name: str, function: str = "fit") -> Job:
    return Job(name, Command(function, None), (), 0)


def test_the_rest_takes_its_past_durations_shared_among_the_lanes() -> None:
    jobs = [job("a"), job("b")]
    assert expected_seconds(jobs, {"a": 3.0, "b": 5.0}, {}, 1) == 8.0
    assert expected_seconds(jobs, {"a": 5.0, "b": 5.0}, {}, 2) == 5.0


def test_one_long_job_can_not_be_shared() -> None:
    assert expected_seconds([job("a"), job("b")], {"a": 1.0, "b": 9.0}, {}, 4) == 9.0


def test_a_new_job_is_expected_to_take_what_its_function_took() -> None:
    assert expected_seconds([job("new")], {}, {"fit": 2.0}, 1) == 2.0


def test_nothing_is_said_when_too_little_is_known() -> None:
    assert expected_seconds([job("a"), job("b")], {"a": 1.0}, {}, 1) is None
    assert expected_seconds([], {}, {}, 1) is None


# -- what jobs printed ---------------------------------------------------------------------------


def say(name: str) -> None:
    print(f"{name} one\n{name} \x1b[31mtwo")


def echoed(folder: Path, n: int) -> list[str]:
    context = weft.Context(folder / "out")
    for name in "ab":
        context.comp(say, name, job_id=name)
    stream = io.StringIO()
    with StatusReporter(Screen(stream), context, n, echo=True) as reporter:
        context.make(n=n, reporter=reporter)
    return stream.getvalue().splitlines()


def test_echo_shows_what_jobs_printed_when_they_end(tmp_path: Path) -> None:
    assert echoed(tmp_path, 1) == ["a one", "a \x1b[31mtwo", "b one", "b \x1b[31mtwo"]


def test_echo_of_parallel_jobs_has_their_ids(tmp_path: Path) -> None:
    assert sorted(echoed(tmp_path, 2)) == sorted(
        ["a: a one", "a: a \x1b[31mtwo", "b: b one", "b: b \x1b[31mtwo"]
    )
