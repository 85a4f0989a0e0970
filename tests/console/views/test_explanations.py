import io
import re

from weft.console.text.screen import Screen
from weft.console.text.view import View
from weft.console.views.explanations import (
    Blocked,
    Cancelled,
    DidRun,
    Difference,
    Explanation,
    Explanations,
    Failure,
    Fresh,
    Waits,
    WillRun,
)
from weft.console.views.listing import JobLines, Listing, More, Tally
from weft.model.reasons import CodeChanged, DependencyChanged, NeverRun, Reason
from weft.model.states import JobState

PIPE = Screen(io.StringIO())
TERMINAL = Screen(io.StringIO(), width=40, colour=True, live=True)


def shown(view: View, screen: Screen = PIPE) -> list[str]:
    return list(view.lines(screen))


def line(job_id: str, seconds: float | None = None) -> JobLines:
    return JobLines([job_id], ["f"], [JobState.DONE], [False], [seconds], [None], [None])


JOBS = JobLines(
    ["load", "fit-1", "draw"],
    ["load", "fit", "draw"],
    [JobState.DONE, JobState.READY, JobState.BLOCKED],
    [False, True, False],
    [0.012, 3.0, None],
    [None] * 3,
    [None] * 3,
    [More(), More(why="will run: its function fit() changed"), More()],
)


def test_a_list_has_a_glyph_and_a_word_for_each_state() -> None:
    assert shown(Listing(JOBS)) == [
        "✓  load   done          load()  12 ms",
        "○  fit-1  ready, stale  fit()   3.0 s",
        "■  draw   blocked       draw()",
        "3 jobs: 1 done, 1 blocked, 1 ready; 3.0 s of computing",
    ]


def test_a_list_can_have_reasons() -> None:
    assert shown(Listing(JOBS.ordered([1]), with_reasons=True)) == [
        "○  fit-1  ready, stale  fit()  3.0 s  will run: its function fit() changed"
    ]


def test_a_pipe_gets_whole_ids_and_no_colours() -> None:
    name = "x" * 200
    (only,) = shown(Listing(line(name)))
    assert name in only
    assert "\x1b" not in only


def test_in_a_terminal_lines_fit_its_width() -> None:
    name = "x" * 200
    (only,) = shown(Listing(line(name, seconds=1.0)), TERMINAL)
    assert len(re.sub(r"\x1b\[\d+m", "", only)) <= 40
    assert "…" in only


def test_an_empty_list_says_so() -> None:
    assert shown(Listing(JOBS.ordered([]))) == ["No jobs."]
    assert shown(Tally(())) == ["No jobs."]
    assert shown(Explanations((), of_all=True)) == [
        "Nothing failed, and nothing that ran before is out of date."
    ]


def test_every_verdict_has_its_line() -> None:
    verdicts = (
        (JobState.FAILED, Failure("ValueError: bad", ("  stderr: oh",))),
        (JobState.CANCELLED, Cancelled()),
        (JobState.BLOCKED, Blocked(("fit",))),
        (JobState.READY, WillRun((NeverRun(),))),
        (JobState.DONE, DidRun(())),
        (JobState.DONE, DidRun((CodeChanged(("f",)),))),
        (JobState.DONE, Fresh()),
        (JobState.DONE, Fresh(again=True)),
        (JobState.WAITING, Waits(("fit",))),
    )
    jobs = tuple(Explanation("j", "f", state, verdict) for state, verdict in verdicts)
    assert shown(Explanations(jobs)) == [
        "✗ j  failed: ValueError: bad",
        "      stderr: oh",
        "– j  was cancelled; the next make runs it",
        "■ j  blocked: fit failed",
        "○ j  will run: it has no result yet",
        "✓ j  ran in the last run: it had no result before",
        "✓ j  ran in the last run: its function f() changed",
        "✓ j  fresh: its result for this code and these inputs is known",
        "✓ j  fresh: its result was found again from an earlier run",
        "· j  waits for fit, whose results decide whether it runs",
    ]


def ran(*reasons: Reason) -> tuple[Explanation, ...]:
    made = enumerate(reasons)
    return tuple(Explanation(f"j{i}", "f", JobState.DONE, DidRun((r,))) for i, r in made)


def test_what_ran_stands_apart_from_what_there_is_to_do() -> None:
    failed = Explanation("a", "f", JobState.FAILED, Failure("Oh", ()))
    assert shown(Explanations((failed,), of_all=True, ran=ran(CodeChanged(("f",))))) == [
        "✗ a   failed: Oh",
        "",
        "✓ j0  ran in the last run: its function f() changed",
    ]


def test_many_that_ran_are_counted_by_reason() -> None:
    reasons = [DependencyChanged(f"fit-{i}") for i in range(10)]
    assert shown(Explanations((), of_all=True, ran=ran(CodeChanged(("f",)), *reasons))) == [
        "✓ 10 jobs  ran in the last run: a dependency gave another result",
        "✓ 1 job  ran in the last run: its function f() changed",
    ]


def test_control_characters_are_written_out() -> None:
    evil = "\x1b[2J\r\0\n\x9b"
    verdict = Failure(f"ValueError: {evil}", (f"  stderr: {evil}",))
    explained = Explanations((Explanation(evil, "f", JobState.FAILED, verdict),))
    listed = Listing(line(evil))
    lines = [*shown(explained), *shown(listed)]
    assert len(lines) == 3
    assert all(line.isprintable() for line in lines)
    assert all(r"\x1b[2J\r\x00\n\x9b" in line for line in lines)


def test_in_a_terminal_long_explanations_hang_after_the_id() -> None:
    job = Explanation("j", "f", JobState.WAITING, Waits(("fit", "load")))
    lines = [re.sub(r"\x1b\[\d+m", "", line) for line in shown(Explanations((job,)), TERMINAL)]
    assert lines == [
        "· j  waits for fit, load, whose results",
        "     decide whether it runs",
    ]


def test_a_difference_is_shown_as_diff_shows_it() -> None:
    change = Difference("fit", "def fit(x):\n    return x\n", "def fit(x):\n    return x + 1\n")
    job = Explanation("j", "fit", JobState.READY, WillRun((CodeChanged(("fit",)),)), (), (change,))
    assert shown(Explanations((job,))) == [
        "○ j  will run: its function fit() changed",
        "    fit",
        "    @@ -1,2 +1,2 @@",
        "     def fit(x):",
        "    -    return x",
        "    +    return x + 1",
    ]


def test_an_explanation_as_a_document_has_its_reasons() -> None:
    job = Explanation("j", "f", JobState.READY, WillRun((DependencyChanged("fit"),)))
    (found,) = Explanations((job,)).document()  # type: ignore[misc]
    assert (found["job_id"], found["state"], found["why"]["kind"]) == ("j", "ready", "WillRun")
    assert found["why"]["reasons"] == [
        {
            "kind": "DependencyChanged",
            "job_id": "fit",
            "text": "dependency fit gave another result",
        }
    ]
