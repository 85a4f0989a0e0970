"""Section 2 of the reference, by rows: files that are there only while jobs need them.

Each name states Weft's answer.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.pipegraph.running import exists, file, joins, read, run, well, write, writes
from weft import pipegraph as ppg


def temp(name: str, text: str, needs: object = None) -> ppg.Job:
    return file(name, text, needs, ppg.TempFileGeneratingJob)


def one(content: str = "t", end: str = "", what=writes):
    """A temporary file, and a job that reads it."""

    def define():
        job = ppg.TempFileGeneratingJob("T", what(content))
        ppg.FileGeneratingJob("A", joins("T", end=end)).depends_on(job)

    return define


def same(content):
    """Another code than ``writes`` that writes the same."""
    return lambda path: path.write_text("".join([content]))


# -- when they are made ----------------------------------------------------------------------------


def test_a_temporary_file_is_made_for_its_consumer_and_removed_after_it():
    assert well(one()) == ["A", "T"]
    assert read("A") == "t"
    assert not exists("T")


def test_a_temporary_file_is_not_made_when_no_consumer_must_run():
    well(one())
    assert well(one()) == []
    assert not exists("T")


def test_a_temporary_file_that_nobody_reads_is_never_made():
    assert well(lambda: temp("T", "t")) == []
    assert not exists("T")


def test_a_generated_temporary_file_that_nobody_reads_is_never_made():
    def define():
        ppg.JobGeneratingJob("G", lambda: temp("T", "t"))

    assert well(define) == ["G"]
    assert not exists("T")


def test_a_chain_of_temporary_files_that_ends_in_one_is_never_made():
    assert well(lambda: temp("T2", "t", temp("T1", "t"))) == []
    assert not exists("T1")
    assert not exists("T2")


def test_a_temporary_file_is_made_again_when_its_consumer_was_deleted():
    well(one())
    Path("A").unlink()
    assert well(one()) == ["A", "T"]
    assert read("A") == "t"
    assert not exists("T")


def test_a_temporary_file_is_made_again_when_its_consumer_changed():
    well(one())
    assert well(one(end="!")) == ["A", "T"]
    assert read("A") == "t!"
    assert not exists("T")


def test_a_temporary_file_is_made_again_for_a_new_consumer_and_the_old_one_does_not_run():
    well(one())

    def define():
        job = ppg.TempFileGeneratingJob("T", writes("t"))
        for name in "AB":
            ppg.FileGeneratingJob(name, joins("T")).depends_on(job)

    assert well(define) == ["B", "T"]
    assert not exists("T")


def test_changed_code_that_makes_the_same_temporary_file_does_not_run_its_consumer():
    well(one())
    assert well(one(what=same)) == ["T"]
    assert not exists("T")
    assert well(one(what=same)) == []


def test_changed_code_that_makes_another_temporary_file_runs_its_consumer():
    well(one())
    assert well(one("u")) == ["A", "T"]
    assert read("A") == "u"
    assert not exists("T")


def test_changed_code_of_a_temporary_file_that_nobody_reads_makes_nothing_run():
    well(lambda: temp("T", "t"))
    assert well(lambda: temp("T", "u")) == []


def test_what_a_temporary_file_is_made_of_counts_for_its_consumer():
    def define(text):
        job = ppg.TempFileGeneratingJob("T", joins("S")).depends_on(file("S", text))
        ppg.FileGeneratingJob("A", joins("T")).depends_on(job)

    well(lambda: define("one"))
    assert well(lambda: define("two")) == ["A", "S", "T"]
    assert read("A") == "two"


def test_a_file_that_was_there_before_is_not_taken_for_a_temporary_one():
    write("T", "somebody else's")
    assert well(one()) == ["A", "T"]
    assert read("A") == "t"


# -- chains of them --------------------------------------------------------------------------------


def three(content: str = "t", what=writes):
    """Two temporary files, one made of the other, and a job that reads the second."""

    def define():
        first = ppg.TempFileGeneratingJob("T1", what(content))
        second = ppg.TempFileGeneratingJob("T2", joins("T1", end="2")).depends_on(first)
        ppg.FileGeneratingJob("A", joins("T2")).depends_on(second)

    return define


def test_a_chain_of_temporary_files_is_made_and_all_of_it_removed():
    assert well(three()) == ["A", "T1", "T2"]
    assert read("A") == "t2"
    assert not exists("T1")
    assert not exists("T2")
    assert well(three()) == []


def test_a_chain_of_temporary_files_is_made_again_when_the_last_file_was_deleted():
    well(three())
    Path("A").unlink()
    assert well(three()) == ["A", "T1", "T2"]
    assert not exists("T1")
    assert not exists("T2")


def test_a_change_at_the_start_of_a_chain_of_temporary_files_ends_where_it_makes_no_difference():
    well(three())
    assert well(three(what=same)) == ["T1"]
    assert not exists("T1")
    assert well(three("u")) == ["A", "T1", "T2"]
    assert read("A") == "u2"


# -- when they are removed -------------------------------------------------------------------------


def two(a: str = "a", b: str = "b", what=None):
    """A temporary file with two consumers."""

    def define():
        job = ppg.TempFileGeneratingJob("T", what or writes("t"))
        ppg.FileGeneratingJob("A", joins("T", end=a)).depends_on(job)
        ppg.FileGeneratingJob("B", joins("T", end=b)).depends_on(job)

    return define


def test_a_temporary_file_is_removed_although_one_of_two_consumers_was_done_before():
    assert well(two()) == ["A", "B", "T"]
    assert not exists("T")
    Path("B").unlink()
    assert well(two()) == ["B", "T"]
    assert not exists("T")


@pytest.mark.parametrize("kind", ["temporary file", "loader"])
def test_a_temporary_file_is_removed_although_a_consumer_is_never_needed(kind):
    def define():
        job = temp("T", "t")
        ppg.FileGeneratingJob("A", joins("T")).depends_on(job)
        if kind == "loader":
            ppg.DataLoadingJob("idle", lambda: None).depends_on(job)
        else:
            temp("idle", "i", job)

    assert well(define) == ["A", "T"]
    assert not exists("T")


def breaks(path):
    raise ValueError("broken")


def one_broken(*, broken: bool):
    def define():
        job = ppg.TempFileGeneratingJob("T", writes("t"))
        ppg.FileGeneratingJob("A", joins("T")).depends_on(job)
        ppg.FileGeneratingJob("B", breaks if broken else joins("T")).depends_on(job)

    return define


def test_a_temporary_file_stays_when_a_consumer_failed_and_is_used_in_the_next_run():
    ran = run(one_broken(broken=True))
    assert (ran.ran, ran.failed) == (["A", "T"], ["B"])
    assert read("T") == "t"
    assert run(one_broken(broken=True)).ran == []
    assert well(one_broken(broken=False)) == ["B"], "T is still there"
    assert not exists("T")


def test_a_temporary_file_that_stayed_and_was_edited_is_made_again():
    run(one_broken(broken=True))
    write("T", "edited")
    assert well(one_broken(broken=False)) == ["B", "T"]
    assert read("B") == "t"


def test_a_temporary_file_that_stayed_and_was_deleted_is_made_again():
    run(one_broken(broken=True))
    Path("T").unlink()
    assert well(one_broken(broken=False)) == ["B", "T"]


def test_a_temporary_file_that_stayed_is_removed_when_its_consumer_goes_away():
    run(one_broken(broken=True))

    def define():
        job = ppg.TempFileGeneratingJob("T", writes("t"))
        ppg.FileGeneratingJob("A", joins("T")).depends_on(job)

    assert well(define) == []
    assert not exists("T")


def test_a_temporary_file_is_removed_when_it_breaks_itself():
    def define():
        def half(path):
            path.write_text("half")
            raise ValueError

        job = ppg.TempFileGeneratingJob("T", half)
        kept = ppg.TempFileGeneratingJob("K", half, rename_broken=True)
        file("A", "a", [job, kept])

    ran = run(define)
    assert (ran.failed, ran.blocked) == (["K", "T"], ["A"])
    assert not exists("T")
    assert not exists("K")
    assert read("K.broken") == "half"


def test_a_temporary_file_whose_consumer_failed_for_another_reason_stays_unmade_or_is_kept():
    """A consumer that is blocked by another job is not done: the file is kept for it."""

    def define(*, broken):
        job = temp("T", "t")
        other = ppg.FileGeneratingJob("X", breaks if broken else writes("x"))
        ppg.FileGeneratingJob("A", joins("T")).depends_on(job, other)
        ppg.FileGeneratingJob("B", joins("T")).depends_on(job)

    ran = run(lambda: define(broken=True))
    assert (ran.ran, ran.failed, ran.blocked) == (["B", "T"], ["X"], ["A"])
    assert exists("T")
    assert well(lambda: define(broken=False)) == ["A", "X"]
    assert not exists("T")


# -- not the same each time ------------------------------------------------------------------------


def other_each_time(path):
    number = len(read("count")) if exists("count") else 0
    write("count", "x" * (number + 1))
    path.write_text(f"{number}")


def test_consumers_run_again_when_a_temporary_file_turns_out_another_and_nothing_fails():
    well(two(what=other_each_time))
    assert (read("A"), read("B")) == ("0a", "0b")
    Path("A").unlink()
    assert well(two(what=other_each_time)) == ["A", "B", "T"]
    assert (read("A"), read("B")) == ("1a", "1b"), "all of one make"
    assert not exists("T")
    assert well(two(what=other_each_time)) == []


def test_a_chain_of_temporary_files_that_turn_out_others_ends_with_all_of_one_make():
    def define():
        first = ppg.TempFileGeneratingJob("T1", other_each_time)
        second = ppg.TempFileGeneratingJob("T2", joins("T1", end="!")).depends_on(first)
        ppg.FileGeneratingJob("A", joins("T1")).depends_on(first)
        ppg.FileGeneratingJob("B", joins("T2")).depends_on(second)

    well(define)
    assert (read("A"), read("B")) == ("0", "0!")
    Path("B").unlink()
    assert well(define) == ["A", "B", "T1", "T2"]
    assert (read("A"), read("B")) == ("1", "1!")
    assert well(define) == []
    assert not exists("T1")
    assert not exists("T2")


# -- several, and with a log -----------------------------------------------------------------------


def many(*readers: str):
    def define():
        def write_both(paths):
            for path in paths:
                path.write_text(path.name)

        job = ppg.MultiTempFileGeneratingJob(["T1", "T2"], write_both)
        for name in readers:
            ppg.FileGeneratingJob(name, joins("T1", "T2")).depends_on(job)

    return define


def test_several_temporary_files_come_and_go_together():
    assert well(many()) == []
    assert well(many("A")) == ["A", "T1:T2"]
    assert read("A") == "T1T2"
    assert not exists("T1")
    assert not exists("T2")
    assert well(many("A")) == []
    assert well(many("A", "B")) == ["B", "T1:T2"]


def test_a_consumer_of_one_of_several_temporary_files_has_them_made_and_removed():
    def define():
        def write_both(paths):
            for path in paths.values():
                path.write_text(path.name)

        job = ppg.MultiTempFileGeneratingJob({"one": "T1", "two": "T2"}, write_both)
        ppg.FileGeneratingJob("A", joins("T1")).depends_on(job["one"])

    assert well(define) == ["A", "T1:T2"]
    assert not exists("T1")
    assert not exists("T2")
    assert well(define) == []


def with_log(write_log: bool = True, reader: bool = True):
    def define():
        def write_both(paths):
            paths[0].write_text("t")
            if write_log:
                paths[1].write_text("log")

        job = ppg.TempFilePlusGeneratingJob("T", "T.log", write_both)
        if reader:
            ppg.FileGeneratingJob("A", joins("T")).depends_on(job)

    return define


def test_the_log_of_a_temporary_file_stays():
    assert well(with_log()) == ["A", "T"]
    assert not exists("T")
    assert read("T.log") == "log"
    assert well(with_log()) == []


def test_a_missing_log_makes_its_job_run_and_no_consumer():
    well(with_log())
    Path("T.log").unlink()
    assert well(with_log()) == ["T"]
    assert read("T.log") == "log"
    assert not exists("T")


def test_a_log_that_is_not_written_breaks_the_contract():
    ran = run(with_log(write_log=False))
    assert isinstance(ran.error("T"), ppg.JobContractError)
    assert ran.blocked == ["A"]
    assert not exists("T")


def test_a_temporary_file_with_a_log_is_made_for_the_log_alone_and_removed():
    assert well(with_log(reader=False)) == ["T"]
    assert read("T.log") == "log"
    assert not exists("T")


# -- with generating jobs: what the original could not do ------------------------------------------


@pytest.mark.parametrize("kind", [ppg.JobGeneratingJob, ppg.DependencyInjectionJob])
def test_two_graph_changing_jobs_can_share_a_temporary_file(kind):
    """The original gave this up: its file was gone when the second one's jobs came."""

    def define():
        shared = ppg.TempFileGeneratingJob("T", writes("t"))
        for number in "12":

            def generate(number=number):
                return ppg.FileGeneratingJob(f"A{number}", joins("T", end=number)).depends_on(
                    shared
                )

            generator = kind(f"G{number}", generate).depends_on(shared)
            ppg.FileGeneratingJob(f"B{number}", writes("b")).depends_on(generator)

    assert well(define) == ["A1", "A2", "B1", "B2", "G1", "G2", "T"]
    assert (read("A1"), read("A2")) == ("t1", "t2")
    assert not exists("T")
    again = well(define)
    assert set(again) <= {"G1", "G2", "T"}, "generators read it, so it may be made for them"
    assert not exists("T")


def test_generated_jobs_of_two_generators_can_share_a_temporary_file_that_a_third_one_made():
    def define():
        def first():
            job = ppg.TempFileGeneratingJob("T", writes("t"))

            def second(number):
                ppg.FileGeneratingJob(f"A{number}", joins("T", end=number)).depends_on(job)

            ppg.JobGeneratingJob("G1", lambda: second("1"))
            ppg.JobGeneratingJob("G2", lambda: second("2"))

        ppg.JobGeneratingJob("G", first)

    assert well(define) == ["A1", "A2", "G", "G1", "G2", "T"]
    assert not exists("T")
    assert well(define) == ["G", "G1", "G2"]


def test_a_temporary_file_that_two_injections_return_is_made_for_the_one_consumer_that_needs_it():
    def define():
        for number in "12":
            inject = lambda: ppg.TempFileGeneratingJob("T", writes("t"))
            injection = ppg.DependencyInjectionJob(f"D{number}", inject)
            ppg.FileGeneratingJob(f"A{number}", joins("T")).depends_on(injection)

    assert well(define) == ["A1", "A2", "D1", "D2", "T"]
    assert not exists("T")
    assert well(define) == ["D1", "D2"]
    Path("A2").unlink()
    assert well(define) == ["A2", "D1", "D2", "T"]
    assert not exists("T")
