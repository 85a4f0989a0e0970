"""Small helpers of old scripts."""

from pathlib import Path

import pytest

from tests.pipegraph.made import writes
from weft import pipegraph as ppg
from weft.pipegraph import util


def test_the_current_pipegraph_is_known_by_its_old_name(graph):
    assert util.global_pipegraph is graph
    with pytest.raises(AttributeError):
        util.nothing


def test_jobs_and_files_are_taken_alike(graph):
    job = ppg.FileGeneratingJob("a", writes())
    several = ppg.MultiFileGeneratingJob(["b", "c"], writes())
    load = ppg.DataLoadingJob("load", lambda: None)
    assert util.job_or_filename(job) == (Path("a"), [job])
    assert util.job_or_filename(several) == (Path("b"), [several])
    assert util.job_or_filename(load) == (Path("load"), [load])
    assert util.job_or_filename(None) == (None, [])
    path, (invariant,) = util.job_or_filename("./x")
    assert (path, invariant.job_id) == (Path("x"), "x")


def test_lists_of_jobs_are_flattened(graph):
    a, b = (ppg.FileGeneratingJob(name, writes()) for name in "ab")
    assert util.flatten_jobs(a, [None, [b]]) == [a, b]


def test_frozen_values_can_be_hashed():
    assert hash(util.freeze({"b": [1], "a": {2, 3}})) == hash(util.freeze({"a": {3, 2}, "b": [1]}))
    with pytest.raises(TypeError):
        util.freeze([_Odd()])


class _Odd:
    __hash__ = None


def test_results_that_are_remembered_change_with_what_was_made(again):
    found = []
    for text in ("x", "x", "y"):
        graph = again()
        ppg.FileGeneratingJob("a", writes(text))
        graph.run()
        found.append(util.load_invariant_stati("out")["a"])
    assert found[0] == found[1] != found[2]
    assert util.load_invariant_stati("nothing") == {}


def test_the_checksum_of_a_file():
    Path("x").write_bytes(b"hello world")
    assert util.checksum_file("x") == "5eb63bbbe01eeed093cb22bb8f5acdc3"
