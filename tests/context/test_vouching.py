"""``accept`` and ``pretend``: what runs after a person said that jobs need no run (rule 12)."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

import weft
from weft.errors import JobFailed
from weft.model.reasons import CodeChanged
from weft.model.states import JobState
from weft.store.rows import TraceFlag


def say(name: str) -> None:
    """In a file: what a function reaches, such as a list of this module, counts as its code."""
    with Path(os.environ["SAID"]).open("a") as file:
        file.write(f"{name}\n")


def load(number: int) -> int:
    say("load")
    return number


def fit(data: int) -> int:
    say("fit")
    return data + 1


def draw(model: int) -> str:
    say("draw")
    return "#" * model


def after() -> str:
    say("after")
    return "after"


def big(number: int) -> bytes:
    say("big")
    return bytes(30_000 + number)


def grow(context: weft.Definer, numbers: Sequence[int]) -> list[weft.Promise[int]]:
    say("grow")
    return [context.comp(fit, number, job_id=f"fit-{number}") for number in numbers]


Opened = Callable[..., weft.Context]


@pytest.fixture(autouse=True)
def _said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAID", str(tmp_path / "said"))


@pytest.fixture
def opened(tmp_path: Path) -> Opened:
    """A chain of three in the same folder each time; the version stands for an edit."""

    def define(*versions: str, data: int = 2) -> weft.Context:
        context = weft.Context(tmp_path / "out")
        value: Any = data
        for function, version in zip((load, fit, draw), [*versions, "1", "1", "1"], strict=False):
            value = context.options(version=version).comp(function, value)
        return context

    return define


def ran(context: weft.Context, *selection: str) -> list[str]:
    """What a make runs."""
    said = Path(os.environ["SAID"])
    said.write_text("")
    context.make(*selection, executor="inline")
    return said.read_text().split()


def collect(told: list[str]) -> Callable[[str], None]:
    return told.append


# -- accept ------------------------------------------------------------------------------------


def test_an_accepted_job_does_not_run_and_keeps_its_result(opened: Opened) -> None:
    ran(opened())
    context = opened("1", "2")
    assert context.accept("fit") == ["fit"]
    assert ran(context) == []
    assert ran(opened("1", "2")) == []
    assert context.result(_promise(context, "draw")) == "###"


def _promise(context: weft.Context, job_id: str) -> weft.Promise[Any]:
    return weft.Promise(job_id, context.graph.token)


def test_a_chain_is_accepted_at_once(opened: Opened) -> None:
    ran(opened())
    context = opened("2", "2", "2")
    assert context.accept("all") == ["load", "fit", "draw"]
    assert ran(context) == []


def test_a_further_edit_makes_an_accepted_job_stale_with_reasons_against_it(
    opened: Opened,
) -> None:
    ran(opened())
    opened("1", "2").accept("fit")
    context = opened("1", "3")
    context.prepare()
    with context.reading() as store:
        survey = context.survey(store)
        job = context.graph.jobs["fit"]
        prior = survey.remembered.prior(job)
        assert prior is not None
        assert prior.flags & TraceFlag.ACCEPTED
        assert survey.states["fit"] is JobState.READY
        assert survey.reasons(job) == (CodeChanged(),)
    assert ran(context) == ["fit"]


def test_accepted_jobs_are_fresh_ones_no_more(opened: Opened) -> None:
    context = opened()
    ran(context)
    told: list[str] = []
    assert context.accept("all", say=collect(told)) == []
    assert told == []


def test_what_never_ran_can_not_be_accepted_and_is_named(opened: Opened) -> None:
    context = opened()
    ran(context, "load")
    told: list[str] = []
    assert context.accept("all", say=collect(told)) == []
    assert told == [
        "fit was not accepted: it never ran.",
        "draw was not accepted: fit, which it depends on, is not done.",
    ]


def test_a_job_on_a_stale_one_can_not_be_accepted_alone(opened: Opened) -> None:
    ran(opened())
    context = opened("2", "2", data=5)
    told: list[str] = []
    assert context.accept("fit", say=collect(told)) == []
    assert told == ["fit was not accepted: load, which it depends on, is not done."]
    assert ran(context) == ["load", "fit", "draw"]


def test_an_invalidated_job_can_be_accepted_again(opened: Opened) -> None:
    context = opened()
    ran(context)
    context.invalidate("fit")
    assert context.accept("fit") == ["fit"]
    assert ran(context) == []


def test_a_cleaned_job_has_nothing_to_accept(opened: Opened) -> None:
    context = opened()
    ran(context)
    context.clean("draw")
    told: list[str] = []
    assert context.accept("draw", say=collect(told)) == []
    assert told == ["draw was not accepted: it has no result that could be accepted."]


def test_a_file_that_a_job_read_is_accepted_as_it_is_now(tmp_path: Path) -> None:
    path = tmp_path / "in.txt"
    path.write_text("1")

    def context() -> weft.Context:
        made = weft.Context(tmp_path / "out")
        made.comp(read, str(path))
        return made

    assert ran(context()) == ["read"]
    path.write_text("22")
    assert context().accept("read") == ["read"]
    assert ran(context()) == []
    path.write_text("333")
    assert ran(context()) == ["read"]


def read(path: str) -> str:
    say("read")
    return Path(weft.reads(path)).read_text()


def test_large_results_are_accepted_too_and_lost_ones_are_not(tmp_path: Path) -> None:
    def context(version: str) -> weft.Context:
        made = weft.Context(tmp_path / "out")
        made.options(version=version).comp(big, 1)
        return made

    ran(context("1"))
    second = context("2")
    assert second.accept("big") == ["big"]
    assert ran(second) == []
    assert len(second.result(_promise(second, "big"))) == 30_001
    for file in (tmp_path / "out" / "objects").glob("??/*"):
        file.unlink()
    told: list[str] = []
    assert context("3").accept("big", say=collect(told)) == []
    assert told == ["big was not accepted: its result is not there any more."]


def test_the_jobs_of_an_accepted_generator_come_along(tmp_path: Path) -> None:
    def context(version: str, *numbers: int) -> weft.Context:
        made = weft.Context(tmp_path / "out")
        made.comp(sum, made.options(version=version).comp_dynamic(grow, list(numbers)))
        return made

    assert ran(context("1", 1, 2)) == ["grow", "fit", "fit"]
    second = context("2", 1, 2, 3)
    assert second.accept("grow") == ["grow"]
    assert ran(second) == []
    assert second.result(_promise(second, "sum")) == 5
    assert ran(context("3", 1, 2)) == ["grow"]


def test_a_kept_failure_can_be_accepted(tmp_path: Path) -> None:
    def context(version: str, number: int) -> weft.Context:
        made = weft.Context(tmp_path / "out")
        made.options(version=version, keep_failed=True).comp(inverse, number)
        return made

    ran(context("1", 2))
    with pytest.raises(weft.MakeFailed):
        ran(context("2", 0))
    assert context("2", 0).accept("failed") == ["inverse"]
    assert ran(context("2", 0)) == []


def inverse(number: int) -> float:
    say("inverse")
    return 1 / number


# -- pretend -----------------------------------------------------------------------------------


def test_a_pretended_target_does_not_run_and_has_no_result(opened: Opened) -> None:
    context = opened()
    assert context.pretend("all") == ["load", "fit", "draw"]
    assert ran(context) == []
    assert ran(context, "draw") == []
    with pytest.raises(JobFailed, match="only pretended"):
        context.result(_promise(context, "draw"))


def test_a_pretended_job_runs_when_its_value_is_needed(opened: Opened) -> None:
    context = opened()
    ran(context, "load")
    assert context.pretend("fit") == ["fit"]
    assert ran(context, "fit") == []
    assert ran(context) == ["fit", "draw"]
    assert context.result(_promise(context, "draw")) == "###"
    assert ran(context) == []


def test_what_only_waits_for_a_pretended_job_goes_on(tmp_path: Path) -> None:
    context = weft.Context(tmp_path / "out")
    first = context.comp(load, 1)
    context.comp(after, extra_dep=[first])
    assert context.pretend("load") == ["load"]
    assert ran(context) == ["after"]
    assert ran(context) == []


@pytest.mark.parametrize("way", ["invalidate", "clean", "forget"])
def test_a_pretence_is_taken_back(opened: Opened, way: str) -> None:
    context = opened()
    context.pretend("load")
    getattr(context, way)("load")
    assert ran(context, "load") == ["load"]


def test_nobody_pretends_what_has_a_result_or_waits(opened: Opened) -> None:
    context = opened()
    ran(context, "load")
    told: list[str] = []
    assert context.pretend("load", "draw", say=collect(told)) == []
    assert told == ["draw was not pretended: fit, which it depends on, is not done."]


def test_a_pretended_job_serves_no_equal_call(tmp_path: Path) -> None:
    def context(calls: int) -> weft.Context:
        made = weft.Context(tmp_path / "out")
        for _ in range(calls):
            made.comp(load, 1)
        return made

    context(1).pretend("load")
    assert ran(context(2)) == ["load"]
    made = weft.Context(tmp_path / "out")
    made.comp(load, 1, job_id="renamed")
    assert ran(made) == []  # by the result of load-2


def test_a_pretended_promise_of_a_generator_does_not_run_for_the_generator(
    tmp_path: Path,
) -> None:
    context = weft.Context(tmp_path / "out")
    promise = context.comp_dynamic(grow, [1])
    context.make("grow", executor="inline")
    context.clean("fit-1")
    context.pretend("fit-1")
    assert ran(context) == []
    with pytest.raises(JobFailed, match="fit-1 was only pretended"):
        context.result(promise)


def test_generators_are_not_pretended(tmp_path: Path) -> None:
    context = weft.Context(tmp_path / "out")
    context.comp_dynamic(grow, [1])
    told: list[str] = []
    assert context.pretend("grow", say=collect(told)) == []
    assert told == ["grow was not pretended: it defines jobs, and which ones only a run can tell."]


def test_jobs_are_vouched_for_without_the_script(opened: Opened, tmp_path: Path) -> None:
    ran(opened())
    context = weft.Context.remembered(tmp_path / "out")
    context.invalidate("fit", "draw")
    assert context.accept("fit") == ["fit"]
    assert context.pretend("draw") == ["draw"]
    with context.reading() as store:
        newest = store.newest_trace("draw")
    assert newest is not None
    assert newest.arguments_text == "(<fit>)"
    assert ran(opened()) == []
