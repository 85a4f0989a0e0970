"""The dry run as text and as a document."""

import io
import json

from weft.console.text.screen import Screen
from weft.console.views.previewing import dry_run
from weft.context.previewing import MayRun, Preview, WillRun
from weft.model.reasons import ArgumentsChanged, CodeChanged, NeverRun, Reason


def will_run(name: str, *reasons: Reason, function: str = "fit", seconds: float = 1.0) -> WillRun:
    return WillRun(name, function, reasons or (NeverRun(),), generates=False, seconds=seconds)


def preview(
    *certain: WillRun,
    possible: tuple[MayRun, ...] = (),
    refused: dict[str, str] | None = None,
    kept: tuple[str, ...] = (),
    blocked: tuple[str, ...] = (),
    fresh: int = 2,
    n: int = 1,
) -> Preview:
    return Preview(certain, possible, refused or {}, kept, blocked, fresh, n)


def text(found: Preview, width: int = 80, *, live: bool = False) -> list[str]:
    return list(dry_run(found).lines(Screen(io.StringIO(), width, live=live)))


def test_few_jobs_are_told_one_by_one() -> None:
    found = preview(will_run("a"), will_run("long name", CodeChanged(("fit",))))
    assert text(found) == [
        "Would run 2 jobs, in this order:",
        "○ a          it has no result yet",
        "○ long name  its function fit() changed",
        "2 jobs are fresh.",
        "Expected time: 2.0 s, one job at a time.",
    ]


def test_many_jobs_are_counted_by_function_and_reason() -> None:
    jobs = [will_run(f"f{i}", ArgumentsChanged(f"{i}", f"{i + 1}")) for i in range(9_999)]
    found = preview(*jobs, will_run("d", function="draw"), n=4)
    assert text(found) == [
        "Would run 10000 jobs, in this order:",
        "○ 9999 jobs of fit()  argument changed",
        "○ 1 job of draw()  it has no result yet",
        "2 jobs are fresh.",
        "Expected time: 41 min 40 s, 4 jobs at a time.",
    ]


def test_what_may_run_is_counted_with_what_decides_about_it() -> None:
    possible = (MayRun("b", "f", ("a",)), MayRun("c", "f", ("b",)))
    found = preview(will_run("a"), possible=possible, fresh=1)
    assert text(found)[2:4] == [
        "2 more may run, depending on what a gives.",
        "1 job is fresh.",
    ]


def test_generators_are_named() -> None:
    generator = WillRun("g", "gen", (NeverRun(),), generates=True, seconds=None)
    assert "What g defines may run too." in text(preview(generator))


def test_what_will_not_run_is_told_with_the_reason() -> None:
    found = preview(refused={"a": "gone", "b": "gone"}, kept=("k",), blocked=("x", "y"), fresh=0)
    assert text(found) == [
        "✗ a, b  can't run here: gone",
        "✗ k  failed, and nothing about it changed (keep_failed)",
        "■ x, y  blocked by these",
        "0 jobs are fresh.",
    ]


def test_nothing_to_do_is_said_as_by_make() -> None:
    assert text(preview(fresh=3)) == ["Nothing to do: 3 jobs are fresh."]


def test_no_expectation_without_a_past() -> None:
    job = WillRun("a", "f", (NeverRun(),), generates=False, seconds=None)
    assert text(preview(job))[-1] == "2 jobs are fresh."


def test_lines_fit_a_terminal() -> None:
    change = ArgumentsChanged("word " * 40, "other " * 40)
    lines = text(preview(will_run("a", change)), live=True)
    assert max(map(len, lines)) <= 80


def test_ids_cannot_steer_the_terminal() -> None:
    found = preview(will_run("a\x1b[2J"), refused={"b\x1b": "c\x1b"})
    assert not any("\x1b" in line for line in text(found))


def test_the_document_has_all_of_it() -> None:
    found = preview(
        will_run("a"),
        possible=(MayRun("b", "f", ("a",)),),
        refused={"r": "why"},
        kept=("k",),
        blocked=("x",),
    )
    document = json.loads(json.dumps(dry_run(found).document()))
    assert document["certain"][0]["job_id"] == "a"
    assert document["certain"][0]["reasons"][0]["kind"] == "NeverRun"
    assert document["possible"] == [{"job_id": "b", "function": "f", "waits_for": ["a"]}]
    assert document["refused"] == [{"job_id": "r", "why": "why"}]
    assert (document["kept_failures"], document["blocked"]) == (["k"], ["x"])
    assert (document["fresh"], document["n"], document["seconds"]) == (2, 1, 1.0)
