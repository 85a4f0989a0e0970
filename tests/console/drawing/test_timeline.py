"""What ``timeline`` prints, and the page of ``gantt``."""

import io
import json
import re
from pathlib import Path

import pytest

import weft
from tests.console.conftest import Open
from weft.console.drawing.course import Course, Stint, course_of
from weft.console.drawing.critical import CriticalPath
from weft.console.drawing.gantt import GanttDrawn, draw_gantt
from weft.console.drawing.page import bars_of, page_text
from weft.console.drawing.timeline import Timeline, bar_cells, timeline
from weft.console.text.screen import Screen, columns_of
from weft.console.views.sight import sight
from weft.model.states import JobState
from weft.store.rows import RunRow

RUN = RunRow(3, ("run.py", "</script>"), "host", 1, 100.0, None, None)


def stint(number: int, start: float, seconds: float, **more: object) -> Stint:
    settings = {
        "job_id": f"job-{number}",
        "function": "work",
        "attempt": 1,
        "state": JobState.DONE,
        "start": start,
        "seconds": seconds,
        "lane": 0,
        "worker": "pid 1",
        "memory": None,
        "because": "",
        "cause": "",
    }
    return Stint(**{**settings, **more})


def course(stints: list[Stint], critical: CriticalPath | None = None) -> Course:
    return Course(RUN, 100.0, tuple(stints), ("pid 1", "pid 2"), critical or CriticalPath())


def shown(view: Timeline, width: int = 50) -> list[str]:
    return list(view.lines(Screen(io.StringIO(), width=width)))


def data_of(page: str) -> dict:
    found = re.search(r'<script id="data" type="application/json">(.*?)</script>', page, re.DOTALL)
    return json.loads(found[1])


# -- timeline --------------------------------------------------------------------------------


def test_one_line_per_job_with_a_bar_to_scale() -> None:
    stints = [
        stint(1, 0.0, 5.0),
        stint(2, 5.0, 5.0, state=JobState.FAILED, lane=1),
    ]
    head, *lines = shown(Timeline(course(stints), show_all=False))
    assert re.fullmatch(r"run 3, 2 jobs on 2 workers: 10 s, from \S+ \S+", head)
    assert lines == [
        "✓ job-1  █████████████████                   5.0 s",
        "✗ job-2                   █████████████████  5.0 s",
        "         0                             10 s",
    ]


def test_attempts_of_one_job_share_a_line() -> None:
    stints = [
        stint(1, 0.0, 4.0, state=JobState.FAILED),
        stint(1, 6.0, 4.0, attempt=2),
    ]
    head, *lines = shown(Timeline(course(stints), show_all=False))
    assert "1 job in 2 attempts" in head
    assert lines[0] == "✓ job-1  ██████████     ██████████  2 tries, 8.0 s"


def test_of_many_jobs_the_longest_are_shown_in_order_of_start() -> None:
    stints = [stint(n, n, 1.0 + n % 7) for n in range(100)]
    lines = shown(Timeline(course(stints), show_all=False))
    assert len(lines) == 43
    assert lines[-1] == "60 shorter jobs left out; all=1 shows all."
    numbers = [int(line.split()[1].removeprefix("job-")) for line in lines[1:41]]
    assert numbers == sorted(numbers)
    assert len(shown(Timeline(course(stints), show_all=True))) == 102


@pytest.mark.parametrize("width", [30, 80, 200])
def test_lines_fit_the_screen(width: int) -> None:
    stints = [stint(n, n, 3.3, job_id=f"{'漢' * 20}-{n}\x1b[2J") for n in range(5)]
    lines = shown(Timeline(course(stints), show_all=False), width)
    assert all(columns_of(line) <= width for line in lines[1:])
    assert not any("\x1b" in line for line in lines)


def test_where_blocks_can_not_be_written_marks_are_plain() -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    lines = list(Timeline(course([stint(1, 0.0, 1.0)]), show_all=False).lines(Screen(stream)))
    assert "####" in lines[1]


def test_a_short_attempt_still_has_a_mark() -> None:
    assert sum(bar_cells([(9.99, 0.0)], 10.0, 20)) == 1
    assert sum(bar_cells([(0.0, 0.0)], 0.0, 20)) == 1


def test_the_command_shows_the_newest_run(opened: Open) -> None:
    console = opened(0, 1)
    console("make executor=inline")
    head, *lines = console("timeline")
    assert head == "run 1, 4 jobs on 1 worker: TIME, from DATE"
    names = [line.replace("█", "").split()[:2] for line in lines[:-1]]
    assert names == [["✓", "load"], ["✗", "fit-0"], ["✓", "fit-1"], ["✓", "draw-1"]]


def test_where_nothing_ran_it_says_so(opened: Open) -> None:
    console = opened(1, 2)
    assert console("timeline") == ["Nothing has run yet."]
    assert console("gantt") == ["Nothing has run yet."]
    console("make executor=inline fit-1")
    assert console("timeline draw*") == ["Nothing of draw* ran in run 1."]


def test_programs_get_start_and_seconds_of_each_attempt(opened: Open) -> None:
    console = opened(1)
    console("make executor=inline")
    with sight(console.context) as seen:
        document = json.loads(json.dumps(timeline(seen, (), None, show_all=False).document()))
    assert document["run"] == 1
    assert [attempt["job_id"] for attempt in document["attempts"]] == ["load", "fit-1", "draw-1"]
    assert all(attempt["start"] >= 0 <= attempt["seconds"] for attempt in document["attempts"])
    assert document["critical_path"]["job_ids"] == ["load", "fit-1", "draw-1"]


# -- gantt -----------------------------------------------------------------------------------


def test_gantt_writes_a_page_and_names_the_critical_path(
    opened: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    console = opened(1)
    console("make executor=inline")
    assert console("gantt") == [
        "Wrote weft-gantt.html: run 1, 3 jobs on 1 worker, TIME.",
        "critical path: 3 jobs, TIME: load > fit-1 > draw-1",
    ]
    page = Path("weft-gantt.html").read_text(encoding="utf-8")
    assert [bar[5] for bar in data_of(page)["bars"]] == ["load", "fit-1", "draw-1"]
    assert [bar[10] for bar in data_of(page)["bars"]] == [1, 2, 3]
    with pytest.raises(weft.UserError):
        console("gantt to=-")


def test_the_page_needs_no_network_and_holds_any_text() -> None:
    stints = [
        stint(1, 0.0, 1.0, job_id="</script><b>", cause="<!-- \u2028 \udc80", function="f&g"),
        stint(2, 1.0, 2.0, state=JobState.FAILED, memory=2**20, because="it changed"),
    ]
    critical = CriticalPath(("</script><b>",), 1.0)
    page = page_text(course(stints, critical), "today").encode(errors="backslashreplace").decode()
    assert "http" not in page.replace('http-equiv="', "")
    assert page.count("</script>") == 2
    assert "<b>" not in page
    first, second = data_of(page)["bars"]
    assert first[5] == "</script><b>"
    assert second[7] == 2**20
    assert data_of(page)["reasons"] == ["", "it changed"]
    assert "prefers-color-scheme: dark" in page


def test_of_too_many_attempts_short_neighbours_share_a_bar() -> None:
    functions = ("load", "fit", "draw")
    stints = [
        stint(n, n * 0.01, 0.009, function=functions[n // 2 % 3], lane=n % 2) for n in range(40_000)
    ]
    stints[5] = stint(5, 0.05, 0.009, state=JobState.FAILED, lane=1)
    critical = CriticalPath(("job-7", "job-9000"), 0.018)
    bars = bars_of(course(stints, critical))
    assert len(bars) <= 10_000
    assert sum(bar.count for bar in bars) == 40_000
    alone = {bar.stint.job_id for bar in bars if bar.count == 1}
    assert {"job-5", "job-7", "job-9000"} <= alone
    page = page_text(course(stints, critical), "today")
    assert len(page) < 3_000_000


def test_each_attempt_has_its_bar_up_to_10000() -> None:
    stints = [stint(n, n * 0.01, 0.009) for n in range(10_000)]
    assert len(bars_of(course(stints))) == 10_000
    assert len(page_text(course(stints), "today")) < 3_000_000


def test_a_long_critical_path_is_shortened_on_the_screen() -> None:
    critical = CriticalPath(tuple(f"j{n}" for n in range(20)), 20.0)
    view = GanttDrawn(course([stint(1, 0.0, 30.0)], critical), Path("x.html"))
    assert list(view.lines(Screen(io.StringIO())))[1] == (
        "critical path: 20 jobs, 20 s: j0 > j1 > j2 > … 14 more … > j17 > j18 > j19"
    )
    assert view.document()["file"] == "x.html"


def test_a_selection_restricts_the_page(opened: Open, tmp_path: Path) -> None:
    console = opened(1, 2)
    console("make executor=inline")
    with sight(console.context) as seen:
        view = draw_gantt(seen, ("fit*",), 1, str(tmp_path / "p.html"))
        assert isinstance(view, GanttDrawn)
        assert {s.job_id for s in view.course.stints} == {"fit-1", "fit-2"}
        assert course_of(seen, ("fit*",), 1) == view.course
