import io
import re

from hypothesis import given, settings
from hypothesis import strategies as st

from weft.console.progress.live import Painter, Size, bar_line, frame, worker_lines
from weft.console.progress.status import JobProgress, Progress
from weft.console.text.screen import Screen, columns_of

NAMES = st.text(alphabet="abc漢-\x1b\n", min_size=1, max_size=300)
JOBS = st.builds(
    JobProgress,
    NAMES,
    st.floats(0, 1e6),
    NAMES | st.just(""),
    st.integers(1, 300),
    st.none() | st.integers(0, 10**12),
)
PROGRESS = st.builds(
    Progress,
    done=st.integers(0, 10**6),
    total=st.integers(0, 10**6),
    failed=st.integers(0, 10**6),
    blocked=st.integers(0, 100),
    waiting=st.integers(0, 100),
    running=st.lists(JOBS, max_size=30).map(tuple),
    left=st.none() | st.floats(0, 1e6),
    cancelled=st.integers(0, 100),
    elapsed=st.floats(0, 1e6),
    paused=st.booleans(),
    stopping=st.booleans(),
)
PLAIN = Screen(io.StringIO(), live=True)


def progress(*running: JobProgress, **facts: object) -> Progress:
    known = {"done": 3, "total": 9, "failed": 0, "blocked": 0, "waiting": 0, "left": None}
    return Progress(running=running, **{**known, **facts})


def text(pieces: list[tuple[str, object]]) -> str:
    return "".join(piece for piece, _ in pieces)


@settings(deadline=None)
@given(PROGRESS, st.integers(20, 200), st.integers(1, 50))
def test_the_view_fits_any_terminal(shown: Progress, columns: int, rows: int) -> None:
    lines = frame(shown, PLAIN, Size(columns, rows), ("p pause", None))
    assert all(columns_of(line) < columns for line in lines)
    assert all("\n" not in line and "\x1b" not in line for line in lines)
    assert len(lines) <= max(rows - 1, 1)


def test_the_bar_has_a_sign_of_its_own_for_each_state() -> None:
    running = [JobProgress("a", 1.0), JobProgress("b", 1.0)]
    line = text(bar_line(progress(*running, failed=1, blocked=1, elapsed=61.0), 79))
    assert re.fullmatch(r"\[=+✗+■+▶+·+\]  3/9 done  ✗ 1 failed  ■ 1 blocked  1 min 1 s", line)
    assert columns_of(line) <= 79


def test_the_least_important_gives_way_in_a_narrow_terminal() -> None:
    shown = progress(failed=1, blocked=2, cancelled=1, left=170.0, elapsed=61.0, paused=True)
    assert (
        text(bar_line(shown, 60)) == "3/9 done  ✗ 1 failed  ■ 2 blocked  paused  about 3 min left"
    )
    assert text(bar_line(shown, 46)) == "3/9 done  ✗ 1 failed  paused  about 3 min left"
    assert text(bar_line(shown, 20)) == "3/9 done  ✗ 1 failed"


def test_each_worker_has_a_line_with_stage_time_and_memory() -> None:
    jobs = [
        JobProgress("fit-1", 2.0, "epoch 3/9", 1, 2**20),
        JobProgress("a-much-longer-name", 125.0, "", 12, None),
    ]
    lines = [text(line) for line in worker_lines(jobs, 70)]
    assert lines == [
        " 1 ▶ fit-1               epoch 3/9                        2 s  1.0 MiB",
        "12 ▶ a-much-longer-name                             2 min 5 s         ",
    ]


def test_memory_gives_way_in_a_narrow_terminal() -> None:
    lines = worker_lines([JobProgress("fit-1", 2.0, "epoch 3/9", 1, 2**20)], 30)
    assert text(lines[0]) == "1 ▶ fit-1  epoch 3/9       2 s"


def test_workers_that_do_not_fit_are_counted() -> None:
    jobs = [JobProgress(f"job-{n}", 1.0, "", n) for n in range(1, 21)]
    lines = frame(progress(*jobs), PLAIN, Size(80, 10))
    assert len(lines) == 8
    assert lines[-1] == "  and 14 more"


def test_a_frame_is_painted_over_the_last_one_in_one_write() -> None:
    stream = io.StringIO()
    painter = Painter(Screen(stream, width=80, live=True))
    painter.paint(["one", "two", "three"])
    stream.truncate(0), stream.seek(0)
    painter.paint(["four"])
    assert stream.getvalue() == ("\x1b[?25l\r\x1b[2A\x1b[?7lfour\x1b[K\x1b[J\r\x1b[?7h\x1b[?25h")
    stream.truncate(0), stream.seek(0)
    painter.print("a\nb")
    assert stream.getvalue() == (
        "\x1b[?25l\ra\x1b[K\nb\x1b[K\n\x1b[?7lfour\x1b[K\x1b[J\r\x1b[?7h\x1b[?25h"
    )
    stream.truncate(0), stream.seek(0)
    painter.clear()
    assert stream.getvalue() == "\r\x1b[J"
    painter.print("plain")
    assert stream.getvalue() == "\r\x1b[Jplain\n"


def test_lines_that_a_narrower_terminal_broke_are_painted_over_too() -> None:
    stream = io.StringIO()
    painter = Painter(Screen(stream, width=80, live=True))
    painter.paint(["x" * 79, "\x1b[31m" + "y" * 10 + "\x1b[0m", "z"])
    stream.truncate(0), stream.seek(0)
    object.__setattr__(painter, "_screen", Screen(stream, width=40, live=True))
    painter.clear()
    assert stream.getvalue() == "\r\x1b[3A\x1b[J"
