"""Section 2 of the reference, by rows: data that are loaded for the jobs that use them.

Each name states Weft's answer.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.pipegraph.running import Calls, exists, file, joins, read, run, well, write, writes
from weft import pipegraph as ppg


class Place:
    """Holds an attribute; it is no part of the code that uses it."""

    value: object

    def __weft_hash__(self) -> str:
        return "place"


def loads(place: Place, calls: Calls, value: object, *readers: str, end: str = ""):
    """Data in an attribute, and jobs that write them down."""

    def load():
        calls.append("load")
        return value

    def define():
        loader = ppg.AttributeLoadingJob("load", place, "value", load)
        for name in readers:
            ppg.FileGeneratingJob(
                name, lambda path: path.write_text(f"{place.value}{end}")
            ).depends_on(loader)

    return define


# -- when they are loaded --------------------------------------------------------------------------


def test_data_are_loaded_once_for_all_jobs_that_must_run_and_not_at_all_when_none_must():
    place, calls = Place(), Calls()
    assert well(loads(place, calls, 7, "A", "B", "C")) == ["A", "B", "C", "load"]
    assert [read(name) for name in "ABC"] == ["7", "7", "7"]
    assert well(loads(place, calls, 7, "A", "B", "C")) == []
    assert calls == ["load"]


def test_data_that_nobody_uses_are_not_loaded():
    place, calls = Place(), Calls()
    assert well(loads(place, calls, 7)) == []
    assert calls == []


def test_data_are_loaded_again_for_a_job_that_was_deleted_and_the_others_do_not_run():
    place, calls = Place(), Calls()
    well(loads(place, calls, 7, "A", "B"))
    Path("A").unlink()
    assert well(loads(place, calls, 7, "A", "B")) == ["A", "load"]


def test_data_are_loaded_in_this_process_and_used_in_another():
    place = Place()

    def define():
        loader = ppg.AttributeLoadingJob("load", place, "value", os.getpid)
        ppg.FileGeneratingJob(
            "A", lambda path: path.write_text(f"{place.value} {os.getpid()}")
        ).depends_on(loader)

    well(define)
    loaded_in, used_in = map(int, read("A").split())
    assert loaded_in == os.getpid() != used_in


ANYTHING = {"nothing": None, "an object": object(), "a function": lambda: 1, "a class": Path}


@pytest.mark.parametrize("what", ANYTHING)
def test_data_may_be_anything_even_what_can_not_be_compared_or_pickled(what):
    place = Place()

    def define():
        loader = ppg.AttributeLoadingJob("load", place, "value", lambda: ANYTHING[what])
        show = lambda path: path.write_text(type(place.value).__name__)
        ppg.FileGeneratingJob("A", show).depends_on(loader.ignore_code_changes())

    assert well(define) == ["A", "load"]
    assert read("A") == type(ANYTHING[what]).__name__
    assert well(define) == []


def test_loaders_that_depend_on_each_other_are_all_run_or_none():
    calls = Calls()

    def define():
        before = None
        for name in ("one", "two", "three"):
            before = ppg.DataLoadingJob(name, lambda name=name: calls.append(name)).depends_on(
                before
            )
        file("A", "a", before)

    assert well(define) == ["A", "one", "three", "two"]
    assert calls == ["one", "two", "three"]
    assert well(define) == []
    Path("A").unlink()
    assert well(define) == ["A", "one", "three", "two"]
    assert calls == ["one", "two", "three"] * 2


# -- when they are given up ------------------------------------------------------------------------


def test_an_attribute_is_gone_when_all_direct_consumers_are_done():
    place, calls = Place(), Calls()
    well(loads(place, calls, 7, "A", "B"))
    assert not hasattr(place, "value")


def test_an_attribute_is_gone_before_jobs_that_do_not_use_it():
    place = Place()

    def define():
        loader = ppg.AttributeLoadingJob("load", place, "value", lambda: 7)
        user = ppg.FileGeneratingJob("A", lambda path: path.write_text(str(place.value)))
        user.depends_on(loader)
        ppg.FileGeneratingJob(
            "B", lambda path: path.write_text(str(hasattr(place, "value")))
        ).depends_on(user)

    well(define)
    assert (read("A"), read("B")) == ("7", "False")


def test_an_entry_of_a_dict_is_gone_too():
    class Entries(dict):
        def __weft_hash__(self):
            return "entries"

    entries = Entries()

    def define():
        loader = ppg.DictEntryLoadingJob("load", entries, "x", lambda: 7)
        ppg.FileGeneratingJob("A", lambda path: path.write_text(str(entries["x"]))).depends_on(
            loader
        )

    assert well(define) == ["A", "load"]
    assert read("A") == "7"
    assert entries == {}
    assert well(define) == []


def test_an_attribute_is_gone_although_a_consumer_failed():
    place = Place()

    def define():
        loader = ppg.AttributeLoadingJob("load", place, "value", lambda: 7)
        ppg.FileGeneratingJob("A", lambda: None).depends_on(loader)

    assert run(define).failed == ["A"]
    assert not hasattr(place, "value")


def test_what_one_job_does_to_loaded_data_no_other_job_sees():
    place = Place()

    def define():
        loader = ppg.AttributeLoadingJob("load", place, "value", list)

        def changes(path):
            place.value.append(1)
            path.write_text(str(place.value))

        for number in range(4):
            ppg.FileGeneratingJob(f"A{number}", changes).depends_on(loader)

    well(define)
    assert [read(f"A{number}") for number in range(4)] == ["[1]"] * 4


# -- when they count -------------------------------------------------------------------------------


def test_changed_code_of_a_loader_makes_its_consumers_run():
    place, calls = Place(), Calls()
    well(loads(place, calls, 7, "A", "B"))
    assert well(loads(place, calls, 8, "A", "B")) == ["A", "B", "load"]
    assert read("A") == "8"


def test_a_parameter_of_a_loader_makes_its_consumers_run():
    def define(value):
        loader = ppg.DataLoadingJob("load", lambda: None)
        loader.depends_on_params(value)
        file("A", "a", loader)

    well(lambda: define(1))
    assert well(lambda: define(1)) == []
    assert well(lambda: define(2)) == ["A", "load"]


def test_a_file_that_a_loader_reads_makes_its_consumers_run_when_its_content_changes():
    place = Place()

    def define(text):
        source = file("S", text)
        loader = ppg.AttributeLoadingJob("load", place, "value", lambda: read("S"))
        loader.depends_on(source)
        ppg.FileGeneratingJob("A", lambda path: path.write_text(place.value)).depends_on(loader)

    well(lambda: define("one"))
    assert well(lambda: define("two")) == ["A", "S", "load"]
    assert read("A") == "two"
    Path("S").unlink()
    assert well(lambda: define("two")) == ["S"], "the same content: nothing is loaded"


def test_a_change_far_above_a_chain_of_loaders_makes_the_consumer_run():
    def define(value):
        first = ppg.DataLoadingJob("one", lambda: None)
        first.depends_on_params(value)
        file("A", "a", ppg.DataLoadingJob("two", lambda: None).depends_on(first))

    well(lambda: define(1))
    assert well(lambda: define(2)) == ["A", "one", "two"]


# -- what goes wrong -------------------------------------------------------------------------------


def test_a_loader_that_fails_blocks_its_consumers_and_nothing_else():
    def define():
        loader = ppg.DataLoadingJob("load", lambda: 1 / 0)
        file("A", "a", loader)
        file("B", "b")

    ran = run(define)
    assert (ran.ran, ran.failed, ran.blocked) == (["B"], ["load"], ["A"])
    assert isinstance(ran.error("load"), ZeroDivisionError)


def test_a_loader_that_changes_the_working_folder_disturbs_nobody():
    Path("elsewhere").mkdir()
    here = Path.cwd()

    def define():
        loader = ppg.DataLoadingJob("load", lambda: os.chdir("elsewhere"))
        file("A", "a", loader)

    assert well(define) == ["A", "load"]
    assert exists(str(here / "A"))
    assert Path.cwd() == here


def test_a_job_that_is_defined_inside_of_a_loader_is_refused():
    def define():
        loader = ppg.DataLoadingJob("load", lambda: file("B", "b"))
        file("A", "a", loader)

    ran = run(define)
    assert (ran.failed, ran.blocked) == (["load"], ["A"])
    assert isinstance(ran.error("load"), ppg.JobContractError)
    assert not exists("B")


def test_a_temporary_file_is_there_for_the_loader_that_reads_it_and_then_removed():
    place = Place()

    def define():
        source = ppg.TempFileGeneratingJob("T", writes("t"))
        loader = ppg.AttributeLoadingJob("load", place, "value", lambda: read("T"))
        ppg.FileGeneratingJob("A", lambda path: path.write_text(place.value)).depends_on(
            loader.depends_on(source)
        )

    assert well(define) == ["A", "T", "load"]
    assert read("A") == "t"
    assert not exists("T")
    assert well(define) == []
    Path("A").unlink()
    assert well(define) == ["A", "T", "load"]
    assert not exists("T")


# -- computed once, and loaded ---------------------------------------------------------------------


def cached(place: Place, calculate, reader: bool = True, **more: object):
    def define():
        loader = ppg.CachedAttributeLoadingJob("cache", place, "value", calculate, **more)
        if reader:
            ppg.FileGeneratingJob("A", lambda path: path.write_text(str(place.value))).depends_on(
                loader
            )

    return define


def test_cached_data_are_computed_even_if_nobody_needs_them_and_loaded_only_then():
    assert well(cached(Place(), lambda: 7, reader=False)) == ["cache"]
    assert well(cached(Place(), lambda: 7)) == ["A", "cache_load"]
    assert read("A") == "7"
    assert well(cached(Place(), lambda: 7)) == []


def test_cached_data_that_come_out_the_same_make_no_consumer_run():
    well(cached(Place(), lambda: 7))
    assert well(cached(Place(), lambda: 3 + 4)) == ["cache"]
    assert well(cached(Place(), lambda: 8)) == ["A", "cache", "cache_load"]
    assert read("A") == "8"


def test_what_is_said_of_cached_data_is_meant_for_the_computation():
    def define(value):
        loader = ppg.CachedDataLoadingJob("cache", lambda: read("in"), lambda data: None)
        loader.depends_on_params(value)
        file("A", "a", loader)

    write("in", "1")
    well(lambda: define(1))
    assert well(lambda: define(2)) == ["cache"]
    write("in", "2")
    assert well(lambda: define(3)) == ["A", "cache", "cache_load"]


def test_a_cached_job_computes_nothing_as_long_as_nobody_needs_it():
    assert well(lambda: ppg.CachedJob("cache", lambda: 7)) == []
    assert not exists("cache")


@pytest.mark.parametrize("given", ["uint8", "float64"])
def test_a_memory_mapped_array_is_checked_and_mapped(given):
    np = pytest.importorskip("numpy")
    kept = Calls()

    def define():
        loader = ppg.MemMappedDataLoadingJob(
            "cache", lambda: np.arange(5, dtype=given), kept.append, "uint8"
        )
        ppg.FileGeneratingJob("A", lambda path: path.write_text(str(kept[0].sum()))).depends_on(
            loader
        )

    ran = run(define)
    if given == "uint8":
        assert ran.ran == ["A", "cache", "cache_load"]
        assert read("A") == "10"
        assert isinstance(kept[0], np.memmap)
    else:
        assert (ran.failed, ran.blocked) == (["cache"], ["A", "cache_load"])
        assert isinstance(ran.error("cache"), ppg.JobContractError)


def test_a_deleted_cache_is_computed_again_and_no_consumer_runs():
    well(cached(Place(), lambda: 7))
    Path("cache").unlink()
    assert well(cached(Place(), lambda: 7)) == ["cache"]


def test_joined_files_and_data_are_there_together():
    place = Place()

    def define():
        loader = ppg.AttributeLoadingJob("load", place, "value", lambda: "x")
        source = file("S", "s")

        def both(path):
            joins("S", end=place.value)(path)

        ppg.FileGeneratingJob("A", both).depends_on(loader + source)

    well(define)
    assert read("A") == "sx"
