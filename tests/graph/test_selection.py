from __future__ import annotations

import pytest

from weft.errors import SelectionError
from weft.graph.graph import Graph
from weft.graph.selection import select
from weft.model.job import Command, FullJob
from weft.model.states import JobState


@pytest.fixture
def graph() -> Graph:
    made = Graph()
    names = {"load-1": "load", "load-2": "load", "fit": "fit", "p=1": "fit", "done": "odd"}
    for name, function in names.items():
        upstream = (made.jobs["load-1"],) if name == "fit" else ()
        command = Command(function, None)
        made.jobs[name] = FullJob(name, command, (), made.size, inputs=upstream)
        made.size += 1
    return made


STATES = {
    "load-1": JobState.DONE,
    "load-2": JobState.FAILED,
    "fit": JobState.BLOCKED,
    "p=1": JobState.READY,
    "done": JobState.TIMED_OUT,
}


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("fit", "fit"),
        ("load-*", "load-1 load-2"),
        ("*", "load-1 load-2 fit p=1 done"),
        ("fit load-1 fit", "load-1 fit"),
        ("load()", "load-1 load-2"),
        ("LOAD()", "load-1 load-2"),
        ("all", "load-1 load-2 fit p=1 done"),
        ("failed", "load-2 done"),
        ("Blocked", "fit"),
        ("todo", "load-2 fit p=1 done"),
        ("top", "load-2 fit p=1 done"),
        ("bottom", "load-1 load-2 p=1 done"),
        ("generated", ""),
        ("p=1", "p=1"),
        ("done", "done"),
    ],
)
def test_words_select(graph: Graph, words: str, expected: str) -> None:
    found = select(words.split(), graph, lambda: STATES)
    assert [job.id for job in found] == expected.split()


def test_states_are_asked_for_only_when_a_word_needs_them(graph: Graph) -> None:
    def states() -> dict[str, JobState]:
        raise AssertionError("not needed")

    assert select(["load*", "top", "fit()"], graph, states)


@pytest.mark.parametrize("word", ["lod-1", "x*", "no()"])
def test_a_word_that_names_nothing_is_an_error(graph: Graph, word: str) -> None:
    with pytest.raises(SelectionError, match="No job is named"):
        select([word], graph, lambda: STATES)


def test_the_nearest_names_are_suggested(graph: Graph) -> None:
    with pytest.raises(SelectionError, match="Did you mean load-1"):
        select(["lod-1"], graph, lambda: STATES)


def test_wildcards_take_other_characters_as_they_are(graph: Graph) -> None:
    with pytest.raises(SelectionError):
        select(["[lf]*"], graph, lambda: STATES)
