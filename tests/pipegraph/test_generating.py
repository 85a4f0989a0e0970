"""Jobs that change the graph, and jobs that wait for all."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.pipegraph.made import appends, ran, told, writes
from tests.pipegraph.running import well
from weft import pipegraph as ppg


def test_new_jobs_of_all_kinds_run_in_the_same_run(graph):
    old = ppg.FileGeneratingJob("old", writes("old"))

    def generate():
        temp = ppg.TempFileGeneratingJob("temp", writes("temp"))
        first = ppg.FileGeneratingJob("first", appends("old", "1")).depends_on(old)
        ppg.FileGeneratingJob("second", appends("temp", "2")).depends_on(first, temp)

    ppg.JobGeneratingJob("generate", generate)
    assert ran(ppg.run()) == {"old", "generate", "temp", "first", "second"}
    assert Path("first").read_text() == "old1"
    assert Path("second").read_text() == "temp2"
    assert not Path("temp").exists()


def test_what_a_generator_defines_by_comp_runs_in_the_same_run_and_is_remembered(again):
    found = []
    for _ in range(2):
        graph = again()

        def generate(comp=graph.context.comp):
            file = ppg.FileGeneratingJob("a", writes("text"))
            comp(Path.read_text, file, job_id="text")
            comp(abs, -1, job_id="one")

        ppg.JobGeneratingJob("g", generate)
        found.append(ran(graph.run()))
        survey = graph.context.survey()
        assert {survey.states[name].value for name in ("a", "text", "one")} == {"done"}
    assert found == [{"g", "a", "text", "one"}, {"g"}]


def test_a_generator_runs_each_time_and_its_jobs_when_they_must(again):
    found = []
    for text in "112":
        graph = again()
        ppg.JobGeneratingJob("g", lambda t=text: ppg.FileGeneratingJob("a", writes(t)) and None)
        found.append(ran(graph.run()))
    assert found == [{"g", "a"}, {"g"}, {"g", "a"}]


def test_a_pipegraph_with_a_generator_runs_again_and_again(graph):
    names = ["a"]

    def generate():
        for name in names:
            ppg.FileGeneratingJob(name, writes(name))

    ppg.JobGeneratingJob("g", generate)
    assert ran(graph.run()) == {"g", "a"}
    names.append("b")
    assert ran(graph.run()) == {"g", "b"}
    names.remove("a")
    assert set(graph.run()) == {"g", "b"}
    assert Path("a").exists()


def test_a_generator_of_generators(graph):
    def outer():
        ppg.JobGeneratingJob("inner", lambda: ppg.FileGeneratingJob("a", writes()) and None)

    ppg.JobGeneratingJob("outer", outer)
    assert ran(graph.run()) == {"outer", "inner", "a"}
    assert ran(graph.run()) == {"outer", "inner"}
    assert set(graph.graph.jobs) == {"outer", "inner", "a"}


def test_a_generator_waits_for_what_it_depends_on(graph):
    source = ppg.FileGeneratingJob("source", writes("a b"))

    def generate():
        for name in Path("source").read_text().split():
            ppg.FileGeneratingJob(name, writes(name))

    ppg.JobGeneratingJob("g", generate).depends_on(source)
    ppg.run()
    assert Path("b").exists()


def test_a_generator_may_let_jobs_that_wait_for_it_depend_on_new_ones(again):
    for _ in range(2):
        graph = again()
        last = ppg.FileGeneratingJob("last", appends("new", "!"))

        def generate():
            last.depends_on(ppg.FileGeneratingJob("new", writes("new")))

        last.depends_on(ppg.JobGeneratingJob("g", generate))
        outcomes = graph.run()
    assert Path("last").read_text() == "new!"
    assert ran(outcomes) == {"g"}


def test_jobs_that_may_be_running_get_no_dependency(graph):
    other = ppg.FileGeneratingJob("other", writes())

    def generate():
        other.depends_on(ppg.FileGeneratingJob("new", writes()))

    job = ppg.JobGeneratingJob("g", generate)
    ppg.run(raise_on_job_error=False)
    assert isinstance(job.exception, ppg.JobContractError)
    assert "it may be running already" in str(job.exception)
    assert "new" not in graph


def test_a_generator_that_fails_leaves_nothing_in_the_graph(graph):
    waiting = ppg.FileGeneratingJob("waiting", writes())

    def generate():
        waiting.depends_on(ppg.FileGeneratingJob("new", writes()))
        raise ValueError("half way")

    job = ppg.JobGeneratingJob("g", generate)
    waiting.depends_on(job)
    outcomes = ppg.run(raise_on_job_error=False)
    assert told(outcomes) == {"g": "Failed", "waiting": "UpstreamFailed"}
    assert waiting.prerequisites == (job,)


def test_consumers_of_a_generator_do_not_run_again(again):
    for _ in range(2):
        graph = again()
        job = ppg.JobGeneratingJob("g", lambda: None)
        ppg.FileGeneratingJob("a", writes()).depends_on(job)
        outcomes = graph.run()
    assert ran(outcomes) == {"g"}


def test_a_generated_job_can_not_take_the_id_of_another(graph):
    ppg.FileGeneratingJob("a", writes("1"))
    job = ppg.JobGeneratingJob("g", lambda: ppg.FileGeneratingJob("a", writes("2")) and None)
    ppg.run(raise_on_job_error=False)
    assert isinstance(job.exception, ppg.JobRedefinitionError)
    assert Path("a").read_text() == "1"


def test_a_cycle_closed_by_a_generator_fails_it(graph):
    last = ppg.FileGeneratingJob("last", writes())

    def generate():
        new = ppg.FileGeneratingJob("new", writes()).depends_on(last)
        last.depends_on(lambda: new)

    job = ppg.JobGeneratingJob("g", generate)
    last.depends_on(job)
    ppg.run(raise_on_job_error=False)
    assert isinstance(job.exception, ppg.CycleError)


# -- injection -------------------------------------------------------------------------------------


def test_what_is_injected_is_waited_for_and_counts(again):
    found = []
    for names in ("a", "ab", "ab"):
        graph = again()

        def inject(names=names):
            return [[ppg.FileGeneratingJob(name, writes(name)) for name in names], None]

        job = ppg.DependencyInjectionJob("inject", inject)
        last = ppg.FileGeneratingJob("last", writes()).depends_on(job)
        graph.run()
        found.append(last.was_run)
    assert found == [True, True, False]


def test_nothing_may_be_injected(graph):
    ppg.FileGeneratingJob("a", writes()).depends_on(
        ppg.DependencyInjectionJob("inject", lambda: None)
    )
    assert ran(ppg.run()) == {"inject", "a"}


def test_what_is_injected_must_be_jobs(graph):
    job = ppg.DependencyInjectionJob("inject", lambda: "a")
    ppg.FileGeneratingJob("b", writes()).depends_on(job)
    ppg.run(raise_on_job_error=False)
    assert "can't depend on the text 'a'" in str(job.exception)


def test_old_jobs_are_injected_too(graph):
    old = ppg.FileGeneratingJob("old", writes())
    job = ppg.DependencyInjectionJob("inject", lambda: old)
    last = ppg.FileGeneratingJob("last", appends("old", "!")).depends_on(job)
    ppg.run()
    assert set(last.prerequisites) == {old, job}


def test_an_injection_hands_temporary_files_and_data_on_to_the_jobs_that_depend_on_it():
    owner = SimpleNamespace()

    def define():
        def first():
            load = ppg.AttributeLoadingJob("load", owner, "data", lambda: "d")
            return [ppg.TempFileGeneratingJob("temp", writes("t")), load]

        def use(path):
            path.write_text(Path("temp").read_text() + owner.data)

        one = ppg.DependencyInjectionJob("one", first)
        two = ppg.DependencyInjectionJob("two", lambda: ppg.FileGeneratingJob("a", writes("a")))
        ppg.FileGeneratingJob("last", use).depends_on(two.depends_on(one))

    assert well(define) == ["a", "last", "load", "one", "temp", "two"]
    assert Path("last").read_text() == "td"
    assert well(define) == ["one", "two"]
    Path("last").unlink()
    assert well(define) == ["last", "load", "one", "temp", "two"]


def test_a_later_pipegraph_of_the_process_does_not_take_data_of_an_injected_loader_for_code():
    table = {}

    def define():
        def inject():
            return ppg.DataLoadingJob("load", lambda: table.update(a=1))

        def use(path):
            path.write_text(str(table["a"]))

        injection = ppg.DependencyInjectionJob("inject", inject)
        ppg.FileGeneratingJob("last", use).depends_on(injection)

    assert well(define) == ["inject", "last", "load"]
    assert well(define) == ["inject"]


# -- final -----------------------------------------------------------------------------------------


def test_a_final_job_runs_last_in_each_run(again):
    for _ in range(2):
        graph = again()
        ppg.FinalJob("final", lambda: Path("order").write_text(str(Path("a").exists())))
        ppg.JobGeneratingJob("g", lambda: ppg.FileGeneratingJob("a", writes()) and None)
        outcomes = graph.run()
    assert ran(outcomes) == {"g", "final"}
    assert Path("order").read_text() == "True"


def test_a_final_job_does_not_run_after_a_failure(graph):
    ppg.FinalJob("final", lambda: Path("done").write_text("x"))
    ppg.FileGeneratingJob("a", lambda: 1 / 0)
    outcomes = ppg.run(raise_on_job_error=False)
    assert told(outcomes) == {"final": "UpstreamFailed", "a": "Failed"}
    assert not Path("done").exists()


def test_a_final_job_makes_nobody_load_or_write_what_nobody_needs(graph):
    ppg.FinalJob("final", lambda: None)
    ppg.TempFileGeneratingJob("t", writes())
    ppg.DataLoadingJob("load", lambda: None)
    assert ran(ppg.run()) == {"final"}


def test_a_final_job_runs_although_others_are_pruned(graph):
    ppg.FinalJob("final", lambda: None)
    ppg.FileGeneratingJob("a", writes()).prune()
    assert told(ppg.run()) == {"final": "Success", "a": "Pruned"}


def test_final_jobs_have_no_single_dependencies(graph):
    final = ppg.FinalJob("final", lambda: None)
    a = ppg.FileGeneratingJob("a", writes())
    with pytest.raises(ppg.JobContractError, match="waits for all"):
        final.depends_on(a)
    with pytest.raises(ppg.JobContractError, match="waits for all"):
        a.depends_on(final)


# -- inside of jobs --------------------------------------------------------------------------------


def test_a_file_job_can_not_define_jobs(graph):
    def write(path):
        ppg.FileGeneratingJob("b", writes())

    job = ppg.FileGeneratingJob("a", write)
    ppg.run(raise_on_job_error=False)
    assert "inside a running job" in str(job.exception)
    assert isinstance(job.exception, ppg.JobContractError)


def test_a_pipegraph_can_not_be_run_by_its_jobs(graph):
    job = ppg.JobGeneratingJob("g", lambda: ppg.run() and None)
    ppg.run(raise_on_job_error=False)
    assert "is running already" in str(job.exception)


def test_values_are_defined_by_generators_too(graph):
    def generate():
        three = graph.context.comp(max, 1, 3)
        write = lambda path, number: path.write_text(str(number))
        ppg.FileGeneratingJob("a", write, arguments={"number": three})

    ppg.JobGeneratingJob("g", generate)
    for _ in range(2):
        graph.run()
        assert Path("a").read_text() == "3"
        assert len(graph) == 3
