"""Section 2 of the reference, by rows: jobs that change the graph while it runs.

Each name states Weft's answer.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.pipegraph.running import Calls, exists, file, joins, read, run, well, write, writes
from weft import pipegraph as ppg

# -- jobs that define jobs -------------------------------------------------------------------------


def generates(*names: str, text: str = "x", needs=None):
    def define():
        def generate():
            for name in names:
                file(name, text)

        ppg.JobGeneratingJob("G", generate).depends_on(needs() if needs else None)

    return define


def test_a_generator_runs_in_each_run_and_its_jobs_only_when_they_must():
    assert well(generates("A", "B")) == ["A", "B", "G"]
    assert well(generates("A", "B")) == ["G"]
    Path("A").unlink()
    assert well(generates("A", "B")) == ["A", "G"]


def test_a_generator_that_defines_a_job_more_makes_only_that_run():
    well(generates("A"))
    assert well(generates("A", "B")) == ["B", "G"]


def test_changed_code_of_a_generated_job_makes_it_run():
    well(generates("A", "B"))
    assert well(generates("A", "B", text="y")) == ["A", "B", "G"]
    assert read("A") == "y"


def test_a_job_that_is_not_generated_any_more_leaves_its_file():
    well(generates("A", "B"))
    assert well(generates("A")) == ["G"]
    assert read("B") == "x"
    assert well(generates("A", "B")) == ["G"], "and it is known when it comes back"


def test_a_generator_runs_when_what_it_depends_on_is_done_and_sees_it():
    def define(names):
        def generate():
            for name in read("names").split():
                file(name, name)

        ppg.JobGeneratingJob("G", generate).depends_on(file("names", names))

    assert well(lambda: define("A B")) == ["A", "B", "G", "names"]
    assert well(lambda: define("A B C")) == ["C", "G", "names"]


def test_generated_jobs_can_depend_on_each_other_and_on_jobs_from_before():
    def define():
        old = file("old", "o")

        def generate():
            first = ppg.FileGeneratingJob("A", joins("old", end="a")).depends_on(old)
            ppg.FileGeneratingJob("B", joins("A", end="b")).depends_on(first)

        ppg.JobGeneratingJob("G", generate)

    assert well(define) == ["A", "B", "G", "old"]
    assert read("B") == "oab"
    assert well(define) == ["G"]


def test_a_generated_job_can_depend_on_what_waits_for_the_generator():
    def define():
        late = file("late", "l")

        def generate():
            ppg.FileGeneratingJob("A", joins("late")).depends_on(late)

        late.depends_on(ppg.JobGeneratingJob("G", generate))

    assert well(define) == ["A", "G", "late"]
    assert well(define) == ["G"]


def test_what_waits_for_a_generator_does_not_run_each_time():
    def define():
        generator = ppg.JobGeneratingJob("G", lambda: file("A", "a"))
        file("B", "b", generator)

    assert well(define) == ["A", "B", "G"]
    assert well(define) == ["G"]


def test_what_waits_for_a_generator_can_be_let_depend_on_its_jobs():
    def define(names):
        total = ppg.FileGeneratingJob("total", lambda path: path.write_text("".join(names)))

        def generate():
            for name in names:
                total.depends_on(file(name, name))

        total.depends_on(ppg.JobGeneratingJob("G", generate))

    assert well(lambda: define("AB")) == ["A", "B", "G", "total"]
    assert well(lambda: define("AB")) == ["G"]
    Path("A").unlink()
    assert well(lambda: define("AB")) == ["A", "G"], "the same content"


def test_a_job_that_could_be_running_already_can_not_be_let_depend_on_a_new_one():
    def define():
        old = file("old", "o")

        def generate():
            old.depends_on(file("A", "a"))

        ppg.JobGeneratingJob("G", generate)

    ran = run(define)
    assert (ran.ran, ran.failed) == (["old"], ["G"])
    assert isinstance(ran.error("G"), ppg.JobContractError)
    assert "may be running already" in str(ran.error("G"))
    assert not exists("A")


def test_generators_can_be_generated_at_any_depth():
    depth = 7

    def level(number):
        file(f"A{number}", "a")
        if number < depth:
            ppg.JobGeneratingJob(f"G{number}", lambda: level(number + 1))

    assert len(well(lambda: level(0))) == depth + depth + 1
    assert well(lambda: level(0)) == [f"G{number}" for number in range(depth)]


def test_invariants_loaders_and_temporary_files_can_be_generated():
    calls = Calls()

    def define(value):
        def generate():
            loader = ppg.DataLoadingJob("load", lambda: calls.append("load"))
            temporary = file("T", "t", None, ppg.TempFileGeneratingJob)
            job = ppg.FileGeneratingJob("A", joins("T"))
            job.depends_on(loader, temporary, ppg.ParameterInvariant("it", value))

        ppg.JobGeneratingJob("G", generate)

    assert well(lambda: define(1)) == ["A", "G", "T", "load"]
    assert well(lambda: define(1)) == ["G"]
    assert well(lambda: define(2)) == ["A", "G", "T", "load"]
    assert not exists("T")


def test_a_generator_that_fails_leaves_no_job_of_its_and_no_file_is_lost():
    well(generates("A", "B"))

    def define():
        def generate():
            file("A", "x")
            raise ValueError("half")

        generator = ppg.JobGeneratingJob("G", generate)
        file("C", "c", generator)
        file("D", "d")

    ran = run(define)
    assert (ran.ran, ran.failed, ran.blocked) == (["D"], ["G"], ["C"])
    assert "A" not in ran.outcomes
    assert read("A") == read("B") == "x"
    assert well(generates("A", "B")) == ["G"]


def test_a_generator_whose_upstream_failed_does_not_run():
    def needs():
        return ppg.FileGeneratingJob("N", lambda: None)

    ran = run(generates("A", needs=needs))
    assert (ran.ran, ran.failed, ran.blocked) == ([], ["N"], ["G"])


def test_a_generated_job_is_blocked_by_one_that_failed_before():
    def define():
        broken = ppg.FileGeneratingJob("N", lambda: None)
        ppg.JobGeneratingJob("G", lambda: file("A", "a", broken))

    ran = run(define)
    assert (ran.ran, ran.failed, ran.blocked) == (["G"], ["N"], ["A"])


def test_a_generated_job_that_fails_blocks_what_depends_on_it_and_runs_again():
    def define(text):
        def generate():
            file("B", "b", file("A", text))
            file("C", "c")

        ppg.JobGeneratingJob("G", generate)

    ran = run(lambda: define(""))
    assert (ran.ran, ran.failed, ran.blocked) == (["C", "G"], ["A"], ["B"])
    assert well(lambda: define("a")) == ["A", "B", "G"]


def test_a_cycle_through_generated_jobs_fails_the_generator_and_shows_the_cycle():
    def define():
        def generate():
            first = file("A", "a")
            first.depends_on(file("B", "b", file("C", "c", first)))

        ppg.JobGeneratingJob("G", generate)
        file("D", "d")

    ran = run(define)
    assert (ran.ran, ran.failed) == (["D"], ["G"])
    assert "needs" in str(ran.error("G"))


def test_a_graph_with_a_generator_can_be_run_twice_in_one_process():
    with ppg.new_pipegraph(folder="out", quiet=True) as graph:
        generates("A")()
        first = graph.run()
        second = graph.run()
    assert first["A"].outcome is ppg.JobOutcome.Success
    assert second["A"].outcome is ppg.JobOutcome.Skipped
    assert second["G"].outcome is ppg.JobOutcome.Success


def test_a_job_that_is_defined_inside_of_a_file_job_is_refused():
    def define():
        def defines(path):
            file("B", "b")
            path.write_text("a")

        ppg.FileGeneratingJob("A", defines)

    ran = run(define)
    assert isinstance(ran.error("A"), ppg.JobContractError)
    assert "can't be defined" in str(ran.error("A"))


# -- jobs that inject dependencies -----------------------------------------------------------------


def injects(names: str, text: str = "x", elsewhere: bool = False):
    """A file of all that a job found, which is told what to depend on when that is known."""

    def define():
        def collect(path):
            path.write_text("".join(map(read, sorted(names))))

        total = ppg.FileGeneratingJob("total", collect)
        other = file("other", "o")

        def inject():
            jobs = [file(name, text) for name in names]
            if elsewhere:
                other.depends_on(jobs)
            return jobs

        total.depends_on(ppg.DependencyInjectionJob("D", inject))

    return define


def test_what_an_injection_returns_is_what_its_dependants_wait_for():
    assert well(injects("AB")) == ["A", "B", "D", "other", "total"]
    assert read("total") == "xx"


def test_an_injection_runs_in_each_run_and_its_dependants_only_when_they_must():
    well(injects("AB"))
    assert well(injects("AB")) == ["D"]
    assert well(injects("AB", text="y")) == ["A", "B", "D", "total"]
    assert read("total") == "yy"


def test_a_dependency_more_or_less_that_is_injected_counts():
    def define(names):
        total = file("total", "t")
        jobs = [file(name, "x") for name in "AB"]
        inject = lambda: [job for job in jobs if job.job_id in names]
        total.depends_on(ppg.DependencyInjectionJob("D", inject))

    assert well(lambda: define("A")) == ["A", "B", "D", "total"]
    assert well(lambda: define("AB")) == ["D", "total"]
    assert well(lambda: define("B")) == ["D", "total"]
    assert well(lambda: define("B")) == ["D"]


def test_an_injection_can_name_jobs_from_before_and_invariants():
    def define(value):
        total = file("total", "t")
        before = file("A", "a")
        inject = lambda: [before, [ppg.ParameterInvariant("it", value)], None]
        total.depends_on(ppg.DependencyInjectionJob("D", inject))

    assert well(lambda: define(1)) == ["A", "D", "total"]
    assert well(lambda: define(1)) == ["D"]
    assert well(lambda: define(2)) == ["D", "total"]


def test_an_injection_into_a_job_that_does_not_depend_on_it_fails_it_and_blocks_what_does():
    ran = run(injects("AB", elsewhere=True))
    assert (ran.ran, ran.failed, ran.blocked) == (["other"], ["D"], ["total"])
    assert isinstance(ran.error("D"), ppg.JobContractError)
    assert not exists("A")


def test_an_injection_reaches_a_loader_and_counts_for_its_consumers():
    kept = Calls()

    def define(value):
        def inject():
            return ppg.DataLoadingJob("deep", lambda: kept.append(str(value)))

        loader = ppg.DataLoadingJob("load", lambda: None)
        loader.depends_on(ppg.DependencyInjectionJob("D", inject))
        ppg.FileGeneratingJob("A", lambda path: path.write_text(kept[-1])).depends_on(loader)

    assert well(lambda: define(1)) == ["A", "D", "deep", "load"]
    assert well(lambda: define(1)) == ["D"]
    assert well(lambda: define(2)) == ["A", "D", "deep", "load"]
    assert read("A") == "2"


def test_two_injections_into_one_job_add_up():
    def define():
        total = ppg.FileGeneratingJob("total", joins("A", "B"))
        for name in "AB":
            total.depends_on(ppg.DependencyInjectionJob(f"D{name}", lambda n=name: file(n, n)))

    assert well(define) == ["A", "B", "DA", "DB", "total"]
    assert read("total") == "AB"
    assert well(define) == ["DA", "DB"]


def test_an_injection_whose_upstream_failed_leaves_its_dependants_blocked():
    def define():
        broken = ppg.FileGeneratingJob("N", lambda: None)
        inject = ppg.DependencyInjectionJob("D", lambda: file("A", "a")).depends_on(broken)
        file("total", "t", inject)

    ran = run(define)
    assert (ran.failed, ran.blocked) == (["N"], ["D", "total"])


# -- what is done in the end -----------------------------------------------------------------------


def finishes(broken: bool = False):
    def define():
        def tell():
            write("told", f"{exists('A')} {exists('B')}")

        ppg.FinalJob("F", tell)
        file("A", "a")
        ppg.JobGeneratingJob("G", lambda: file("B", "" if broken else "b"))

    return define


def test_a_final_job_runs_after_all_others_in_each_run():
    assert well(finishes()) == ["A", "B", "F", "G"]
    assert read("told") == "True True"
    Path("told").unlink()
    assert well(finishes()) == ["F", "G"]
    assert exists("told")


def test_a_final_job_does_not_run_when_another_one_failed():
    ran = run(finishes(broken=True))
    assert (ran.failed, ran.blocked) == (["B"], ["F"])
    assert not exists("told")


def test_a_final_job_neither_has_dependencies_nor_is_one():
    with ppg.new_pipegraph(folder="out"):
        final, other = ppg.FinalJob("F", lambda: None), file("A", "a")
        with pytest.raises(ppg.JobContractError, match="waits for all"):
            final.depends_on(other)
        with pytest.raises(ppg.JobContractError, match="waits for all"):
            other.depends_on(final)


# -- what is said when the run begins --------------------------------------------------------------


def test_functions_that_say_what_a_job_depends_on_are_asked_when_the_run_begins():
    def define():
        later: list[ppg.Job] = []
        total = ppg.FileGeneratingJob("total", joins("A")).depends_on(lambda: [lambda: later])
        later.append(file("A", "a"))
        assert total.prerequisites == (), "not before"

    assert well(define) == ["A", "total"]
    assert well(define) == []


def test_a_cycle_is_refused_with_the_cycle_before_anything_runs():
    with ppg.new_pipegraph(folder="out", quiet=True) as graph:
        a, b, c, d = (file(name, name) for name in "ABCD")
        a.depends_on(b)
        b.depends_on(c)
        c.depends_on(d)
        d.depends_on(b)
        with pytest.raises(ppg.CycleError) as caught:
            graph.run()
    assert sorted(set(caught.value.cycle)) == ["B", "C", "D"]
    assert caught.value.cycle[0] == caught.value.cycle[-1]
    assert not exists("A")


def test_a_job_that_is_left_out_leaves_out_what_depends_on_it_and_nothing_else():
    def define(*, pruned):
        first = file("A", "a")
        file("B", "b", first)
        file("C", "c")
        if pruned:
            first.prune()

    assert well(lambda: define(pruned=True)) == ["C"]
    assert well(lambda: define(pruned=False)) == ["A", "B"]


def test_files_of_jobs_that_are_not_defined_any_more_stay():
    well(lambda: [file("A", "a"), file("B", "b")])
    assert well(lambda: file("B", "b")) == []
    assert read("A") == "a"
    assert well(lambda: [file("A", "a"), ppg.FileGeneratingJob("B", writes("b"))]) == []
