"""One id, one job."""

from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.pipegraph.made import ran, writes
from weft import pipegraph as ppg


def test_the_same_again_is_the_same_object(graph):
    write = writes()
    assert ppg.FileGeneratingJob("a", write) is ppg.FileGeneratingJob("a", write)
    assert ppg.FileGeneratingJob("a", writes()) is ppg.FileGeneratingJob("a", writes())
    assert len(graph) == 1


def test_equal_lambdas_written_twice_are_equal(graph):
    one = ppg.FileGeneratingJob("a", lambda path: path.write_text("a"))
    other = ppg.FileGeneratingJob("a", lambda path: path.write_text("a"))
    assert one is other


def test_dependencies_of_both_definitions_count(graph):
    a, b = (ppg.FileGeneratingJob(name, writes()) for name in "ab")
    one = ppg.FileGeneratingJob("c", writes()).depends_on(a)
    ppg.FileGeneratingJob("c", writes()).depends_on(b)
    assert set(one.prerequisites) == {a, b}


@pytest.mark.parametrize(
    "text", [lambda path: path.write_text("other"), partial(writes("y")), writes("y")]
)
def test_another_function_is_an_error_that_names_both_places(graph, text):
    ppg.FileGeneratingJob("a", writes("x"))
    with pytest.raises(ppg.JobRedefinitionError, match="defined twice: another function") as caught:
        ppg.FileGeneratingJob("a", text)
    lines = {int(place.rpartition(":")[2]) for place in caught.value.facts.values()}
    assert len(lines) == 2
    assert all(place.startswith(__file__) for place in caught.value.facts.values())


def define_by_class():
    genome = SimpleNamespace()
    return {
        "class": (
            lambda: ppg.FileGeneratingJob("a", writes()),
            lambda: ppg.TempFileGeneratingJob("a", writes()),
        ),
        "rename_broken": (
            lambda: ppg.FileGeneratingJob("a", writes()),
            lambda: ppg.FileGeneratingJob("a", writes(), rename_broken=True),
        ),
        "empty_ok": (
            lambda: ppg.FileGeneratingJob("a", writes()),
            lambda: ppg.FileGeneratingJob("a", writes(), empty_ok=True),
        ),
        "several": (
            lambda: ppg.MultiFileGeneratingJob(["a", "b"], writes()),
            lambda: ppg.MultiFileGeneratingJob(["b", "a"], writes()),
        ),
        "several, function": (
            lambda: ppg.MultiFileGeneratingJob(["a", "b"], writes()),
            lambda: ppg.MultiFileGeneratingJob(["a", "b"], writes("y")),
        ),
        "temporary": (
            lambda: ppg.TempFileGeneratingJob("a", writes()),
            lambda: ppg.TempFileGeneratingJob("a", writes("y")),
        ),
        "log": (
            lambda: ppg.TempFilePlusGeneratingJob("a", "b", writes()),
            lambda: ppg.TempFilePlusGeneratingJob("a", "c", writes()),
        ),
        "arguments": (
            lambda: ppg.FileGeneratingJob("a", lambda x: None, arguments={"x": 1}),
            lambda: ppg.FileGeneratingJob("a", lambda x: None, arguments={"x": True}),
        ),
        "parameters": (
            lambda: ppg.ParameterInvariant("p", [1]),
            lambda: ppg.ParameterInvariant("p", [2]),
        ),
        "invariant's function": (
            lambda: ppg.FunctionInvariant("f", writes()),
            lambda: ppg.FunctionInvariant("f", writes("y")),
        ),
        "loader": (
            lambda: ppg.DataLoadingJob("d", lambda: 1),
            lambda: ppg.DataLoadingJob("d", lambda: 2),
        ),
        "loader's object": (
            lambda: ppg.AttributeLoadingJob("d", genome, "a", lambda: 1),
            lambda: ppg.AttributeLoadingJob("d", SimpleNamespace(), "a", lambda: 1),
        ),
        "loader's attribute": (
            lambda: ppg.AttributeLoadingJob("d", genome, "a", lambda: 1),
            lambda: ppg.AttributeLoadingJob("d", genome, "b", lambda: 1),
        ),
        "dict entry": (
            lambda: ppg.DictEntryLoadingJob("d", {}, "a", lambda: 1),
            lambda: ppg.DictEntryLoadingJob("d", {}, "a", lambda: 1),
        ),
        "cache": (
            lambda: ppg.CachedDataLoadingJob("c", lambda: 1, print),
            lambda: ppg.CachedDataLoadingJob("c", lambda: 2, print),
        ),
        "cached loader": (
            lambda: ppg.CachedDataLoadingJob("c", lambda: 1, print),
            lambda: ppg.CachedDataLoadingJob("c", lambda: 1, repr),
        ),
        "cached value": (
            lambda: ppg.CachedJob("c", lambda: 1),
            lambda: ppg.CachedJob("c", lambda: 2),
        ),
        "generator": (
            lambda: ppg.JobGeneratingJob("g", lambda: 1),
            lambda: ppg.JobGeneratingJob("g", lambda: 2),
        ),
        "injection": (
            lambda: ppg.DependencyInjectionJob("g", lambda: 1),
            lambda: ppg.JobGeneratingJob("g", lambda: 1),
        ),
        "final": (
            lambda: ppg.FinalJob("f", lambda: 1),
            lambda: ppg.FinalJob("f", lambda: 2),
        ),
    }


@pytest.mark.parametrize("what", define_by_class())
def test_every_class_refuses_something_else(graph, what):
    one, other = define_by_class()[what]
    first = one()
    if what not in {"loader's object", "dict entry"}:
        assert one() is first
    with pytest.raises(ppg.JobContractError, match=r"is defined twice|two jobs"):
        other()


def test_a_job_of_the_context_keeps_its_id(graph):
    graph.context.comp(abs, 1, job_id="a")
    with pytest.raises(ppg.JobRedefinitionError, match=r"defined by comp\(\) already"):
        ppg.FileGeneratingJob("a", writes())


def test_code_that_does_not_count_still_must_be_the_same(graph):
    ppg.FileGeneratingJob("a", writes()).ignore_code_changes().use_cores(2)
    assert ppg.FileGeneratingJob("a", writes()).cores_needed == 2
    with pytest.raises(ppg.JobRedefinitionError):
        ppg.FileGeneratingJob("a", writes("y"))


def test_a_closure_that_changed_since_is_compared_as_it_is_now(graph):
    texts = ["x"]
    ppg.FileGeneratingJob("a", lambda path: path.write_text(texts[0]))
    with pytest.raises(ppg.JobRedefinitionError):
        ppg.FileGeneratingJob("a", lambda path: path.write_text(texts[-1]))
    texts[0] = "y"
    ppg.FileGeneratingJob("a", lambda path: path.write_text(texts[0]))


class Sample:
    def __init__(self, name):
        self.name = name

    def write(self, path):
        path.write_text(self.name)


def test_methods_of_equal_objects_are_equal(graph):
    sample = Sample("x")
    first = ppg.FileGeneratingJob("a", sample.write)
    assert ppg.FileGeneratingJob("a", sample.write) is first
    assert ppg.FileGeneratingJob("a", Sample("x").write) is first
    with pytest.raises(ppg.JobRedefinitionError):
        ppg.FileGeneratingJob("a", Sample("y").write)
    ppg.run()
    assert Path("a").read_text() == "x"


# -- where it is allowed ---------------------------------------------------------------------------


def test_a_new_definition_takes_the_place_where_that_is_allowed(again):
    graph = again(redefine=True)
    old = ppg.FileGeneratingJob("a", writes("old"))
    user = ppg.FileGeneratingJob("b", lambda path: path.write_text(Path("a").read_text()))
    user.depends_on(old)
    graph.run()
    new = ppg.FileGeneratingJob("a", writes("new"))
    assert new is not old
    assert user.prerequisites == (new,)
    assert ran(graph.run()) == {"a", "b"}
    assert Path("b").read_text() == "new"


def test_a_new_definition_may_be_of_another_class(again):
    graph = again(redefine=True)
    old = ppg.FileGeneratingJob("a", writes())
    ppg.FileGeneratingJob("b", writes()).depends_on(old)
    graph.run()
    new = ppg.TempFileGeneratingJob("a", writes())
    graph.run()
    assert graph["a"] is new


def test_a_new_definition_starts_without_dependencies(again):
    again(redefine=True)
    a = ppg.FileGeneratingJob("a", writes())
    ppg.FileGeneratingJob("b", writes("old")).depends_on(a)
    assert ppg.FileGeneratingJob("b", writes("new")).prerequisites == ()


def test_a_new_definition_may_give_files_up(again):
    again(redefine=True)
    ppg.TempFilePlusGeneratingJob("a", "log", writes())
    ppg.FileGeneratingJob("a", writes())
    ppg.FileGeneratingJob("log", writes())


def test_a_new_definition_that_closes_a_cycle_is_refused(again):
    graph = again(redefine=True)
    a = ppg.FileGeneratingJob("a", writes())
    b = ppg.FileGeneratingJob("b", writes()).depends_on(a)
    ppg.FileGeneratingJob("a", writes("new")).depends_on(lambda: b)
    with pytest.raises(ppg.CycleError):
        graph.run()


# -- inputs and outputs ----------------------------------------------------------------------------


@pytest.mark.parametrize("watch", [ppg.FileInvariant, lambda name: ppg.MultiFileInvariant([name])])
@pytest.mark.parametrize(
    "make", [ppg.FileGeneratingJob, lambda a, f: ppg.MultiFileGeneratingJob([a, "b"], f)]
)
@pytest.mark.parametrize("turned", [False, True])
def test_a_file_is_an_input_or_an_output(graph, watch, make, turned):
    first, second = lambda: watch("a"), lambda: make("a", writes())
    if turned:
        first, second = second, first
    first()
    with pytest.raises(ppg.JobContractError, match=r"Write depends_on\(that job\)") as caught:
        second()
    assert all(place.startswith(__file__) for place in caught.value.facts.values())
