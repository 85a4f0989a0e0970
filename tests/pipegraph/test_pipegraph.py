"""The pipegraph itself, and which one is current."""

from pathlib import Path

import pytest

from tests.pipegraph.made import ran, writes
from weft import Context
from weft import pipegraph as ppg
from weft.pipegraph.current import current_or_none


def test_jobs_go_into_the_newest_pipegraph(again):
    first, second = again(), again(folder="other")
    ppg.FileGeneratingJob("a", writes())
    assert (len(first), len(second)) == (0, 1)


def test_without_a_pipegraph_no_job_can_be_defined():
    assert not ppg.inside_ppg()
    with pytest.raises(ppg.PyPipeGraphError, match="There is no pipegraph"):
        ppg.FileGeneratingJob("a", writes())


def test_a_local_pipegraph_gives_way_to_the_one_before(graph):
    with ppg.new_pipegraph(folder="inner", quiet=True) as inner:
        ppg.FileGeneratingJob("a", writes())
        with ppg.new_pipegraph(folder="innermost", quiet=True):
            ppg.FileGeneratingJob("b", writes())
        assert current_or_none() is inner
    assert current_or_none() is graph
    assert (len(graph), len(inner)) == (0, 1)
    with inner:
        ppg.FileGeneratingJob("c", writes())
    assert current_or_none() is graph
    assert len(inner) == 2


def test_old_pipegraphs_are_not_kept_in_memory(again):
    graphs = [again() for _ in range(3)]
    assert graphs[2]._before is graphs[1]
    assert graphs[1]._before is None


def test_jobs_are_found_by_id(graph):
    job = ppg.FileGeneratingJob("a", writes())
    assert graph["a"] is job
    assert list(graph) == [job]
    assert "b" not in graph
    with pytest.raises(ppg.JobContractError, match="no job 'b'"):
        graph["b"]


def test_a_context_holds_jobs_of_all_kinds():
    context = Context("mine")
    graph = ppg.new_pipegraph(context=context, quiet=True)
    value = context.comp(max, [1, 2], job_id="two")
    ppg.FileGeneratingJob("a", writes()).depends_on(value)
    assert ran(graph.run()) == {"two", "a"}
    assert context.result(value) == 2


def test_the_name_of_the_state_file_names_the_folder():
    graph = ppg.new_pipegraph(invariant_status_filename=Path("state"), quiet=True)
    ppg.FileGeneratingJob("a", writes())
    graph.run()
    assert Path("state").is_dir()
    with pytest.raises(ppg.JobContractError, match="remembers in one place"):
        ppg.new_pipegraph(folder="a", context=graph.context)


def test_the_budget_is_that_of_the_resource_coordinator():
    assert ppg.new_pipegraph(folder="out").resource_coordinator.max_cores_to_use == ppg.util.CPUs()
    coordinator = ppg.resource_coordinators.LocalSystem(max_cores_to_use=3, interactive=False)
    graph = ppg.new_pipegraph(coordinator, folder="out")
    assert graph.resource_coordinator.max_cores_to_use == 3
    assert not graph.interactive
    with pytest.raises(ppg.JobContractError, match="no number of cores"):
        ppg.resource_coordinators.LocalSystem(-1)


def test_code_that_mentions_the_pipegraph_does_not_change_with_it(again):
    for number in range(2):
        graph = again()
        ppg.FileGeneratingJob("a", lambda path, graph=graph: path.write_text(repr(type(graph))))
        if number:
            ppg.FileGeneratingJob("b", writes())
        outcomes = graph.run()
    assert ran(outcomes) == {"b"}


def test_names_of_objects_are_unique(graph):
    class Genome:
        def __init__(self, name):
            self.name = name

    class Track(Genome):
        pass

    ppg.assert_uniqueness_of_object(Genome("mouse"))
    ppg.assert_uniqueness_of_object(Genome("man"), graph)
    ppg.assert_uniqueness_of_object(Track("mouse"))
    with pytest.raises(ValueError, match="There is a Genome of the name 'mouse' already"):
        ppg.assert_uniqueness_of_object(Genome("mouse"))
    with pytest.raises(ValueError, match="There is a Genome of the name 'man' already"):
        ppg.assert_uniqueness_of_object(Track("man"), also_check=Genome)
    with pytest.raises(ValueError, match="without a slash"):
        ppg.assert_uniqueness_of_object(Genome("a/b"))


def test_a_context_has_one_pipegraph(graph):
    with pytest.raises(ppg.JobContractError, match="has a pipegraph already"):
        ppg.new_pipegraph(context=graph.context)


def test_paths_count_from_where_the_pipegraph_was_made(graph, home, monkeypatch):
    Path("elsewhere").mkdir()
    monkeypatch.chdir("elsewhere")
    assert ppg.FileGeneratingJob(home / "a", writes()).job_id == "a"
    graph.run()
    assert (home / "a").exists()
