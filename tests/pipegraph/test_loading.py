"""Jobs that load data."""

import os
import pickle
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import weft
from tests.pipegraph.made import ran, told, writes
from weft import pipegraph as ppg


def counted(value="data"):
    """A callback that leaves a mark in a file each time."""

    def load():
        with Path("loads").open("a") as file:
            file.write("x")
        return value

    return load


def loads() -> int:
    return len(Path("loads").read_text()) if Path("loads").exists() else 0


def test_data_are_loaded_once_in_this_process_for_all_consumers(graph):
    kept = {}
    load = counted()
    job = ppg.DataLoadingJob("load", lambda: kept.update(pid=os.getpid(), data=load()))
    for name in "abc":
        ppg.FileGeneratingJob(name, lambda path: path.write_text(str(kept["pid"]))).depends_on(job)
    ppg.run()
    assert loads() == 1
    assert [Path(name).read_text() for name in "abc"] == [str(os.getpid())] * 3


def test_data_are_not_loaded_when_nobody_needs_them(again):
    for needed in (True, True, False):
        graph = again()
        job = ppg.DataLoadingJob("load", counted())
        if needed:
            ppg.FileGeneratingJob("a", writes()).depends_on(job)
        outcomes = graph.run()
        assert outcomes["load"].outcome is not ppg.JobOutcome.Failed
    assert loads() == 1


def test_an_attribute_is_there_while_it_is_needed(graph):
    holder = SimpleNamespace()
    job = ppg.AttributeLoadingJob("load", holder, "data", counted([1, 2]))
    a = ppg.FileGeneratingJob("a", lambda path: path.write_text(str(holder.data))).depends_on(job)
    ppg.FileGeneratingJob("b", lambda path: path.write_text(str(holder.data))).depends_on(job, a)
    ppg.run()
    assert Path("b").read_text() == "[1, 2]"
    assert not hasattr(holder, "data")
    assert loads() == 1


def test_an_entry_of_a_dict(graph):
    table = {"kept": 1}
    job = ppg.DictEntryLoadingJob("load", table, "x", lambda: 2)
    ppg.FileGeneratingJob("a", lambda path: path.write_text(str(table))).depends_on(job)
    ppg.run()
    assert Path("a").read_text() == "{'kept': 1, 'x': 2}"
    assert table == {"kept": 1}


def test_a_change_of_the_loader_runs_its_consumers(again):
    for value in ("1", "1", "2"):
        graph = again()
        holder = SimpleNamespace()
        job = ppg.AttributeLoadingJob("load", holder, "x", lambda value=value: value)
        a = ppg.FileGeneratingJob("a", lambda path, h=holder: path.write_text(h.x))
        a.depends_on(job)
        outcomes = graph.run()
        if value == "1":
            first = outcomes
    assert ran(first) == set()
    assert ran(outcomes) == {"load", "a"}
    assert Path("a").read_text() == "2"


def test_loaders_run_after_what_they_depend_on(graph):
    source = ppg.FileGeneratingJob("source", writes("data"))
    holder = SimpleNamespace()
    load = ppg.AttributeLoadingJob("load", holder, "x", lambda: Path("source").read_text())
    load.depends_on(source)
    ppg.FileGeneratingJob("a", lambda path: path.write_text(holder.x)).depends_on(load)
    ppg.run()
    assert Path("a").read_text() == "data"


def test_a_loader_of_a_temporary_file(graph):
    temp = ppg.TempFileGeneratingJob("t", writes("data"))
    holder = SimpleNamespace()
    load = ppg.AttributeLoadingJob("load", holder, "x", lambda: Path("t").read_text())
    load.depends_on(temp)
    ppg.FileGeneratingJob("a", lambda path: path.write_text(holder.x)).depends_on(load)
    ppg.run()
    assert Path("a").read_text() == "data"
    assert not Path("t").exists()


def test_a_loader_that_fails_blocks_its_consumers(graph):
    load = ppg.DataLoadingJob("load", lambda: 1 / 0)
    ppg.FileGeneratingJob("a", writes()).depends_on(load)
    ppg.FileGeneratingJob("b", writes())
    outcomes = ppg.run(raise_on_job_error=False)
    assert told(outcomes) == {"load": "Failed", "a": "UpstreamFailed", "b": "Success"}
    assert isinstance(load.exception, ZeroDivisionError)


def test_misuse_is_refused_where_it_is_written(graph):
    with pytest.raises(ppg.JobContractError, match="arguments that nobody gives: x"):
        ppg.DataLoadingJob("a", lambda x: None)
    with pytest.raises(ppg.JobContractError, match="can't be the name of an attribute"):
        ppg.AttributeLoadingJob("a", SimpleNamespace(), "no name", lambda: 1)
    with pytest.raises(ppg.JobContractError, match="has no entries"):
        ppg.DictEntryLoadingJob("a", [], 0, lambda: 1)


class Slots:
    __slots__ = ("x",)


class Undeletable(SimpleNamespace):
    def __delattr__(self, name):
        raise AttributeError(name)


class Full(dict):
    def __delitem__(self, key):
        raise TypeError(key)


@pytest.mark.parametrize("holder", [Slots(), Undeletable()])
def test_attributes_of_all_kinds_of_objects(graph, holder):
    job = ppg.AttributeLoadingJob("load", holder, "x", lambda: 1)
    ppg.FileGeneratingJob("a", lambda path: path.write_text(str(holder.x))).depends_on(job)
    assert ran(ppg.run()) == {"load", "a"}
    assert Path("a").read_text() == "1"
    assert hasattr(holder, "x") == isinstance(holder, Undeletable)


def test_entries_that_can_not_be_deleted(graph):
    table = Full()
    job = ppg.DictEntryLoadingJob("load", table, "x", lambda: 1)
    ppg.FileGeneratingJob("a", lambda path: path.write_text(str(table["x"]))).depends_on(job)
    assert ran(ppg.run()) == {"load", "a"}


def test_what_can_not_be_set_fails_its_loader(graph):
    loaders = [
        ppg.AttributeLoadingJob("slots", Slots(), "other", lambda: 1),
        ppg.AttributeLoadingJob("class", int, "other", lambda: 1),
        ppg.DictEntryLoadingJob("entry", {}, [], lambda: 1),
    ]
    ppg.FileGeneratingJob("a", writes()).depends_on(loaders)
    ppg.FileGeneratingJob("b", writes())
    outcomes = ppg.run(raise_on_job_error=False)
    assert ran(outcomes) == {"b"}
    for loader in loaders:
        assert isinstance(loader.exception, ppg.JobContractError)
        assert "Nothing can be loaded into" in str(loader.exception)


def test_a_loader_can_not_define_jobs(graph):
    load = ppg.DataLoadingJob("load", lambda: ppg.FileGeneratingJob("b", writes()))
    ppg.FileGeneratingJob("a", writes()).depends_on(load)
    ppg.run(raise_on_job_error=False)
    assert isinstance(load.exception, ppg.JobContractError)
    assert "inside a running job" in str(load.exception)


# -- computed once, kept in a file -----------------------------------------------------------------


def test_cached_data_are_computed_even_for_nobody_but_not_loaded(graph):
    loaded = []
    ppg.CachedDataLoadingJob("cache/x", lambda: [1], loaded.append)
    assert told(ppg.run()) == {"cache/x": "Success", "cache/x_load": "Skipped"}
    assert pickle.loads(Path("cache/x").read_bytes()) == [1]
    assert loaded == []


def test_cached_data_reach_their_consumers(again):
    for number in (1, 1, 2):
        graph = again()
        table = {}
        load = ppg.CachedDataLoadingJob("x", lambda n=number: {"n": n}, table.update)
        ppg.FileGeneratingJob("a", lambda path, t=table: path.write_text(str(t["n"]))).depends_on(
            load
        )
        outcomes = graph.run()
    assert Path("a").read_text() == "2"
    assert ran(outcomes) == {"x", "x_load", "a"}


def test_a_cached_attribute_is_computed_once(again):
    for name in "ab":
        graph = again()
        holder = SimpleNamespace()
        load = ppg.CachedAttributeLoadingJob("x", holder, "data", counted())
        job = ppg.FileGeneratingJob(name, lambda path, h=holder: path.write_text(h.data))
        job.depends_on(load)
        graph.run()
        assert Path(name).read_text() == "data"
        assert not hasattr(holder, "data")
    assert loads() == 1


def test_what_is_said_to_a_cached_loader_is_meant_for_the_computation(graph):
    a = ppg.FileGeneratingJob("a", writes())
    load = ppg.CachedDataLoadingJob("x", lambda: 1, print).depends_on(a).use_cores(2)
    load.ignore_code_changes()
    assert load.lfg.prerequisites == (a,)
    assert load.lfg.cores_needed == 2
    assert load.prerequisites == (load.lfg,)
    assert load.lfg.command.function is not None


def test_a_cached_job_gives_its_value_and_is_not_computed_for_nobody(again):
    for needed in (False, True, True):
        graph = again()
        job = ppg.CachedJob("x", lambda: [1, 2])
        if needed:
            ppg.FileGeneratingJob("a", lambda path: path.write_text(str(job.value))).depends_on(job)
        outcomes = graph.run()
        assert Path("x").exists() == needed
    assert Path("a").read_text() == "[1, 2]"
    assert ran(outcomes) == set()
    assert not hasattr(job, "value")


def test_an_array_is_mapped_with_its_shape(graph):
    kept = []
    load = ppg.MemMappedDataLoadingJob(
        "x", lambda: np.ones((3, 4), "float32"), kept.append, np.float32
    )
    ppg.FileGeneratingJob("a", lambda path: path.write_text(str(kept[0].shape))).depends_on(load)
    ppg.run()
    assert Path("a").read_text() == "(3, 4)"
    assert isinstance(kept[0], np.memmap)
    assert not kept[0].flags.writeable


@pytest.mark.parametrize("value", [[1, 2], np.ones(3)])
def test_an_array_of_another_type_breaks_the_contract(graph, value):
    load = ppg.MemMappedDataLoadingJob("x", lambda: value, print, "int32")
    ppg.run(raise_on_job_error=False)
    assert isinstance(load.lfg.exception, ppg.JobContractError)
    assert "an array of int32" in str(load.lfg.exception)


def test_a_cached_job_that_nobody_needs_is_not_computed_for_a_final_job(graph):
    ppg.CachedJob("x", lambda: 1)
    ppg.FinalJob("final", lambda: None)
    assert ran(ppg.run()) == {"final"}


@pytest.mark.parametrize("executor", ["inline", "processes"])
def test_data_that_are_loaded_already_are_no_other_code_in_the_next_make(executor, tmp_path):
    table, context = {}, weft.Context(tmp_path / "kept")
    with ppg.new_pipegraph(context=context, quiet=True):
        job = ppg.DataLoadingJob("load", lambda: table.update(a=1))
        write = lambda path: path.write_text(str(table["a"]))
        ppg.FileGeneratingJob("a", write).depends_on(job)
        assert context.make(executor=executor).ran == 2
        assert context.make(executor=executor).ran == 0


def test_two_jobs_cannot_load_into_one_place(graph):
    target = {}
    ppg.DictEntryLoadingJob("one", target, "key", lambda: 1)
    with pytest.raises(ppg.JobContractError, match="'one' and 'two' would load into one place"):
        ppg.DictEntryLoadingJob("two", target, "key", lambda: 2)
    ppg.DictEntryLoadingJob("three", target, "other key", lambda: 3)


def test_a_mapped_array_of_another_type_is_another_job(graph):
    ppg.MemMappedDataLoadingJob("array", list, print, "int32")
    with pytest.raises(ppg.JobContractError, match="array"):
        ppg.MemMappedDataLoadingJob("array", list, print, "int64")


def test_data_stay_for_consumers_that_are_generated_after_the_first_ones_ended(graph):
    genes = []
    job = ppg.DataLoadingJob("load", lambda: genes.extend("ab"))

    def write(path):
        path.write_text(str(len(genes)))

    a = ppg.FileGeneratingJob("a", write).depends_on(job)

    def more():
        ppg.FileGeneratingJob("b", write).depends_on(job)

    ppg.JobGeneratingJob("more", more).depends_on(a)
    ppg.run()
    assert (Path("a").read_text(), Path("b").read_text()) == ("2", "2")
