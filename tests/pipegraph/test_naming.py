"""Ids of jobs, and where they were defined."""

from pathlib import Path

import pytest

from tests.pipegraph.made import writes
from weft import pipegraph as ppg
from weft.pipegraph.naming import path_id, word_id


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a", "a"),
        ("a/b.txt", "a/b.txt"),
        ("a.d/b", "a.d/b"),
        ("./a", "a"),
        ("a//b", "a/b"),
        ("a/./b/../c", "a/c"),
        ("a/", "a"),
        ("a/.", "a"),
        ("a/b/..", "a"),
        ("a.", "a."),
        (Path("a/b"), "a/b"),
        ("/elsewhere/a", "/elsewhere/a"),
        ("../a", None),
    ],
)
def test_the_id_of_a_file_is_its_shortest_path(home, name, expected):
    assert path_id(name) == (expected or str(home.parent / "a"))


def test_a_path_inside_of_the_working_folder_is_relative(home):
    assert path_id(str(home / "a" / "b")) == "a/b"
    assert path_id(f"../{home.name}/a") == "a"


def test_words_stay_as_they_are():
    assert word_id("load http://x/../y") == "load http://x/../y"
    with pytest.raises(ppg.JobContractError, match="can't be the id of a job"):
        word_id("two\nlines")


def test_the_place_of_a_job_is_where_the_user_wrote_it(graph):
    cached = ppg.CachedJob("x", lambda: 1)
    with pytest.raises(ppg.JobRedefinitionError) as caught:
        ppg.FileGeneratingJob("x", writes())
    first = Path(caught.value.facts["first"].rpartition(":")[0])
    assert first == Path(__file__)
    assert cached.lfg.job_id == "x"


class Own(ppg.FileGeneratingJob):
    """A class of a user's own."""

    def __init__(self, name, number):
        super().__init__(f"{name}.txt", lambda path, n=number: path.write_text(str(n)))
        self.depends_on_params(number)
        self.number = number


def test_classes_of_ones_own_are_jobs_like_others(graph):
    one = Own("a", 1)
    assert Own("a", 1) is one
    assert one.number == 1
    with pytest.raises(ppg.JobRedefinitionError):
        Own("a", 2)
    ppg.run()
    assert Path("a.txt").read_text() == "1"
