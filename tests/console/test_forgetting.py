"""What the commands that forget say, ask and do."""

from __future__ import annotations

from pathlib import Path

import pytest

import weft
from tests.console.conftest import Console, Open
from weft.console.session import Session
from weft.store import database

MAKE = "make executor=inline"
BACK = "A script that still defines them brings them back, as jobs that never ran."


@pytest.fixture(autouse=True)
def _settled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "_SETTLED_NS", 0)


def asked(console: Console, *, answer: bool) -> list[str]:
    """Let somebody at the prompt answer; what was asked goes into the list."""
    questions: list[str] = []

    def ask(intention: str) -> bool:
        questions.append(intention)
        return answer

    console.session = Session(console.context, console.session.screen, ask)
    return questions


@pytest.mark.parametrize("command", ["clean", "invalidate", "forget", "delete"])
def test_they_need_to_be_told_which_jobs(opened: Open, command: str) -> None:
    with pytest.raises(weft.UserError, match="needs to be told which jobs"):
        opened(1)(command)


@pytest.mark.parametrize(
    ("command", "done"),
    [
        ("clean", "Cleaned 2 jobs."),
        ("invalidate", "Invalidated 2 jobs."),
        ("forget", "Forgotten 2 jobs."),
        ("delete", f"Deleted 2 jobs. {BACK}"),
    ],
)
def test_they_do_it_in_a_batch_and_say_how_much(opened: Open, command: str, done: str) -> None:
    console = opened(1, 2)
    console(MAKE)
    assert console(f"{command} draw*") == [done]


@pytest.mark.parametrize("command", ["clean", "invalidate", "forget", "delete"])
def test_an_empty_selection_does_nothing_and_says_so(opened: Open, command: str) -> None:
    console = opened(1)
    console(MAKE)
    (line,) = console(f"{command} failed")
    assert line.startswith("No job is failed now: nothing was ")
    assert console(MAKE) == ["Nothing to do: 3 jobs are fresh."]


def test_at_a_prompt_the_person_hears_what_would_go_and_may_refuse(opened: Open) -> None:
    console = opened(1, 2)
    console(MAKE)
    questions = asked(console, answer=False)
    assert console("clean fit*") == ["Nothing was cleaned."]
    assert console("forget load") == ["Nothing was forgotten."]
    assert questions[0].startswith("Clean 2 jobs: results of 2 jobs, ")
    assert questions[0].endswith(" of computing.")
    assert questions[1].endswith("of computing, 1 attempt with their logs.")
    assert console(MAKE) == ["Nothing to do: 5 jobs are fresh."]


def test_the_jobs_that_were_asked_about_are_those_that_go(opened: Open) -> None:
    console = opened(1)
    console(MAKE)
    questions = asked(console, answer=True)
    assert console("clean done") == ["Cleaned 3 jobs."]
    assert console("clean load") == ["Cleaned 1 job."]
    assert questions[1] == "Clean 1 job, of which nothing is remembered."


def test_what_others_depend_on_is_not_deleted(opened: Open) -> None:
    with pytest.raises(weft.UserError, match="'load' can't be deleted"):
        opened(1)("delete load")


# -- gc ----------------------------------------------------------------------------------------


def test_gc_of_a_tidy_folder_has_nothing_to_do(opened: Open) -> None:
    console = opened(1)
    console(MAKE)
    assert console("gc; gc --dry-run") == ["There is nothing to remove."] * 2


def test_gc_says_what_it_would_do_and_does_it_when_told(opened: Open) -> None:
    opened(1, 2)(MAKE)
    console = opened(1)
    console(MAKE)
    lines = console("gc grace=0 --dry-run")
    assert lines[0].startswith("Would remove 2 attempts, ")
    assert "2 jobs that nobody defines any more" in lines[0]
    questions = asked(console, answer=False)
    assert console("gc grace=0") == ["Nothing was removed."]
    assert questions == [lines[0].replace("Would remove", "Remove")]
    asked(console, answer=True)
    assert console("gc grace=0")[0].startswith("Removed 2 attempts, ")
    assert console("gc grace=0") == ["There is nothing to remove."]


def test_gc_keeps_as_many_results_as_it_is_told(tmp_path: Path) -> None:
    def context(alpha: int) -> weft.Context:
        made = weft.Context(tmp_path / "out")
        made.comp(pow, alpha, 2, job_id="p")
        return made

    for alpha in range(4):
        console = Console(context(alpha))
        console(MAKE)
    assert console("gc keep=4 grace=0") == ["There is nothing to remove."]
    assert console("gc keep=2 --dry-run")[0].startswith("Would remove 2 old traces, 2 values; ")


def test_settings_say_what_gc_keeps(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    for alpha in range(3):
        context = weft.Context(tmp_path / "out")
        context.give_settings({"keep": "1"})
        context.comp(pow, alpha, 2, job_id="p")
        console = Console(context)
        console(MAKE)
    assert console("gc --dry-run")[0].startswith("Would remove 2 old traces")
