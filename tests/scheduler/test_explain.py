"""Why jobs that make files run: in the words of what happened to them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import weft
from tests.heart import Heart
from weft.model.job import FilesJob
from weft.model.reasons import (
    ArgumentsChanged,
    CodeChanged,
    DataNeeded,
    DependencyAdded,
    DependencyChanged,
    DependencyRemoved,
    FilesChanged,
    HeldChanged,
    NeverRun,
    OutputChanged,
    OutputMissing,
    Reason,
    RunsEachTime,
    from_json,
)
from weft.store import database


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "_SETTLED_NS", 0)
    monkeypatch.chdir(tmp_path)


def text(path: Path, more: str = "") -> None:
    path.write_text(path.name + more)


def other(path: Path) -> None:
    path.write_text("another text")


def several(paths: list[Path]) -> None:
    for path in paths:
        text(path)


def why(heart: Heart, name: str) -> tuple[Reason, ...]:
    """As one who looks is told; and, when it is run, as the attempt keeps it."""
    heart.context.prepare()
    with heart.context.reading() as store:
        survey = heart.context.survey(store)
        return survey.reasons(heart.graph.jobs[name])


def kept(heart: Heart, name: str) -> tuple[Reason, ...]:
    """Why a job ran last, as that was kept."""
    with heart.context.reading() as store:
        return from_json(store.chronicle.attempts(name)[-1].reason or "[]")


def pair(first: Callable[..., object] = text, **more: object) -> Heart:
    heart = Heart()
    heart.files("b", text, heart.files("a", first, **more))
    return heart


def test_what_never_ran_has_no_result() -> None:
    assert why(pair(), "a") == (NeverRun(),)


def test_what_is_fresh_has_no_reason() -> None:
    pair().make()
    assert why(pair(), "a") == why(pair(), "b") == ()


def test_a_file_that_is_missing_or_changed_is_named() -> None:
    def define() -> Heart:
        heart = Heart()
        heart.files("m", several, paths=("x", "y"))
        return heart

    define().make()
    Path("y").unlink()
    assert why(define(), "m") == (OutputMissing("y"),)
    Path("x").write_text("mine")
    assert why(define(), "m") == (OutputChanged("x"),)
    heart = define()
    heart.make()
    assert kept(heart, "m") == (OutputChanged("x"),)


def test_a_temporary_file_that_is_needed_is_named() -> None:
    def define() -> Heart:
        heart = Heart()
        plus = heart.files("p", several, paths=("log", "big"), temporary=(False, True))
        heart.files("b", text, plus)
        return heart

    define().make()
    Path("b").unlink()
    heart = define()
    assert why(heart, "p") == (OutputMissing("big"),)
    assert heart.make() == ["b", "p"]
    assert kept(heart, "p") == (OutputMissing("big"),)
    assert kept(heart, "b") == (OutputMissing("b"),)


def test_a_temporary_file_that_somebody_wrote_to_is_named() -> None:
    def define(second: Callable[..., object]) -> Heart:
        heart = Heart()
        heart.files("b", second, heart.temp("t", text))
        return heart

    def fails(_path: Path) -> None:
        raise ValueError("no")

    define(text).make()
    with pytest.raises(weft.MakeFailed):
        define(fails).make()
    Path("t").write_text("mine")
    assert why(define(other), "t") == (OutputChanged("t"),)


def test_another_code_and_another_result_of_a_dependency_are_told() -> None:
    pair().make()
    heart = pair(other)
    assert why(heart, "a") == (CodeChanged(()),)
    heart.make()
    assert kept(heart, "b") == (DependencyChanged("a"),)


def test_dependencies_that_came_and_went_are_told_and_no_argument_changed() -> None:
    def define(*needed: str) -> Heart:
        heart = Heart()
        known = {name: heart.files(name, text) for name in "xyz"}
        heart.files("a", text, *(known[name] for name in needed))
        return heart

    define("x").make()
    assert why(define("x", "y"), "a") == (DependencyAdded("y"),)
    assert why(define(), "a") == (DependencyRemoved("x"),)
    assert why(define("z"), "a") == (DependencyAdded("z"), DependencyRemoved("x"))
    define("x", "y").make()
    assert why(define("x", "y"), "a") == ()


def test_code_and_dependencies_are_told_together() -> None:
    def define(function: Callable[..., object], *needed: str) -> Heart:
        heart = Heart()
        known = {name: heart.files(name, text) for name in "xy"}
        heart.files("a", function, *(known[name] for name in needed))
        return heart

    define(text, "x").make()
    reasons = why(define(other, "x", "y"), "a")
    assert reasons == (CodeChanged(()), DependencyAdded("y"))


def test_an_input_that_was_moved_and_changed_is_told_as_changed() -> None:
    def define(folder: str) -> Heart:
        heart = Heart()
        watched = heart.watch(f"{folder}/input")
        job = heart.files("a", text, watched, heart.files("z", text))
        job.roles = ("input", "z")
        return heart

    for folder in ("one", "two"):
        Path(folder).mkdir()
        Path(folder, "input").write_text("the same")
    define("one").make()
    assert why(define("two"), "a") == ()
    Path("two", "input").write_text("another")
    assert why(define("two"), "a") == (DependencyChanged("watch two/input"),)


def test_other_files_are_told_as_such() -> None:
    def define(*paths: str, **style: object) -> Heart:
        heart = Heart()
        heart.files("m", several, paths=paths, **style)
        return heart

    define("x", "y").make()
    for changed in (define("x", "z"), define("x", "y", temporary=(True, False))):
        assert why(changed, "m") == (FilesChanged(),)
    assert why(define("x", "y", empty_ok=(True, True), rename_broken=True), "m") == ()


def test_a_file_that_is_to_stay_from_now_on_is_made() -> None:
    heart = Heart()
    heart.files("b", text, heart.temp("a", text))
    heart.make()
    assert not Path("a").exists()
    assert pair().make() == ["a"]
    assert Path("a").exists()


def test_arguments_are_told_with_their_values() -> None:
    def define(more: object) -> Heart:
        heart = Heart()
        job: FilesJob = heart.files("a", text)
        bound = heart.context.bind((), {"more": more})
        job.kwargs, job.inputs, job.arguments = bound.kwargs, bound.inputs, bound.arguments
        return heart

    define("1").make()
    assert why(define("2"), "a") == (ArgumentsChanged("(more='1')", "(more='2')"),)
    assert why(define("1"), "a") == ()


def test_what_a_function_holds_is_told_by_its_name() -> None:
    def define(size: object, unit: str = "kb") -> weft.Context:
        context = weft.Context("out")
        context.comp(lambda x, unit=unit: (x, size), 1, job_id="a")
        return context

    def reasons(context: weft.Context) -> tuple[Reason, ...]:
        context.prepare()
        with context.reading() as store:
            return context.survey(store).reasons(context.graph.jobs["a"])

    define(1).make()
    assert reasons(define(2)) == (HeldChanged("size", "1", "2"),)
    assert reasons(define("1")) == (HeldChanged("size", "1", "'1'"),)
    both = (HeldChanged("unit", "'kb'", "'mb'"), HeldChanged("size", "1", "2"))
    assert reasons(define(2, "mb")) == both
    assert reasons(define(1)) == ()
    long = "a" * 100
    define(long).make()
    begin = "'" + long[:78] + "…"
    assert reasons(define(long + "b")) == (HeldChanged("size", begin, begin),)


def test_loads_and_jobs_of_each_run_say_so() -> None:
    def define() -> Heart:
        heart = Heart()
        heart.files("a", text, heart.load("l", lambda: None))
        heart.extend("g", lambda: None)
        heart.final("f", lambda: None)
        return heart

    define().make()
    Path("a").unlink()
    heart = define()
    assert why(heart, "l") == (DataNeeded(),)
    assert heart.make() == ["a", "f", "g", "l"]
    assert kept(heart, "l") == (DataNeeded(),)
    assert kept(heart, "g") == kept(heart, "f") == (RunsEachTime(),)
