"""``history``: what each run did."""

from __future__ import annotations

import io
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import weft
from tests.console.conftest import Console, Open
from weft.console.text.screen import Screen
from weft.console.views.history import History, RunState, history, living_holder, run_state
from weft.console.views.sight import sight
from weft.errors import UserError
from weft.store.lease import Lease
from weft.store.rows import RunRow

MAKE = "make executor=inline"


def document(console: Console, command: str) -> Any:
    console(command)
    return json.loads(console.stream.getvalue())


@pytest.fixture(autouse=True)
def _argv(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["/somewhere/fits.py", "make"])


def test_before_the_first_run_there_is_nothing(opened: Open) -> None:
    assert opened(1)("history") == ["No run has had anything to do yet."]


def test_runs_are_listed_newest_first(opened: Open) -> None:
    opened(1)(MAKE)
    opened(1)(MAKE)  # nothing to do: no run
    opened(1, 0)(MAKE)
    assert opened(1, 0)("history") == [
        "run  began  took  outcome  ran  failed  computed  command",
        "  2  DATE  TIME  failed  1  1  TIME  fits.py make",
        "  1  DATE  TIME  done  3  TIME  fits.py make",
    ]
    assert opened(1, 0)("history limit=1")[1:] == [
        "  2  DATE  TIME  failed  1  1  TIME  fits.py make",
        "(1 older run not shown: limit=2)",
    ]


def test_a_list_of_runs_fits_in_80_columns(opened: Open) -> None:
    opened(1, 0)(MAKE)
    with sight(opened(1, 0).context) as seen:
        found = history(seen, 20)
    run = replace(found.runs[0], run=12345, seconds=7260.0, state=RunState.INTERRUPTED)
    run = replace(run, ran=100_000, failed=99_999, argv=("a.py", "parmake " * 20))
    screen = Screen(io.StringIO(), width=80, live=True)
    lines = list(History((run,)).lines(screen))
    assert max(map(len, lines)) <= 80
    assert lines[0].split() == ["run", "began", "took", "outcome", "ran", "failed", "command"]


def test_one_run_is_told_by_function_and_reason(opened: Open) -> None:
    opened(1, 2)(MAKE)
    console = opened(0, 2)
    console(f"invalidate load; {MAKE}")
    assert console("history run=1") == [
        "run 1: DATE, TIME, done",
        "command: fits.py make",
        "5 ran, 5 done, 0 failed; TIME of computing",
        "✓ 2 fit()  it had no result before (TIME)",
        "✓ 2 draw()  it had no result before (TIME)",
        "✓ 1 load()  it had no result before (TIME)",
    ]
    assert console("history run=2")[2:] == [
        "2 ran, 1 done, 1 failed; TIME of computing",
        "✗ fit-0  failed: ZeroDivisionError: division by zero",
        "✓ 1 load()  it was invalidated (TIME)",
    ]


def test_a_run_of_many_jobs_fits_on_a_screen(tmp_path: Path) -> None:
    context = weft.Context(tmp_path / "out")
    for number in range(300):
        context.comp(divmod, number, number % 2)
    console = Console(context)
    console(MAKE)
    lines = console("history run=1")
    assert len(lines) == 15
    assert lines[-2:] == [
        "  and 140 more attempts of that kind",
        "✓ 150 divmod()  it had no result before (TIME)",
    ]


def test_a_run_that_is_not_there_is_an_error(opened: Open) -> None:
    with pytest.raises(UserError, match="no run 7"):
        opened(1)("history run=7")


def test_programs_get_lists_and_objects(opened: Open) -> None:
    opened(1, 0)(MAKE)
    console = opened(1, 0)
    (run,) = document(console, "history json=1")
    assert (run["run"], run["state"], run["ran"], run["failed"]) == (1, "failed", 4, 1)
    assert run["argv"] == ["/somewhere/fits.py", "make"]
    page = document(console, "history run=1 json=1")
    assert page["attempts"][0]["job_id"] == "load"
    assert {a["state"] for a in page["attempts"]} == {"done", "failed"}


# -- how a run ended ---------------------------------------------------------------------------


def row(outcome: str | None, pid: int = 0) -> RunRow:
    return RunRow(1, (), os.uname().nodename, pid or os.getpid(), 0.0, None, outcome)


def test_a_run_without_an_end_goes_on_while_its_process_has_the_lease(tmp_path: Path) -> None:
    context = weft.Context(tmp_path / "out")
    lease = Lease(context.folder)
    lease.acquire(wait=False)
    with sight(context) as seen:
        holder = living_holder(seen)
        assert holder is not None
        assert run_state(row(None), holder) is RunState.RUNNING
        assert run_state(row(None, pid=1), holder) is RunState.CRASHED
        lease.release()
        assert living_holder(seen) is None
    assert run_state(row(None), None) is RunState.CRASHED


@pytest.mark.parametrize("outcome", ["done", "failed", "interrupted", "crashed"])
def test_outcomes_are_told_by_their_names(outcome: str) -> None:
    assert run_state(row(outcome), None).value == outcome
