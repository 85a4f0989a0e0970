"""No file is claimed twice, whatever its paths look like."""

from pathlib import Path

import pytest

from tests.pipegraph.made import writes
from weft import pipegraph as ppg


def make(*names):
    """A job of one file, or of several."""
    if len(names) == 1:
        return ppg.FileGeneratingJob(names[0], writes())
    return ppg.MultiFileGeneratingJob(names, writes())


@pytest.fixture
def alias():
    """A folder, and a link to it."""
    Path("real").mkdir()
    Path("alias").symlink_to("real")


@pytest.mark.parametrize(("one", "other"), [("real", "alias"), ("alias", "real")])
def test_a_linked_folder_is_no_other_folder(graph, alias, one, other):
    make(f"{one}/new/x")
    with pytest.raises(ppg.JobOutputConflict, match="made by two jobs") as caught:
        make(f"{other}/new/x")
    assert caught.value.facts[f"{one}/new/x"].startswith(__file__)
    assert caught.value.facts[f"{other}/new/x"].startswith(__file__)
    assert caught.value.facts["by a link"] == f"'{other}/new/x' is 'real/new/x'"
    make(f"{other}/new/y")


def test_a_link_to_the_working_folder_is_that(graph, home, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "link"
    elsewhere.symlink_to(home)
    make("a")
    with pytest.raises(ppg.JobOutputConflict):
        make(elsewhere / "a")


def test_one_job_can_not_make_a_file_by_two_names(graph, alias):
    with pytest.raises(ppg.JobOutputConflict, match="'alias/x' would be made twice"):
        make("real/x", "alias/x")


def test_a_file_that_is_made_can_not_be_watched_through_a_link(graph, alias):
    make("real/x")
    with pytest.raises(ppg.JobContractError, match="it can't be a file that is only read"):
        ppg.FileInvariant("alias/x")
    ppg.FileInvariant("real/y")
    with pytest.raises(ppg.JobContractError, match="it can't be a file that is only read"):
        make("alias/y")


def test_an_invariant_that_is_defined_twice_still_counts(graph, alias):
    for _ in range(3):
        ppg.FileInvariant("real/x")
    with pytest.raises(ppg.JobContractError, match="it can't be a file that is only read"):
        make("alias/x")


@pytest.mark.parametrize("names", [("q", "q/x"), ("a/q", "a/q/b/x"), ("/q", "/q/x")])
@pytest.mark.parametrize("turned", [False, True])
def test_a_file_is_no_folder_of_another(graph, names, turned):
    first, then = reversed(names) if turned else names
    make(first)
    with pytest.raises(ppg.JobOutputConflict, match=f"'{names[0]}' would be a file by") as caught:
        make(then)
    assert caught.value.facts[first].startswith(__file__)
    assert caught.value.facts[then].startswith(__file__)


def test_one_job_can_not_make_a_file_in_a_file(graph):
    for names in (("q", "q/x"), ("q/x", "q")):
        with pytest.raises(ppg.JobOutputConflict, match="'q' would be a file by"):
            make(*names)
    assert len(graph) == 0


def test_a_file_in_a_linked_folder_is_no_file_in_a_file(graph):
    Path("alias").symlink_to("real/q")
    make("real/q")
    with pytest.raises(ppg.JobOutputConflict, match="'real/q' would be a file by"):
        make("alias/x")


def test_names_of_jobs_that_are_gone_are_free(graph):
    def redefined(name, number):
        graph.graph.retire(name)
        return make(number)

    make("q/x")
    redefined("q/x", "q")
    with pytest.raises(ppg.JobOutputConflict):
        make("q/y")
    redefined("q", "q/y")
    with pytest.raises(ppg.JobOutputConflict):
        make("q")


@pytest.mark.parametrize("name", [".", "..", "a/..", "/", "deep", "deep/out"])
def test_a_folder_in_use_is_no_file(again, name):
    again(folder="deep/out")
    with pytest.raises(ppg.JobContractError, match="it is a folder that is in use"):
        make(name)


@pytest.mark.parametrize("name", ["deep/out/weft.db", "deep/out/new/x", "alias/x"])
def test_no_job_makes_files_in_the_folder_of_the_context(again, name):
    again(folder="deep/out")
    Path("deep/out").mkdir(parents=True, exist_ok=True)
    Path("alias").symlink_to("deep/out")
    for _ in range(2):
        ppg.FileInvariant(name)
        with pytest.raises(ppg.JobContractError, match="Weft keeps its own there"):
            make(name + "2")
    make("deep/output")


def test_a_context_in_the_working_folder_itself_forbids_no_files(again):
    again(folder=".")
    make("a")
    make("b/c")


def test_names_of_files_that_wait_are_refused(graph):
    with pytest.raises(ppg.JobContractError, match="Weft names files so that wait"):
        make("a/.q.weft-aside")
