"""What each command prints, word for word."""

from collections.abc import Callable
from pathlib import Path

import pytest

import weft
from tests.console.conftest import Console, Open, draw, fit, load
from weft.console.session import ExitRequested

MAKE = "make executor=inline"


def test_failures_are_told_with_their_causes_and_the_rest_is_made(opened: Open) -> None:
    assert opened(0, 1)(MAKE) == [
        "✗ fit-0 failed: ZeroDivisionError: division by zero",
        "      File, in fit",
        "        return sum(data) / alpha",
        "      stdout: fitting with 0",
        "4 ran, 3 done, 1 failed, 1 blocked, in TIME.",
    ]


def test_a_failure_is_raised_as_make_failed(opened: Open) -> None:
    with pytest.raises(weft.MakeFailed) as caught:
        opened(0, 1).session.run(MAKE)
    assert caught.value.failed == ("fit-0",)
    assert caught.value.blocked == ("draw-0",)


def test_a_selection_makes_only_its_upstream(opened: Open) -> None:
    console = opened(1, 2)
    assert console(f"{MAKE} fit*") == ["3 ran, 3 done, 0 failed, 0 blocked, in TIME."]


def test_a_selection_that_names_no_job_now_makes_nothing(opened: Open) -> None:
    console = opened(1)
    assert console(f"{MAKE} failed") == ["No job is failed now: nothing to make."]
    assert console("ls done") == ["No jobs."]


@pytest.mark.parametrize(
    ("word", "cure"),
    [
        ("fi", "Did you mean fi*?"),
        ("fit", "Did you mean fit* or fit() or"),
        ("lod", "Did you mean load"),
    ],
)
def test_ls_of_what_names_no_job_suggests_what_would(opened: Open, word: str, cure: str) -> None:
    with pytest.raises(weft.UserError) as caught:
        opened(1)(f"ls {word}")
    assert cure in caught.value.cure


def test_why_says_what_failed_and_what_that_blocks(opened: Open) -> None:
    console = opened(0, 1)
    console(MAKE)
    assert console("why") == [
        "✗ fit-0  failed: ZeroDivisionError: division by zero",
        "      File, in fit",
        "        return sum(data) / alpha",
        "      stdout: fitting with 0",
        "■ draw-0  blocked: fit-0 failed",
    ]


def test_why_has_nothing_to_say_of_a_first_success(opened: Open) -> None:
    console = opened(1)
    console(MAKE)
    assert console("why") == ["Nothing failed, and nothing that ran before is out of date."]
    assert console("why fit-1") == ["✓ fit-1  ran in the last run: it had no result before"]


def test_why_of_something_that_was_not_asked_to_run_yet(opened: Open) -> None:
    assert opened(1)("why load draw-1") == [
        "○ load  will run: it has no result yet",
        "· draw-1  waits for fit-1, whose results decide whether it runs",
    ]


def test_why_tells_a_changed_argument_before_and_after_the_run(tmp_path: Path) -> None:
    def defined(alpha: int) -> Console:
        context = weft.Context(tmp_path / "out")
        context.comp(fit, [1, 2], alpha, job_id="fit")
        context.comp(draw, 3.0)
        return Console(context)

    defined(1)(MAKE)
    console = defined(2)
    changed = "argument changed: ([1, 2], 1) → ([1, 2], 2)"
    assert console("why") == [f"○ fit  will run: {changed}"]
    console(MAKE)
    assert console("why") == [f"✓ fit  ran in the last run: {changed}"]
    assert console("why draw") == [
        "✓ draw  fresh: its result for this code and these inputs is known"
    ]


def test_why_tells_when_the_result_of_an_earlier_run_serves_again(opened: Open) -> None:
    def defined(alpha: int) -> Console:
        console = opened()
        console.context.comp(draw, console.context.comp(fit, [1, 2], alpha, job_id="fit"))
        return console

    defined(1)(MAKE)
    defined(2)(MAKE)
    console = defined(1)
    assert console("why fit draw") == [
        "✓ fit  fresh: its result was found again from an earlier run",
        "✓ draw  fresh: its result was found again from an earlier run",
    ]
    assert console("why") == ["Nothing failed, and nothing that ran before is out of date."]
    assert defined(2)("why fit")[0].startswith("✓ fit  ran in the last run: argument changed")


def test_details_need_jobs(opened: Open) -> None:
    with pytest.raises(weft.UserError, match="which jobs"):
        opened(1)("details")


def test_clean_all_cleans_all(opened: Open) -> None:
    console = opened(1)
    console(MAKE)
    assert console("clean all") == ["Cleaned 3 jobs."]
    assert console(MAKE) == ["3 ran, 3 done, 0 failed, 0 blocked, in TIME."]


def test_clean_of_nothing_cleans_nothing(opened: Open) -> None:
    console = opened(1)
    console(MAKE)
    assert console("clean failed") == ["No job is failed now: nothing was cleaned."]
    assert console(MAKE) == ["Nothing to do: 3 jobs are fresh."]


def test_invalidate_lets_jobs_run_again_but_not_what_sees_the_same_result(opened: Open) -> None:
    console = opened(1)
    console(MAKE)
    assert console("invalidate fit-1") == ["Invalidated 1 job."]
    assert console(MAKE) == ["1 ran, 3 done, 0 failed, 0 blocked, in TIME."]


@pytest.mark.parametrize("command", ["remake", "parremake n=2"])
def test_remake_runs_the_selection_again(opened: Open, command: str) -> None:
    console = opened(1)
    console(MAKE)
    assert console(f"{command} executor=inline draw*") == [
        "1 ran, 3 done, 0 failed, 0 blocked, in TIME."
    ]
    assert console("why draw-1") == ["✓ draw-1  ran in the last run: it was invalidated"]


def test_remake_of_nothing_makes_nothing(opened: Open) -> None:
    console = opened(1)
    assert console("remake failed") == ["No job is failed now: nothing to make."]
    assert console("ls load") == ["○  load  ready  load()"]


@pytest.mark.parametrize("setting", ["fail_fast=1", "keep_going=0"])
def test_fail_fast_starts_nothing_after_a_failure(opened: Open, setting: str) -> None:
    assert "not started" in opened(0, 1, 2)(f"{MAKE} {setting}")[-1]


def test_help_lists_all_commands_under_headings(opened: Open) -> None:
    lines = opened()("help")
    assert [line for line in lines if line and line[0].isupper()][:4] == [
        "Making",
        "Looking",
        "Forgetting",
        "Other",
    ]
    assert "  make [JOBS]  Run what is stale, one job at a time." in lines


def test_help_for_what_is_no_command_is_an_error(opened: Open) -> None:
    with pytest.raises(weft.UserError, match="no command 'mak'"):
        opened()("help mak")


@pytest.mark.parametrize("word", ["exit", "quit"])
def test_exit_ends_the_sequence(opened: Open, word: str) -> None:
    with pytest.raises(ExitRequested):
        opened(1)(f"{word}; clean")


def test_ids_with_spaces_and_equals_signs_can_be_chosen(tmp_path: Path) -> None:
    context = weft.Context(tmp_path / "out")
    context.comp(load, "a", job_id="n=1")
    context.comp(load, "b", job_id="two words")
    console = Console(context)
    console(f"{MAKE} 'n=1' 'two words'")
    assert console("ls n=1 'two words'") == [
        "✓  n=1  done  load()  TIME  TIME ago",
        "✓  two words  done  load()  TIME  TIME ago",
        "2 jobs: 2 done; TIME of computing",
    ]


def leaf(number: int) -> float:
    return 1 / number


def grow(context: weft.Definer, numbers: list[int]) -> list[weft.Promise[float]]:
    return [context.comp(leaf, number, job_id=f"grow-{number}") for number in numbers]


@pytest.fixture
def grown(tmp_path: Path) -> Callable[..., Console]:
    """A generator whose jobs another one adds up; in a context that has not run anything yet."""

    def define(*numbers: int) -> Console:
        context = weft.Context(tmp_path / "out")
        context.comp(sum, context.comp_dynamic(grow, list(numbers)))
        return Console(context)

    return define


def test_what_waits_for_a_generated_job_that_failed_is_blocked(grown: Callable[..., Console]):
    assert grown(1, 0)(MAKE)[-1] == "3 ran, 1 done, 1 failed, 2 blocked, in TIME."
    assert grown(1, 0)("ls") == [
        "■  grow  blocked, stale  grow()  TIME  TIME ago",
        "■  sum  blocked  sum()",
        "✓  grow-1  done  leaf()  TIME  TIME ago",
        "✗  grow-0  failed  leaf()  TIME ago",
        "4 jobs: 1 done, 1 failed, 2 blocked; TIME of computing",
    ]
    assert "■ sum  blocked: grow-0 failed" in grown(1, 0)("why blocked")


def test_generated_jobs_can_be_chosen_by_a_script_that_did_not_run_their_generator(
    grown: Callable[..., Console],
) -> None:
    grown(1, 2)(MAKE)
    assert grown(1, 2)("invalidate grow-*") == ["Invalidated 2 jobs."]
    assert "0 failed" in grown(1, 2)(f"{MAKE} grow-2")[0]
    assert grown(1, 2)("ls grow-2") == ["✓  grow-2  done  leaf()  TIME  TIME ago"]
    assert grown(1, 2)("clean grow") == ["Cleaned 3 jobs."]
