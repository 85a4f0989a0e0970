"""What all jobs have in common."""

import sys
from itertools import pairwise
from pathlib import Path

import pytest

from tests.pipegraph.made import appends, ran, told, writes
from weft import pipegraph as ppg


def files(names: str) -> list[ppg.FileGeneratingJob]:
    return [ppg.FileGeneratingJob(name, writes(name)) for name in names]


# -- dependencies --------------------------------------------------------------------------------


def test_depends_on_takes_jobs_lists_none_and_functions_at_any_depth(graph):
    a, b, c, d, e, f = files("abcdef")
    a.depends_on(b, [c, [None, (d,)]], {"x": e}, lambda: [lambda: f, None])
    assert set(a.prerequisites) == {b, c, d, e}
    graph.graph.late()
    assert set(a.prerequisites) == {b, c, d, e, f}
    assert a.depends_on(ppg.JobList([b, c])) is a
    assert f.dependants == (a,)


def test_functions_are_asked_when_the_pipegraph_runs(graph):
    (a,) = files("a")
    later = []
    a.depends_on(lambda: later)
    later.extend(files("bc"))
    ppg.run()
    assert [job.job_id for job in a.extra] == ["b", "c"]


def test_a_function_that_fails_names_the_job(graph):
    (a,) = files("a")
    a.depends_on(lambda: 1 / 0)
    for _ in range(2):
        with pytest.raises(ppg.PyPipeGraphError, match="job 'a' depends on failed"):
            ppg.run()


def test_a_text_is_refused_and_the_way_for_files_is_named(graph):
    (a,) = files("a")
    with pytest.raises(ppg.JobContractError, match=r"depends_on_file\('x.txt'\)"):
        a.depends_on("x.txt")
    with pytest.raises(ppg.JobContractError, match="can't depend on 3"):
        a.depends_on([3])


def test_jobs_may_depend_on_jobs_that_are_defined_later(graph):
    first = ppg.FileGeneratingJob("first", appends("second", "1"))
    second = ppg.FileGeneratingJob("second", writes("2"))
    first.depends_on(second)
    ppg.run()
    assert Path("first").read_text() == "21"


def test_short_cycles_are_refused_where_they_are_written(graph):
    a, b = files("ab")
    with pytest.raises(ppg.CycleError, match="depend on itself") as caught:
        a.depends_on(a)
    assert caught.value.cycle == ("a", "a")
    a.depends_on(b)
    with pytest.raises(ppg.CycleError, match="'b' needs 'a' needs 'b'") as caught:
        b.depends_on(a)
    assert caught.value.cycle == ("b", "a", "b")
    ppg.run()


def test_a_long_cycle_is_told_job_by_job(graph):
    a, b, c, d = files("abcd")
    a.depends_on(b.depends_on(c.depends_on(d)))
    d.depends_on(b)
    for _ in range(2):
        with pytest.raises(ppg.CycleError) as caught:
            ppg.run()
        assert set(caught.value.cycle) == {"b", "c", "d"}
        assert caught.value.cycle[0] == caught.value.cycle[-1]
    assert isinstance(caught.value, ValueError)


def test_an_endless_cycle_is_told_in_few_words(graph):
    jobs = [ppg.FileGeneratingJob(f"{i}", writes()) for i in range(1000)]
    for one, other in zip(jobs, [*jobs[1:], jobs[0]], strict=True):
        one.depends_on(other)
    with pytest.raises(ppg.CycleError) as caught:
        ppg.run()
    assert len(caught.value.cycle) == 1001
    assert len(str(caught.value)) < 1000


def test_jobs_of_another_pipegraph_are_refused(graph, again):
    (old,) = files("a")
    again(folder="other")
    (new,) = files("b")
    with pytest.raises(ppg.JobContractError, match="of another pipegraph"):
        new.depends_on(old)
    with pytest.raises(ppg.JobContractError, match="another context"):
        new.depends_on(graph.context.comp(abs, 1))


def test_a_promise_of_the_same_context(graph):
    (a,) = files("a")
    value = graph.context.comp(abs, -1)
    a.depends_on(value)
    ppg.run()
    assert [job.id for job in a.prerequisites] == ["abs"]


def test_invariants_made_by_the_job(graph):
    Path("input").write_text("x")
    (a,) = files("a")
    made = [a.depends_on_params([1]), a.depends_on_func("len", len), a.depends_on_file("input")]
    assert set(a.prerequisites) == set(made)
    assert [one.job_id for one in made] == ["PIa", "a_len", "input"]


def test_is_in_dependency_chain_counts_steps(graph):
    a, b, c = files("abc")
    a.depends_on(b.depends_on(c))
    assert a.is_in_dependency_chain(c, 2)
    assert not a.is_in_dependency_chain(c, 1)
    assert not c.is_in_dependency_chain(a, 5)
    assert not a.is_in_dependency_chain(a, 5)


# -- sums ----------------------------------------------------------------------------------------


def test_jobs_and_lists_add_up(graph):
    a, b, c = files("abc")
    listed = ppg.JobList(a) + [b, c]  # noqa: RUF005
    for added in (a + b + c, [a] + b + c, (a, b) + c, a + (b + c), listed):  # noqa: RUF005
        assert isinstance(added, ppg.JobList)
        assert list(added) == [a, b, c]
    assert list(a + a) == [a]
    assert list(a) == [a]


def test_a_job_list_passes_dependencies_on(graph):
    a, b, c = files("abc")
    (a + b).depends_on(c)
    assert a.prerequisites == b.prerequisites == (c,)


def test_a_job_list_takes_jobs_only(graph):
    with pytest.raises(ppg.JobContractError, match="is no job"):
        ppg.JobList(["a"])


# -- pruning -------------------------------------------------------------------------------------


def test_pruned_jobs_and_what_depends_on_them_are_left_out(graph):
    a, b, c, _ = files("abcd")
    b.depends_on(a)
    c.depends_on(b)
    b.prune()
    assert told(ppg.run()) == {"a": "Success", "b": "Pruned", "c": "Pruned", "d": "Success"}
    b.unprune()
    assert ran(ppg.run()) == {"b", "c"}


def test_chains_of_any_length(graph):
    jobs = [ppg.FileGeneratingJob(f"{i}", writes()) for i in range(5_000)]
    assert sys.getrecursionlimit() < len(jobs)
    for one, other in pairwise(jobs):
        one.depends_on(other)
    assert jobs[0].is_in_dependency_chain(jobs[-1])
    jobs[-1].prune()
    assert graph.links.left_out() == {job.job_id for job in jobs}
    graph.graph.late()
    assert [job.index for job in reversed(jobs)] == list(range(len(jobs)))


# -- resources -----------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [1, 2, -1, -2])
def test_cores_that_can_be_needed(graph, number):
    (a,) = files("a")
    assert a.cores_needed == 1
    assert a.use_cores(number) is a
    assert a.cores_needed == number
    ppg.run()
    assert a.was_run


@pytest.mark.parametrize("number", [0, -3])
def test_cores_that_can_not(graph, number):
    (a,) = files("a")
    with pytest.raises(ValueError, match=f"can't use {number} cores"):
        a.cores_needed = number


def test_memory_is_set_aside(graph):
    (a,) = files("a")
    assert a.memory_needed == -1
    a.memory_needed = 2**20
    assert a.memory_needed == 2**20
    assert not a.command.options.enforce_memory
    a.memory_needed = -1
    assert a.memory_needed == -1
    with pytest.raises(ValueError, match="can't use 0 bytes"):
        a.memory_needed = 0


@pytest.mark.parametrize("number", ["a", "2", 1.5, None, True, [1], float("nan"), float("inf")])
def test_amounts_that_are_no_whole_numbers_are_refused(graph, number):
    (a,) = files("a")
    with pytest.raises(ppg.JobContractError, match=r"can't use .* cores"):
        a.cores_needed = number
    with pytest.raises(ppg.JobContractError, match=r"can't use .* bytes of memory"):
        a.memory_needed = number
    a.memory_needed = 2e9
    assert a.memory_needed == 2_000_000_000


def test_resources_by_name(graph):
    job = ppg.FileGeneratingJob("a", writes(), resources=ppg.Resources.Exclusive)
    assert job.cores_needed == -2


def test_what_one_job_needs_is_not_what_others_of_its_function_need(graph):
    callback = writes()
    one, other = ppg.FileGeneratingJob("a", callback), ppg.FileGeneratingJob("b", callback)
    one.use_cores(2).ignore_code_changes()
    assert other.cores_needed == 1
    assert other.command.function is callback
    assert one.callback is callback


# -- what became of it -----------------------------------------------------------------------------


def test_what_a_job_tells_after_a_run(graph):
    def speak(path):
        print("to stdout")
        print("to stderr", file=sys.stderr)
        path.write_text("x")

    job = ppg.FileGeneratingJob("a", speak)
    assert job.outcome is None
    assert (job.was_run, job.failed, job.exception, job.runtime) == (False, False, None, None)
    assert (job.stdout, job.start_time, job.trace) == ("", None, "")
    ppg.run()
    assert (job.was_run, job.failed, job.error_reason) == (True, False, "no error")
    assert (job.stdout, job.stderr) == ("to stdout\n", "to stderr\n")
    assert job.stop_time - job.start_time == pytest.approx(job.runtime, abs=1e-5)


def test_what_a_failed_job_tells(graph):
    def fail():
        raise KeyError("x")

    bad = ppg.FileGeneratingJob("a", fail)
    (after,) = files("b")
    after.depends_on(bad)
    with pytest.raises(ppg.RuntimeError, match="1 job failed, 1 is blocked by it") as caught:
        ppg.run(print_failures=False)
    assert isinstance(bad.exception, KeyError)
    assert caught.value.exceptions == [bad.exception]
    assert bad.error_reason == "Exception"
    assert bad.trace.endswith("KeyError: 'x'\n")
    assert (after.failed, after.error_reason, after.exception) == (True, "Indirect", None)


def test_a_job_counts_by_its_id_in_code_that_mentions_it(again):
    for number in (1, 2):
        graph = again()
        a = ppg.FileGeneratingJob("a", writes())
        a.note = object()
        held = [a]
        job = ppg.FileGeneratingJob("b", lambda path, held=held: path.write_text(held[0].job_id))
        job.depends_on(a)
        outcomes = graph.run()
    assert ran(outcomes) == set()
