"""Jobs that come into the graph while one of ``Kind.EXTENDING`` runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import weft
from tests.heart import Heart, read
from weft.errors import CycleFound
from weft.graph.extending import extend
from weft.graph.order import refuse_cycle
from weft.model.job import FullJob, Job
from weft.model.kind import Kind
from weft.model.states import JobState


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def text(path: Path) -> None:
    path.write_text(path.name)


def joined(path: Path) -> None:
    path.write_text("".join(map(read, sorted(files() & {"a", "b", "c"}))))


def files() -> set[str]:
    return {path.name for path in Path().iterdir()}


def link(job: FullJob, *extra: Job) -> None:
    job.extra = tuple(sorted({*job.extra, *extra}, key=lambda one: one.id))
    job.roles = tuple(one.id for one in job.extra)
    job.definition = None


# -- alone -------------------------------------------------------------------------------------


def extended(define: Callable[[Heart, FullJob], object]) -> tuple[Heart, FullJob]:
    """A graph in which a job has defined others just now."""
    heart = Heart()
    job = heart.extend("g", lambda: None)
    heart.context.prepare()
    heart.definer = "g"
    define(heart, job)
    return heart, job


def test_new_jobs_are_defined_and_told_with_all_that_makes_them_again() -> None:
    def define(heart: Heart, _job: FullJob) -> None:
        heart.files("b", text, heart.temp("a", text))

    heart, job = extended(define)
    new = extend(heart.graph, job, heart.context._fingerprinter)
    assert [one.id for one in new.jobs] == ["a", "b"]
    assert all(one.definition is not None for one in new.jobs)
    assert heart.graph.generated["g"] == ["a", "b"]
    record = new.records[1]
    assert (record.id, record.definer, record.kind, record.extra) == ("b", "g", Kind.FILES, ("a",))
    assert record.spec == (("a",), ("b",), new.jobs[1].style)  # type: ignore[attr-defined]
    assert len(new.codes) == 1


def test_code_that_was_known_is_not_told_again() -> None:
    heart = Heart()
    heart.files("z", text)
    job = heart.extend("g", lambda: None)
    heart.context.prepare()
    heart.definer = "g"
    heart.files("a", text)
    new = extend(heart.graph, job, heart.context._fingerprinter)
    assert ([one.id for one in new.jobs], new.codes) == (["a"], ())


def test_dependencies_that_old_jobs_were_given_are_brought_in_first() -> None:
    heart, job = extended(lambda heart, _job: heart.files("a", text))
    old = heart.files("old", text)
    old.definer = None
    heart.graph.late = lambda: link(old, heart.graph.jobs["a"])
    before = old.definition
    extend(heart.graph, job, heart.context._fingerprinter)
    assert old.definition not in {before, None}
    assert old.upstream == (heart.graph.jobs["a"],)


def test_nothing_new_is_nothing_new() -> None:
    heart, job = extended(lambda _heart, _job: None)
    new = extend(heart.graph, job, heart.context._fingerprinter)
    assert (new.jobs, new.records, new.codes) == ((), (), ())
    assert heart.graph.generated["g"] == []


# -- in a run ----------------------------------------------------------------------------------


def script(*names: str) -> Heart:
    """Files that are defined in each run; ``end`` waits for the job that does so."""
    heart = Heart()

    def define() -> None:
        for name in names:
            heart.files(name, text)

    heart.files("end", text, heart.extend("g", define))
    return heart


def test_new_jobs_run_in_the_same_run_and_are_fresh_in_the_next() -> None:
    assert script("a", "b").make() == ["a", "b", "end", "g"]
    assert script("a", "b").make() == ["g"]
    assert script("a", "c").make() == ["c", "end", "g"]  # what g is made of counts
    assert files() >= {"a", "b", "c"}


def test_old_jobs_can_be_made_to_wait_for_new_ones() -> None:
    def define(*names: str) -> Heart:
        heart = Heart()

        def extending() -> None:
            link(end, *(heart.files(name, text) for name in names))

        end = heart.files("end", joined, heart.extend("g", extending))
        return heart

    assert define("a", "b").make() == ["a", "b", "end", "g"]
    assert read("end") == "ab"
    assert define("a", "b").make() == ["g"]
    assert define("b").make() == ["end", "g"]


def test_a_process_can_make_again_and_again() -> None:
    heart = script("a", "b")
    assert heart.make() == ["a", "b", "end", "g"]
    assert heart.make() == ["g"]
    Path("b").unlink()
    assert heart.make() == ["b", "g"]


def test_who_looks_sees_the_jobs_of_the_last_run() -> None:
    script("a", "b").make()
    states = script("a", "b").context.survey().states
    assert states == dict.fromkeys(["g", "end", "a", "b"], JobState.DONE)
    remembered = weft.Context.remembered("out").survey().states
    assert remembered == dict.fromkeys(["g", "end", "a", "b"], JobState.DONE)


def test_a_job_that_fails_after_it_defined_some_leaves_a_run_that_ends_in_order() -> None:
    heart = Heart()

    def define() -> None:
        heart.files("a", text)
        raise ValueError("no")

    heart.extend("g", define)
    heart.files("b", text)
    with pytest.raises(weft.MakeFailed) as caught:
        heart.make()
    assert caught.value.failed == ("g",)
    assert (Path("b").exists(), Path("a").exists()) == (True, False)


def test_a_cycle_through_new_jobs_fails_the_job_that_defined_them() -> None:
    heart = Heart()

    def define() -> None:
        new = heart.files("a", text, heart.files("b", text))
        link(new.extra[0], new)  # type: ignore[arg-type]

    heart.extend("g", define)
    heart.files("z", text)
    heart.graph.late = lambda: refuse_cycle(heart.graph, heart.graph)
    with pytest.raises(weft.MakeFailed) as caught:
        heart.make()
    assert caught.value.failed == ("g",)
    with heart.context.reading() as store:
        (attempt,) = store.chronicle.attempts("g")
    assert attempt.error is not None
    assert attempt.error.type == CycleFound.__name__
    assert "'b' needs 'a' needs 'b'" in attempt.error.text
    assert Path("z").exists()
