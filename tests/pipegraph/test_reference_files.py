"""Section 2 of the reference, by rows: files that jobs make. Each name states Weft's answer."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.pipegraph.running import exists, file, joins, read, run, well, write, writes
from weft import pipegraph as ppg

# -- order and cutoff ------------------------------------------------------------------------------


def chain(a: str = "a", b: str = "b", c: str = "c"):
    def define():
        first = file("A", a)
        second = ppg.FileGeneratingJob("B", joins("A", end=b)).depends_on(first)
        ppg.FileGeneratingJob("C", joins("B", end=c)).depends_on(second)

    return define


def test_the_first_run_makes_a_chain_in_order_and_the_second_makes_nothing():
    assert well(chain()) == ["A", "B", "C"]
    assert read("C") == "abc"
    assert well(chain()) == []


def test_a_job_may_be_defined_before_what_it_depends_on():
    def define():
        last = ppg.FileGeneratingJob("C", joins("A"))
        last.depends_on(file("A", "a"))

    assert well(define) == ["A", "C"]
    assert well(define) == []


def test_an_output_deleted_in_the_middle_of_a_chain_is_all_that_is_made_anew():
    well(chain())
    Path("B").unlink()
    assert well(chain()) == ["B"]


def test_an_output_deleted_at_the_top_of_a_chain_is_all_that_is_made_anew():
    well(chain())
    Path("A").unlink()
    assert well(chain()) == ["A"]
    assert read("C") == "abc"


def test_outputs_deleted_at_both_ends_of_a_chain_leave_the_middle_alone():
    well(chain())
    Path("A").unlink()
    Path("C").unlink()
    assert well(chain()) == ["A", "C"]


def test_a_changed_job_that_writes_the_same_makes_nothing_downstream_run():
    well(chain())

    def define():
        first = ppg.FileGeneratingJob("A", lambda path: path.write_text("A".lower()))
        second = ppg.FileGeneratingJob("B", joins("A", end="b")).depends_on(first)
        ppg.FileGeneratingJob("C", joins("B", end="c")).depends_on(second)

    assert well(define) == ["A"]
    assert well(define) == []


def test_a_changed_job_that_writes_something_else_makes_all_downstream_run():
    well(chain())
    assert well(chain(a="A")) == ["A", "B", "C"]
    assert read("C") == "Abc"


def test_a_change_that_ends_in_the_middle_of_a_chain_ends_there():
    def define(a):
        first = file("A", a)
        second = ppg.FileGeneratingJob("B", lambda path: path.write_text(str(len(read("A")))))
        ppg.FileGeneratingJob("C", joins("B")).depends_on(second.depends_on(first))

    well(lambda: define("xx"))
    assert well(lambda: define("yy")) == ["A", "B"]


def test_a_change_that_is_undone_is_made_anew_as_the_file_is_the_other_one():
    well(chain())
    assert well(chain(c="x")) == ["C"]
    assert well(chain()) == ["C"]
    assert read("C") == "abc"


def test_no_downstream_output_is_deleted_before_the_upstream_succeeded():
    def define(a):
        first = ppg.FileGeneratingJob("A", a)
        ppg.FileGeneratingJob("B", joins("A")).depends_on(first)

    def looks(path):
        assert read("B") == "one"
        path.write_text("two")

    well(lambda: define(writes("one")))
    assert well(lambda: define(looks)) == ["A", "B"]


def test_a_dry_run_says_what_would_run_and_runs_nothing(capsys):
    with ppg.new_pipegraph(folder="out"):
        chain()()
        ppg.run_pipegraph(dry_run=True)
    told = capsys.readouterr().out
    assert all(name in told for name in "ABC"), told
    assert not exists("A")
    assert well(chain()) == ["A", "B", "C"]


def test_a_run_without_a_graph_is_refused():
    with pytest.raises(ppg.PyPipeGraphError, match="no pipegraph"):
        ppg.run()


# -- tampering -------------------------------------------------------------------------------------


def test_an_output_edited_by_hand_is_noticed_and_made_anew():
    well(chain())
    write("B", "tampered")
    assert well(chain()) == ["B"]
    assert read("B") == "ab"


def test_an_output_edited_by_hand_is_noticed_even_with_the_same_size_and_time():
    well(chain())
    before = Path("B").stat()
    write("B", "xx")
    os.utime("B", ns=(before.st_atime_ns, before.st_mtime_ns))
    assert well(chain()) == ["B"]
    assert read("B") == "ab"


def test_an_output_replaced_by_an_older_file_is_noticed():
    well(chain())
    write("old", "old")
    os.utime("old", (1, 1))
    Path("old").replace("C")
    assert well(chain()) == ["C"]


def test_a_truncated_output_is_noticed():
    well(chain())
    write("C", "")
    assert well(chain()) == ["C"]


def test_a_touched_output_is_not_made_anew():
    well(chain())
    for name in "ABC":
        os.utime(name, (1, 1))
    assert well(chain()) == []


def test_an_output_that_is_copied_over_with_the_same_content_is_not_made_anew():
    well(chain())
    write("copy", read("B"))
    Path("copy").replace("B")
    assert well(chain()) == []


@pytest.mark.parametrize("ignore", [False, True], ids=["code counts", "code does not count"])
def test_a_file_that_was_there_before_the_first_run_is_not_taken_for_an_output(ignore):
    def define():
        job = file("A", "mine")
        if ignore:
            job.ignore_code_changes()

    write("A", "somebody else's")
    assert well(define) == ["A"]
    assert read("A") == "mine"
    assert well(define) == []


def test_a_file_of_the_same_content_that_was_there_before_the_first_run_is_made_anew_too():
    write("A", "a")
    assert well(chain()) == ["A", "B", "C"]


def test_a_job_that_overwrites_the_output_of_another_is_reported(capsys):
    def define():
        owner = file("A", "a")

        def meddles(path):
            write("A", "meddled")
            path.write_text("b")

        ppg.FileGeneratingJob("B", meddles).depends_on(owner)

    cores = ppg.resource_coordinators.LocalSystem(2)
    with ppg.new_pipegraph(cores, folder="out"):
        define()
        ppg.run()
    told = capsys.readouterr().out
    assert "A was changed" in told, told
    assert "B" in told


def test_what_a_job_wrote_into_the_output_of_another_is_made_anew():
    def define():
        owner = file("A", "a")

        def meddles(path):
            write("A", "meddled")
            path.write_text("b")

        ppg.FileGeneratingJob("B", meddles).depends_on(owner)

    well(define)
    assert read("A") == "meddled"
    assert well(define) == ["A"]
    assert read("A") == "a"


def test_what_was_read_from_an_overwritten_output_is_made_anew_too_and_then_all_is_at_rest():
    def define():
        owner = file("A", "good")

        def meddles(path):
            write("A", "bad")
            path.write_text("b")

        meddler = ppg.FileGeneratingJob("B", meddles).depends_on(owner)
        ppg.FileGeneratingJob("C", joins("A")).depends_on(owner, meddler)

    well(define)
    assert read("C") == "bad"
    assert well(define) == ["A", "C"]
    assert (read("A"), read("C")) == ("good", "good")
    assert well(define) == []


# -- dependencies ----------------------------------------------------------------------------------


def pair(*needs: str):
    """Two files, and one that depends on some of them."""

    def define():
        jobs = {name: file(name, name) for name in ("A", "B")}
        file("C", "c", [jobs[name] for name in needs])

    return define


def test_adding_a_dependency_on_a_job_that_is_done_counts():
    well(pair("A"))
    assert well(pair("A", "B")) == ["C"]
    assert well(pair("A", "B")) == []


def test_adding_a_dependency_on_a_new_job_counts():
    def define(*, more):
        job = file("C", "c")
        if more:
            job.depends_on(file("D", "d"))

    well(lambda: define(more=False))
    assert well(lambda: define(more=True)) == ["C", "D"]


def test_removing_a_dependency_counts():
    well(pair("A", "B"))
    assert well(pair("A")) == ["C"]
    assert well(pair("A")) == []


def test_swapping_a_dependency_counts():
    well(pair("A"))
    assert well(pair("B")) == ["C"]


def test_swapping_a_dependency_for_one_of_the_same_content_counts():
    def define(name):
        jobs = {one: file(one, "same") for one in ("A", "B")}
        file("C", "c", jobs[name])

    well(lambda: define("A"))
    assert well(lambda: define("B")) == ["C"]


def test_two_dependencies_that_trade_their_contents_count():
    def define(a, b):
        file("C", "c", [file("A", a), file("B", b)])

    well(lambda: define("1", "2"))
    assert well(lambda: define("2", "1")) == ["A", "B", "C"]


def test_the_order_in_which_dependencies_are_named_does_not_count():
    well(pair("A", "B"))
    assert well(pair("B", "A")) == []


def test_a_dependency_that_is_named_twice_counts_once():
    well(pair("A"))
    assert well(pair("A", "A")) == []


def test_a_renamed_job_runs_with_all_that_depends_on_it_and_its_old_file_stays():
    def define(name):
        first = file(name, "a")
        second = ppg.FileGeneratingJob("B", lambda path: path.write_text("b")).depends_on(first)
        ppg.FileGeneratingJob("C", joins("B")).depends_on(second)

    well(lambda: define("A"))
    assert well(lambda: define("A2")) == ["A2", "B"], "B wrote the same: C does not run"
    assert read("A") == "a"


def test_relative_absolute_and_roundabout_paths_are_one_job():
    def define():
        function = writes("a")
        one = ppg.FileGeneratingJob("sub/A", function)
        assert ppg.FileGeneratingJob(Path("sub/A").absolute(), function) is one
        assert ppg.FileGeneratingJob("sub/../sub/./A", function) is one

    assert well(define) == ["sub/A"]


# -- several files of one job ----------------------------------------------------------------------


def several(files, a="a", b="b"):
    def write_both(paths):
        first, second = paths.values() if isinstance(paths, dict) else paths
        first.write_text(a)
        second.write_text(b)

    return ppg.MultiFileGeneratingJob(files, write_both)


def test_all_files_of_a_job_are_made_anew_when_one_is_missing():
    well(lambda: several(["A", "B"]))
    before = Path("B").stat().st_mtime_ns
    Path("A").unlink()
    assert well(lambda: several(["A", "B"])) == ["A:B"]
    assert Path("B").stat().st_mtime_ns != before


@pytest.mark.parametrize("files", [["A", "B"], {"one": "A", "two": "B"}], ids=["list", "dict"])
def test_only_changes_of_the_one_file_count_that_a_job_depends_on(files):
    def define(a, b):
        job = several(files, a, b)
        key = "one" if isinstance(files, dict) else "A"
        ppg.FileGeneratingJob("C", joins("A")).depends_on(job[key])
        ppg.FileGeneratingJob("D", joins("A", "B")).depends_on(job)

    well(lambda: define("a", "b"))
    assert well(lambda: define("a", "x")) == ["A:B", "D"]
    assert well(lambda: define("y", "x")) == ["A:B", "C", "D"]


def test_a_file_more_of_a_job_counts():
    well(lambda: several(["A", "B"]))

    def define():
        def write_all(paths):
            for path in paths:
                path.write_text(path.name)

        ppg.MultiFileGeneratingJob(["A", "B", "C"], write_all)

    assert well(define) == ["A:B:C"]


def one_or_two_files(*, more: bool):
    def define():
        job = several(["A", "B"]) if more else file("A", "a")
        ppg.FileGeneratingJob("C", joins("A")).depends_on(job)

    return define


def test_a_job_that_comes_to_make_a_second_file_runs_again_and_what_reads_it_too():
    well(one_or_two_files(more=False))
    assert well(one_or_two_files(more=True)) == ["A:B", "C"]
    assert well(one_or_two_files(more=True)) == []


def test_a_job_that_comes_to_make_one_file_less_runs_again_and_what_reads_it_too():
    well(one_or_two_files(more=True))
    assert well(one_or_two_files(more=False)) == ["A", "C"]
    assert well(one_or_two_files(more=False)) == []


def test_two_jobs_that_make_one_file_are_refused_where_the_second_is_defined():
    with ppg.new_pipegraph(folder="out"):
        several(["A", "B"])
        with pytest.raises(ppg.JobOutputConflict, match="'B' would be made by two jobs"):
            file("B", "b")


# -- empty files -----------------------------------------------------------------------------------


def test_an_empty_output_breaks_the_contract_and_is_removed():
    ran = run(lambda: file("A", ""))
    assert ran.failed == ["A"]
    assert isinstance(ran.error("A"), ppg.JobContractError)
    assert "empty" in str(ran.error("A"))
    assert not exists("A")


def test_an_output_may_be_empty_where_that_is_said():
    def define():
        ppg.FileGeneratingJob("A", writes(""), empty_ok=True)

    assert well(define) == ["A"]
    assert well(define) == []


@pytest.mark.parametrize("empty_ok", [False, True, {"A": True}, {"A": True, "B": True}])
def test_which_of_several_outputs_may_be_empty_is_said_for_all_or_for_each(empty_ok):
    def define():
        def write_both(paths):
            for path in paths:
                path.write_text("")

        ppg.MultiFileGeneratingJob(["A", "B"], write_both, empty_ok=empty_ok)

    fine = empty_ok is True or (isinstance(empty_ok, dict) and len(empty_ok) == 2)
    ran = run(define)
    assert (ran.ran, ran.failed) == ((["A:B"], []) if fine else ([], ["A:B"]))
    assert exists("A") is exists("B") is fine


def test_an_empty_file_that_stands_there_is_rebuilt_at_once():
    write("A", "")
    assert well(lambda: file("A", "a")) == ["A"]
    write("A", "")
    assert well(lambda: file("A", "a")) == ["A"]
    assert read("A") == "a"


def test_an_output_that_is_not_written_breaks_the_contract():
    ran = run(lambda: ppg.FileGeneratingJob("A", lambda: None))
    assert isinstance(ran.error("A"), ppg.JobContractError)


def test_what_stood_there_does_not_count_as_written():
    write("A", "old")
    ran = run(lambda: ppg.FileGeneratingJob("A", lambda: None))
    assert isinstance(ran.error("A"), ppg.JobContractError)
    assert read("A") == "old"


# -- deep chains -----------------------------------------------------------------------------------


def test_a_chain_of_a_thousand_jobs_runs_and_has_then_nothing_to_do():
    def define():
        function, before = writes("x"), None
        for number in range(1000):
            before = ppg.FileGeneratingJob(f"deep/{number}", function).depends_on(before)

    assert len(well(define)) == 1000
    assert well(define) == []
    Path("deep/500").unlink()
    assert well(define) == ["deep/500"]
