"""Section 2 of the reference, by rows: files and values that jobs depend on, and changes of them.

Each name states Weft's answer.
"""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path

import pytest

from tests.pipegraph.running import exists, file, joins, read, run, well, write, writes
from weft import pipegraph as ppg

# -- one file that is read -------------------------------------------------------------------------


def reads(*names: str):
    """A job that depends on files, and copies them."""

    def define():
        job = ppg.FileGeneratingJob("A", lambda path: path.write_text("a"))
        for name in names:
            job.depends_on_file(name)

    return define


ALL_NAMES = [
    ppg.FileInvariant,
    ppg.FileTimeInvariant,
    ppg.FileChecksumInvariant,
    ppg.RobustFileChecksumInvariant,
]


@pytest.mark.parametrize("kind", ALL_NAMES)
def test_a_changed_file_counts_by_all_names_of_the_invariant(kind):
    def define():
        ppg.FileGeneratingJob("A", joins("in")).depends_on(kind("in"))

    write("in", "one")
    assert well(define) == ["A"]
    assert well(define) == []
    write("in", "other")
    assert well(define) == ["A"]
    assert read("A") == "other"


def test_a_touched_file_does_not_count():
    write("in", "one")
    well(reads("in"))
    os.utime("in", (1, 1))
    assert well(reads("in")) == []


def test_another_content_counts_even_with_the_same_time_and_size():
    write("in", "one")
    well(reads("in"))
    before = Path("in").stat()
    write("in", "two")
    os.utime("in", ns=(before.st_atime_ns, before.st_mtime_ns))
    assert well(reads("in")) == ["A"]


def test_a_file_that_is_changed_and_changed_back_between_runs_does_not_count():
    write("in", "one")
    well(reads("in"))
    write("in", "two")
    write("in", "one")
    assert well(reads("in")) == []


def test_a_file_that_was_changed_and_changed_back_counts_when_the_output_is_that_of_the_change():
    def define():
        ppg.FileGeneratingJob("A", joins("in")).depends_on_file("in")

    for content in ("one", "two", "one"):
        write("in", content)
        assert well(define) == ["A"]
        assert read("A") == content


def test_a_file_that_is_moved_to_another_folder_does_not_count():
    write("old/in", "one")
    well(reads("old/in"))
    Path("new").mkdir()
    Path("old/in").rename("new/in")
    assert well(reads("new/in")) == []


def test_a_file_that_is_moved_and_changed_counts():
    write("old/in", "one")
    well(reads("old/in"))
    write("new/in", "two")
    assert well(reads("new/in")) == ["A"]


def test_a_file_that_is_renamed_counts():
    write("in", "one")
    well(reads("in"))
    Path("in").rename("in2")
    assert well(reads("in2")) == ["A"]


def test_files_of_one_name_in_two_folders_are_told_apart():
    write("one/in", "1")
    write("two/in", "2")
    well(reads("one/in", "two/in"))
    assert well(reads("two/in", "one/in")) == []
    write("one/in", "2")
    write("two/in", "1")
    assert well(reads("one/in", "two/in")) == ["A"]


def test_two_files_that_trade_their_contents_count():
    write("one", "1")
    write("two", "2")
    well(reads("one", "two"))
    write("one", "2")
    write("two", "1")
    assert well(reads("one", "two")) == ["A"]


def test_a_missing_file_fails_with_words_and_blocks_only_what_depends_on_it():
    def define():
        missing = ppg.FileInvariant("in")
        first = ppg.FileGeneratingJob("A", writes("a")).depends_on(missing)
        file("B", "b", first)
        file("C", "c")

    ran = run(define)
    assert ran.ran == ["C"]
    assert ran.failed == ["in"]
    assert ran.blocked == ["A", "B"]
    assert "in" in str(ran.error("in"))
    write("in", "now it is there")
    assert well(define) == ["A", "B"]


def test_a_file_that_goes_missing_leaves_the_outputs_and_counts_as_unchanged_when_it_is_back():
    write("in", "one")
    well(reads("in"))
    Path("in").unlink()
    assert run(reads("in")).failed == ["in"]
    assert read("A") == "a"
    write("in", "one")
    assert well(reads("in")) == []


def test_a_sidecar_with_a_checksum_is_not_believed():
    write("in", "one")
    well(reads("in"))
    before = Path("in").stat()
    write("in.md5sum", "f97c5d29941bfb1b2fdab0874906ab82")
    os.utime("in.md5sum", ns=(before.st_atime_ns, before.st_mtime_ns))
    write("in", "two")
    os.utime("in", ns=(before.st_atime_ns, before.st_mtime_ns))
    assert well(reads("in")) == ["A"]


def test_a_file_may_have_a_short_name():
    write("x", "1")
    assert well(reads("x")) == ["A"]


def test_a_file_that_a_job_makes_can_not_be_an_input_from_outside():
    with ppg.new_pipegraph(folder="out"):
        file("A", "a")
        with pytest.raises(ppg.JobContractError, match="made by job 'A'"):
            ppg.FileInvariant("A")
    with ppg.new_pipegraph(folder="out"):
        ppg.MultiFileInvariant(["A", "B"])
        with pytest.raises(ppg.JobContractError, match="made by job 'A'"):
            file("A", "a")


def test_a_file_that_changes_while_a_job_reads_it_makes_the_job_run_again():
    def define():
        def changes_its_input(path):
            path.write_text(read("in"))
            if read("in") == "one":
                write("in", "two")

        ppg.FileGeneratingJob("A", changes_its_input).depends_on_file("in")

    write("in", "one")
    assert well(define) == ["A"]
    assert well(define) == ["A"]
    assert read("A") == "two"
    assert well(define) == []


# -- several files that are read -------------------------------------------------------------------


def reads_all(*names: str):
    def define():
        file("A", "a", ppg.MultiFileInvariant(names))

    return define


@pytest.fixture
def both() -> None:
    write("in/1", "one")
    write("in/2", "two")
    assert well(reads_all("in/1", "in/2")) == ["A"]
    assert well(reads_all("in/2", "in/1")) == []


@pytest.mark.usefixtures("both")
class TestSeveralFiles:
    def test_a_change_of_one_counts(self):
        write("in/2", "changed")
        assert well(reads_all("in/1", "in/2")) == ["A"]

    def test_touching_them_does_not_count(self):
        os.utime("in/1", (1, 1))
        assert well(reads_all("in/1", "in/2")) == []

    def test_a_file_more_counts(self):
        write("in/3", "three")
        assert well(reads_all("in/1", "in/2", "in/3")) == ["A"]

    def test_a_file_less_counts(self):
        assert well(reads_all("in/1")) == ["A"]

    def test_files_that_trade_their_contents_count(self):
        write("in/1", "two")
        write("in/2", "one")
        assert well(reads_all("in/1", "in/2")) == ["A"]

    def test_moving_all_to_another_folder_does_not_count(self):
        Path("in").rename("moved")
        assert well(reads_all("moved/1", "moved/2")) == []

    def test_a_missing_one_fails_with_its_name(self):
        Path("in/2").unlink()
        ran = run(reads_all("in/1", "in/2"))
        assert ran.blocked == ["A"]
        assert "in/2" in str(ran.error(ran.failed[0]))


# -- values ----------------------------------------------------------------------------------------


def with_value(value: object, text: str = "a"):
    def define():
        file("A", text, ppg.ParameterInvariant("it", value))

    return define


def test_a_changed_parameter_counts():
    assert well(with_value((1, "x"))) == ["A"]
    assert well(with_value((1, "x"))) == []
    assert well(with_value((1, "y"))) == ["A"]


@pytest.mark.parametrize(
    ("one", "other"),
    [(1, True), (1, 1.0), (1, "1"), ([1], (1,)), ({1}, [1]), (None, 0), ("a", b"a")],
    ids=str,
)
def test_parameters_that_python_calls_equal_or_shows_alike_are_told_apart_by_type(one, other):
    well(with_value(one))
    assert well(with_value(other)) == ["A"]


def test_the_order_of_a_dict_or_set_does_not_count():
    well(with_value({"a": 1, "b": {1, 2, 3}}))
    assert well(with_value({"b": {3, 2, 1}, "a": 1})) == []


def test_a_parameter_deep_inside_counts():
    well(with_value({"a": [1, {"b": (2, 3)}]}))
    assert well(with_value({"a": [1, {"b": (2, 4)}]})) == ["A"]


def test_a_parameter_that_is_changed_and_changed_back_makes_the_file_anew_that_belongs_to_it():
    def define(value):
        job = ppg.FileGeneratingJob("A", lambda path: path.write_text(read("value")))
        job.depends_on_params(value)

    for value in ("1", "2", "1"):
        write("value", value)
        assert well(lambda: define(value)) == ["A"]
        assert read("A") == value


def test_an_invariant_that_comes_counts():
    well(lambda: file("A", "a"))
    assert well(with_value(1)) == ["A"]


def test_an_invariant_that_goes_counts():
    well(with_value(1))
    assert well(lambda: file("A", "a")) == ["A"]


def test_an_invariant_that_went_and_comes_back_with_its_old_value_does_not_count():
    well(with_value(1))
    well(lambda: file("A", "a"))
    assert well(with_value(1)) == [], "the file is still what it was with that value"


def test_an_invariant_that_went_and_comes_back_with_another_value_counts():
    well(with_value(1))
    well(lambda: file("A", "a"))
    assert well(with_value(2)) == ["A"]


def test_an_invariant_that_comes_back_counts_when_the_file_was_made_anew_without_it():
    well(with_value(1, "with"))
    well(lambda: file("A", "without"))
    assert well(with_value(1, "with")) == ["A"]
    assert read("A") == "with"


def test_an_invariant_under_another_name_counts():
    well(lambda: file("A", "a", ppg.ParameterInvariant("one", 1)))
    assert well(lambda: file("A", "a", ppg.ParameterInvariant("other", 1))) == ["A"]


def test_two_values_that_trade_places_count():
    def define(one, two):
        file("A", "a", [ppg.ParameterInvariant("one", one), ppg.ParameterInvariant("two", two)])

    well(lambda: define(1, 2))
    assert well(lambda: define(2, 1)) == ["A"]


def test_a_value_that_can_not_be_compared_is_refused_where_it_is_written():
    with ppg.new_pipegraph(folder="out"), pytest.raises(ppg.JobContractError, match="param"):
        ppg.ParameterInvariant("it", (number for number in range(3)))


def test_a_change_can_be_accepted_by_a_function():
    def define(value):
        invariant = ppg.ParameterInvariant("it", value, lambda old: old // 10 == value // 10)
        file("A", "a", invariant)

    well(lambda: define(11))
    assert well(lambda: define(12)) == []
    assert well(lambda: define(25)) == ["A"]


def test_a_change_that_was_accepted_is_compared_with_what_the_job_saw():
    def define(value):
        invariant = ppg.ParameterInvariant("it", value, lambda old: abs(old - value) < 5)
        file("A", "a", invariant)

    well(lambda: define(10))
    assert well(lambda: define(14)) == []
    assert well(lambda: define(18)) == ["A"], "small steps do not add up unseen"


def test_nothing_changed_stores_the_new_value_and_runs_nothing():
    def define(value):
        def accepts(old):
            if abs(old - value) < 5:
                raise ppg.NothingChanged(value)
            return False

        file("A", "a", ppg.ParameterInvariant("it", value, accepts))

    well(lambda: define(10))
    assert well(lambda: define(14)) == []
    assert well(lambda: define(18)) == [], "compared with the 14 that was stored"
    assert well(lambda: define(30)) == ["A"]


def test_parameters_of_a_class_that_is_gone_are_a_change_and_no_catastrophe(monkeypatch):
    write("gone.py", "class Gone:\n    pass\n")
    monkeypatch.syspath_prepend(str(Path.cwd()))

    def define(value):
        file("A", "a", ppg.ParameterInvariant("it", value, lambda old: True))

    gone = importlib.import_module("gone")
    well(lambda: define(gone.Gone()))
    Path("gone.py").unlink()
    monkeypatch.delitem(sys.modules, "gone")
    assert well(lambda: define(1)) == ["A"]


# -- what all invariants have in common ------------------------------------------------------------


INVARIANTS = {
    "FileInvariant": lambda: ppg.FileInvariant("in"),
    "MultiFileInvariant": lambda: ppg.MultiFileInvariant(["in", "in2"]),
    "ParameterInvariant": lambda: ppg.ParameterInvariant("it", 1),
    "FunctionInvariant": lambda: ppg.FunctionInvariant("it", len),
}


@pytest.mark.parametrize("kind", INVARIANTS)
def test_an_invariant_can_not_depend_on_anything(kind):
    with ppg.new_pipegraph(folder="out"):
        job = file("A", "a")
        with pytest.raises(ppg.JobContractError, match="can't depend on anything"):
            INVARIANTS[kind]().depends_on(job)


def test_an_invariant_alone_makes_nothing_run():
    write("in", "in")
    write("in2", "in2")

    def define():
        for invariant in INVARIANTS.values():
            invariant()

    assert well(define) == []


def test_what_is_compared_of_a_job_is_written_when_it_is_done_and_not_before():
    """So a job that fails after a change is not taken for done with that change."""

    def define(value, text):
        file("A", text, ppg.ParameterInvariant("it", value))

    well(lambda: define(1, "a"))
    assert run(lambda: define(2, "")).failed == ["A"]
    assert not exists("A")
    assert well(lambda: define(2, "a")) == ["A"]
