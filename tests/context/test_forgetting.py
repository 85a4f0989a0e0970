"""What ``invalidate``, ``clean``, ``forget``, ``delete`` and ``gc`` take away (rule 12)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

import weft
from weft.context.forgetting import Change, carry_out, check_deletable, preview
from weft.errors import UserError
from weft.model.states import JobState
from weft.store import database
from weft.store.garbage import Policy


def load(number: int) -> list[int]:
    print("loading")
    return [number] * 5000


def fit(data: list[int], alpha: int) -> int:
    return sum(data) * alpha


def leaf(number: int) -> int:
    return number


def grow(context: weft.Definer, numbers: Sequence[int]) -> list[weft.Promise[int]]:
    return [context.comp(leaf, number, job_id=f"grow-{number}") for number in numbers]


def chain(folder: Path, *alphas: int, generator: bool = False) -> weft.Context:
    context = weft.Context(folder)
    data = context.comp(load, 1)
    for alpha in alphas:
        context.comp(fit, data, alpha, job_id=f"fit-{alpha}")
    if generator:
        context.comp(sum, context.comp_dynamic(grow, [1, 2]))
    return context


@pytest.fixture
def made(tmp_path: Path) -> weft.Context:
    context = chain(tmp_path / "out", 1, 2, generator=True)
    context.make(executor="inline")
    return context


@pytest.fixture(autouse=True)
def _settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader right after a writer takes the file for one that nobody writes."""
    monkeypatch.setattr(database, "_SETTLED_NS", 0)


def done(context: weft.Context) -> list[str]:
    states = context.survey().states
    return [name for name, state in states.items() if state is JobState.DONE]


def attempts(context: weft.Context, job_id: str) -> int:
    with context.reading() as store:
        return len(store.chronicle.attempts(job_id))


ALL = ["load", "fit-1", "fit-2", "grow", "sum", "grow-1", "grow-2"]


def test_clean_takes_results_and_what_a_generator_made_along(made: weft.Context) -> None:
    assert sorted(made.clean("grow", "fit-1")) == ["fit-1", "grow", "grow-1", "grow-2"]
    assert done(made) == ["load", "fit-2"]
    assert attempts(made, "fit-1") == 1


def test_forget_takes_attempts_too(made: weft.Context) -> None:
    assert sorted(made.forget("grow", "fit-1")) == ["fit-1", "grow", "grow-1", "grow-2"]
    assert done(made) == ["load", "fit-2"]
    assert [attempts(made, name) for name in ("fit-1", "grow-2", "fit-2")] == [0, 0, 1]
    assert made.make(executor="inline").counts.done == 7


def test_invalidate_takes_just_the_named_job(made: weft.Context) -> None:
    assert made.invalidate("grow") == ["grow"]
    assert made.make(executor="inline").ran == 1


@pytest.mark.parametrize("change", Change)
def test_a_preview_says_what_would_go_and_changes_nothing(
    made: weft.Context, change: Change
) -> None:
    before = sorted((p.name, p.stat().st_mtime_ns) for p in made.folder.rglob("*"))
    planned = preview(made, change, ["fit-1 load"] if change is not Change.DELETE else ["fit-1"])
    assert planned.ids == (("load", "fit-1") if change is not Change.DELETE else ("fit-1",))
    assert planned.weight.jobs == planned.weight.attempts == len(planned.ids)
    assert planned.weight.size > 0
    assert sorted((p.name, p.stat().st_mtime_ns) for p in made.folder.rglob("*")) == before
    assert carry_out(made, change, planned) == list(planned.ids)


def test_a_preview_of_nothing_weighs_nothing(made: weft.Context) -> None:
    planned = preview(made, Change.CLEAN, ["failed"])
    assert planned.ids == ()
    assert planned.weight.jobs == planned.weight.attempts == planned.weight.size == 0


# -- delete ------------------------------------------------------------------------------------


def test_deleted_jobs_leave_graph_and_store(made: weft.Context) -> None:
    assert made.delete("fit-1") == ["fit-1"]
    assert sorted(made.graph.jobs) == sorted(set(ALL) - {"fit-1"})
    again = weft.Context.remembered(made.folder)
    assert sorted(again.graph.jobs) == sorted(set(ALL) - {"fit-1"})
    assert attempts(again, "fit-1") == 0
    assert made.make(executor="inline").ran == 0


def test_a_generator_is_deleted_with_its_jobs(made: weft.Context) -> None:
    assert sorted(made.delete("grow sum")) == ["grow", "grow-1", "grow-2", "sum"]
    assert list(weft.Context.remembered(made.folder).graph.jobs) == ["load", "fit-1", "fit-2"]


def test_a_script_brings_deleted_jobs_back_as_never_run(made: weft.Context) -> None:
    made.delete("load fit*")
    again = chain(made.folder, 1, 2, generator=True)
    assert set(done(again)) == {"grow", "sum", "grow-1", "grow-2"}
    assert again.make(executor="inline").ran == 3


def test_jobs_can_be_deleted_without_the_script(made: weft.Context) -> None:
    weft.Context.remembered(made.folder).delete("fit-2")
    assert "fit-2" not in weft.Context.remembered(made.folder).graph.jobs
    assert done(chain(made.folder, 1, generator=True)) == [
        "load",
        "fit-1",
        "grow",
        "sum",
        "grow-1",
        "grow-2",
    ]


def test_what_others_depend_on_is_not_deleted(made: weft.Context) -> None:
    with pytest.raises(UserError, match="'load' can't be deleted") as caught:
        made.delete("load fit-1")
    assert caught.value.facts == {"needed by": "fit-2"}
    assert caught.value.cure == "delete load or downstream of load takes them along."
    assert len(done(made)) == 7
    assert sorted(made.delete("load or downstream of load")) == ["fit-1", "fit-2", "load"]


def test_a_generated_job_is_not_deleted_without_its_generator(made: weft.Context) -> None:
    with pytest.raises(UserError, match="'grow' defined it"):
        made.delete("grow-1")
    check_deletable(made.graph, ["grow", "grow-1", "grow-2", "sum"])


# -- gc ----------------------------------------------------------------------------------------


def test_a_script_that_defines_a_part_loses_nothing_to_gc(made: weft.Context) -> None:
    part = chain(made.folder, 1)
    part.make(executor="inline")
    assert part.collect().waste.empty
    assert chain(made.folder, 1, 2, generator=True).make(executor="inline").ran == 0


def test_after_the_grace_what_nobody_defines_goes(made: weft.Context) -> None:
    part = chain(made.folder, 1)
    part.make(executor="inline")
    found = part.collect(Policy(grace=0.0), dry_run=True)
    assert sorted(found.waste.doomed.jobs) == sorted(set(ALL) - {"load", "fit-1"})
    assert not found.carried_out
    assert chain(made.folder, 1, 2).make(executor="inline").ran == 0
    chain(made.folder, 1).make(executor="inline")
    assert chain(made.folder, 1).collect(Policy(grace=0.0)).carried_out


def test_what_an_undone_edit_brought_back_is_kept(tmp_path: Path) -> None:
    for alpha in (1, 2, 3, 1):
        context = weft.Context(tmp_path / "out")
        context.comp(fit, [1], alpha, job_id="fit")
        context.make(executor="inline")
    found = context.collect(Policy(keep=1, grace=0.0))
    assert len(found.waste.doomed.traces) == 1
    assert context.make(executor="inline").ran == 0
    assert context.collect(Policy(keep=1, grace=0.0)).waste.empty


def test_generated_jobs_are_kept_while_their_generator_is_stale(made: weft.Context) -> None:
    made.invalidate("grow")
    assert weft.Context.remembered(made.folder).collect(Policy(grace=0.0)).waste.empty
    assert made.make(executor="inline").ran == 1


def test_a_dry_run_writes_nothing(made: weft.Context) -> None:
    part = chain(made.folder, 1)
    before = sorted((p.name, p.stat().st_mtime_ns) for p in made.folder.rglob("*"))
    assert part.collect(Policy(keep=1, grace=0.0), dry_run=True).before > 0
    assert sorted((p.name, p.stat().st_mtime_ns) for p in made.folder.rglob("*")) == before
