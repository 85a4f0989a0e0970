"""Jobs whose results do not tell what they did: their attempt counts (rule 7)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import weft
from tests.scheduler.world import Call, World
from weft.model.resources import Options


def writer(code: int = 0, **more: object) -> Call:
    return replace(Call("w", code=code, spread=1000, writes="place"), **more)  # type: ignore[arg-type]


READER = Call("r", code=1, spread=1000, extra=("w",))


def test_what_runs_after_a_job_runs_again_when_that_one_did_although_it_returns_nothing() -> None:
    world = World()
    world.run([writer(), READER])
    assert world.run([writer(code=2), READER]).executed == ["w", "r"]
    world.invalidate("w")
    assert world.run([writer(code=2), READER]).executed == ["w", "r"]
    assert world.run([writer(code=2), READER]).nothing_to_do


def test_who_gets_none_as_argument_runs_again_when_the_job_did() -> None:
    world = World()
    user = Call("u", code=1, inputs=("w",))
    world.run([writer(), user])
    assert world.run([writer(code=2), user]).executed == ["w", "u"]


def test_after_an_edit_was_undone_a_job_that_returns_nothing_runs_again() -> None:
    world = World()
    world.run([writer(), READER])
    world.run([writer(code=2), READER])
    assert world.run([writer(), READER]).executed == ["w", "r"]
    assert world.run([writer(), READER]).nothing_to_do


def test_an_edit_whose_run_was_killed_counts_as_run_for_a_job_that_returns_nothing() -> None:
    world = World()
    world.run([writer(), READER])
    world.run([writer(code=2), READER], stop_after=0, amid=True)
    assert world.run([writer(), READER]).executed == ["w", "r"]


def test_an_edit_whose_run_failed_counts_as_run_for_a_job_that_returns_nothing() -> None:
    world = World()
    world.run([writer(), READER])
    world.run([writer(code=2), READER], fails="w".__eq__)
    assert world.run([writer(), READER]).executed == ["w", "r"]


def test_what_runs_after_a_value_job_runs_again_and_who_takes_the_value_does_not() -> None:
    world = World()
    calls = [Call("a", spread=1), Call("taker", code=1, inputs=("a",)), Call("later", extra=("a",))]
    world.run(calls)
    edited = [replace(calls[0], code=7), *calls[1:]]
    assert world.run(edited).executed == ["a", "later"]
    assert world.run(calls).nothing_to_do


def test_with_cutoff_or_pure_the_value_is_all_that_matters() -> None:
    for options in (Options(cutoff=True), Options(pure=True)):
        world = World()
        world.run([writer(options=options), READER])
        assert world.run([writer(code=2, options=options), READER]).executed == ["w"]


def test_a_renamed_job_that_returned_nothing_takes_what_it_did_along() -> None:
    """Of the new name, too, only the newest attempt counts."""
    world = World()
    world.run([writer(), READER])
    renamed = [writer(id="v"), replace(READER, extra=("v",))]
    assert world.run(renamed).nothing_to_do
    world.run([writer(id="v", code=2), renamed[1]])
    assert world.run(renamed).executed == ["v", "r"]


def test_a_job_made_again_for_its_lost_value_runs_nothing_that_only_comes_after_it() -> None:
    world = World(inline=False)
    calls = [Call("a", spread=1000), Call("later", extra=("a",)), Call("taker", inputs=("a",))]
    world.run(calls)
    del world.values[next(trace for trace in world.traces if trace[3] == "a")[2]]
    edited = [*calls[:2], replace(calls[2], code=5)]
    assert world.run(edited).executed == ["a", "taker"]
    assert world.run(edited).nothing_to_do


def test_what_runs_after_a_generator_runs_again_when_a_job_that_it_promised_did() -> None:
    world = World()
    made = replace(writer(), id="c")
    calls = [Call("g", code=50, makes=(made,), promises=("c",)), Call("r", code=1, extra=("g",))]
    world.run(calls)
    world.invalidate("g-c")
    assert world.run(calls).executed == ["g-c", "r"]
    assert world.run(calls).nothing_to_do


# -- with a store ------------------------------------------------------------------------------


def simulate(number: int, factor: int) -> None:
    Path(f"sim-{number}").write_text(str(number * factor))


def summarise() -> str:
    return " ".join(Path(f"sim-{n}").read_text() for n in (1, 2))


class Study:
    """Jobs that exchange files and are ordered by ``extra_dep``."""

    def __init__(self) -> None:
        self.context = weft.Context("out")

    def define(self, factor: int, *, prefix: str = "sim") -> None:
        context = self.context = weft.Context("out")
        sims = [context.comp(simulate, n, factor, job_id=f"{prefix}-{n}") for n in (1, 2)]
        self.sum = context.comp(summarise, extra_dep=sims, job_id="sum")

    def total(self) -> object:
        return self.context.result(self.sum)

    def made(self) -> set[str]:
        return set(self.context.make(executor="inline").executed)


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Study:
    monkeypatch.chdir(tmp_path)
    study = Study()
    study.define(1)
    study.made()
    return study


def test_remaking_a_job_that_writes_files_runs_what_reads_them(study: Study) -> None:
    study.context.batch_command("invalidate sim-1")
    assert study.made() == {"sim-1", "sum"}
    assert study.made() == set()


def test_an_edit_and_its_undoing_both_reach_what_reads_the_files(study: Study) -> None:
    study.define(10)
    assert study.made() == {"sim-1", "sim-2", "sum"}
    assert study.total() == "10 20"
    study.define(1)
    assert study.made() == {"sim-1", "sim-2", "sum"}
    assert study.total() == "1 2"
    assert study.made() == set()


def test_accepting_an_edit_runs_nothing_after_the_job(study: Study) -> None:
    study.define(10)
    study.context.batch_command("accept sim-1 sim-2")
    assert study.made() == set()
    study.define(1)
    assert study.made() == set()


def test_what_was_forgotten_is_another_attempt_when_it_runs_again(study: Study) -> None:
    study.context.batch_command("forget sim-2")
    assert study.made() == {"sim-2", "sum"}


def test_collecting_garbage_runs_nothing(study: Study) -> None:
    study.define(10)
    study.context.batch_command("accept sim-1 sim-2")
    study.context.batch_command("gc")
    assert study.made() == set()


def test_a_renamed_job_takes_its_trace_along_for_good(study: Study) -> None:
    study.define(1, prefix="model")
    assert study.made() == set()
    study.define(10, prefix="model")
    study.made()
    study.define(1, prefix="model")
    assert study.made() == {"model-1", "model-2", "sum"}
    assert study.total() == "1 2"


def test_why_says_that_a_dependency_ran_again(
    study: Study, capsys: pytest.CaptureFixture[str]
) -> None:
    study.context.batch_command("invalidate sim-1")
    study.context.make("sim-1", executor="inline")
    study.context.batch_command("why sum")
    assert "dependency sim-1 ran again" in capsys.readouterr().out


# -- generators under another id ------------------------------------------------------------------


def generate(context: weft.Context, number: int) -> list[weft.Promise[int]]:
    return [context.comp(abs, number)]


def generate_more(context: weft.Context, number: int) -> list[weft.Promise[int]]:
    return [context.comp(abs, number), context.comp(abs, number - 1)]


def generators(folder: Path, **functions: object) -> tuple[set[str], list[int]]:
    """What runs, and what comes of generators that have these ids."""
    context = weft.Context(folder)
    given = [context.comp_dynamic(f, -3, job_id=name) for name, f in functions.items()]  # type: ignore[arg-type]
    totals = [context.comp(sum, one, job_id=f"sum of {one.job_id}") for one in given]
    executed = set(context.make(executor="inline").executed)
    return executed, [context.result(one) for one in totals]


def test_a_renamed_generator_keeps_its_jobs_and_runs_nothing(tmp_path: Path) -> None:
    generators(tmp_path, first=generate)
    for _ in range(2):
        assert generators(tmp_path, second=generate) == (set(), [3])


def test_another_generator_may_have_the_old_id_of_a_renamed_one(tmp_path: Path) -> None:
    """The ids of their jobs begin alike, so the renamed one gives its own others."""
    generators(tmp_path, first=generate)
    executed, results = generators(tmp_path, second=generate, first=generate_more)
    assert {"first", "second"} <= executed
    assert results == [3, 7]
    assert generators(tmp_path, second=generate, first=generate_more) == (set(), [3, 7])
