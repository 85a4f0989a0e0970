"""What is done about files and data while a run goes on."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

import weft
from tests.heart import Heart, Notes, read
from weft.model.states import JobState
from weft.store.journal import Journal


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def text(path: Path) -> None:
    path.write_text(path.name)


def meddles(path: Path) -> None:
    path.write_text("b")
    Path("a").write_text("not a's own")


def removes(path: Path) -> None:
    path.write_text("b")
    Path("a").unlink()


def notes_of(define: Callable[[Heart], object]) -> list[tuple[str, str]]:
    heart, reporter = Heart(), Notes()
    define(heart)
    heart.make(n=1, reporter=reporter)
    return reporter.notes


# -- files that somebody else wrote ------------------------------------------------------------


def test_a_job_that_overwrites_the_file_of_another_is_named_as_a_suspect() -> None:
    def define(heart: Heart) -> None:
        heart.files("b", meddles, heart.files("a", text))

    told = dict(notes_of(define))
    assert told["a"] == (
        "a was changed after its job had ended; then there ran: b; the next run makes it again"
    )
    heart = Heart()
    define(heart)
    assert heart.context.survey().states["a"] is JobState.READY


def test_a_file_that_was_removed_is_told() -> None:
    told = dict(notes_of(lambda heart: heart.files("b", removes, heart.files("a", text))))
    assert told["a"] == (
        "a was removed by another job, or by somebody else; the next run makes it again"
    )


def test_where_no_job_ran_somebody_else_has_changed_the_file() -> None:
    def backdates(path: Path) -> None:
        meddles(path)
        os.utime("a", (1, 1))

    told = dict(notes_of(lambda heart: heart.files("b", backdates, heart.files("a", text))))
    assert told["a"].startswith("a was changed by somebody else after its job had ended")


def test_no_more_suspects_are_named_than_one_can_read(tmp_path: Path) -> None:
    def waits(path: Path) -> None:
        path.write_text("x")
        if path.name == "b0":
            while not all(Path(f"b{number}").exists() for number in range(5)):
                os.sched_yield()
            Path("a").write_text("changed")
            Path("go").touch()
        while not Path("go").exists():
            os.sched_yield()

    heart, reporter = Heart(), Notes()
    first = heart.files("a", text)
    for number in range(5):
        heart.files(f"b{number}", waits, first)
    heart.make(n=5, reporter=reporter)
    told = dict(reporter.notes)["a"]
    assert told.count("b") >= 3
    assert "and others" in told


def test_a_run_in_which_nobody_meddles_says_nothing() -> None:
    def define(heart: Heart) -> None:
        temp = heart.temp("t", text)
        heart.files("b", text, heart.files("a", text), temp)

    assert notes_of(define) == []
    Path("a").write_text("edited between two runs")
    assert notes_of(define) == []


# -- what attempts leave -----------------------------------------------------------------------


def fails(path: Path) -> None:
    path.write_text("half")
    raise ValueError("no")


def test_a_failed_attempt_leaves_no_file_and_no_journal() -> None:
    heart = Heart()
    heart.files("a", fails)
    heart.files("b", fails, rename_broken=True)
    heart.files("c", text)
    with pytest.raises(weft.MakeFailed):
        heart.make()
    assert {path.name for path in Path().iterdir()} == {"b.broken", "c", "out"}
    assert read("b.broken") == "half"
    assert Journal(Path("out")).left().entries == ()


def test_a_temporary_file_goes_also_when_nothing_is_to_do() -> None:
    def define() -> Heart:
        heart = Heart()
        heart.files("a", text, heart.temp("t", text))
        return heart

    assert define().make() == ["a", "t"]
    Path("t").write_text("left by a run that was killed")
    assert define().make() == []
    assert not Path("t").exists()


def test_a_folder_at_the_place_of_a_temporary_file_is_let_be() -> None:
    def define() -> Heart:
        heart = Heart()
        heart.files("a", text, heart.temp("t", text))
        return heart

    define().make()
    Path("t").mkdir()
    assert define().make() == []
    assert Path("t").is_dir()


def test_data_are_unloaded_after_their_last_reader_or_at_the_end() -> None:
    said: list[str] = []
    heart = Heart()
    load = heart.load("l", lambda: said.append("load"), unload=lambda: said.append("unload"))
    heart.files("a", text, load)
    heart.files("b", fails, load)
    with pytest.raises(weft.MakeFailed):
        heart.make(executor="inline")
    assert said == ["load", "unload"]


def test_a_watched_file_that_is_missing_is_named() -> None:
    heart = Heart()
    Path("there").touch()
    heart.files("a", text, heart.watch("there", "gone"))
    with pytest.raises(weft.MakeFailed) as caught:
        heart.make()
    assert (caught.value.failed, caught.value.blocked) == (("watch there:gone",), ("a",))
    with heart.context.reading() as store:
        (attempt,) = store.chronicle.attempts("watch there:gone")
    assert attempt.error is not None
    assert attempt.error.message == "gone is not there, or can't be read"
    Path("gone").touch()
    assert heart.make() == ["a"]
