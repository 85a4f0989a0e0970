"""Seeds: which random numbers a job gets follows from what it is."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from weft.errors import UserError
from weft.fingerprint.fingerprinter import Fingerprinter
from weft.graph.definer import Definer
from weft.graph.definition import define_all, fingerprint_command
from weft.graph.graph import Graph
from weft.graph.seeds import Seeds
from weft.model.job import JobRecord


@pytest.fixture
def graph() -> Graph:
    return Graph()


@pytest.fixture
def define(graph: Graph) -> Definer:
    return Definer(graph, Fingerprinter())


def seeds(graph: Graph) -> dict[str, object]:
    for command in graph.commands.values():
        if command.function is not None:
            fingerprint_command(command, Fingerprinter())
    define_all(graph)
    found = Seeds(graph)
    return {job.id: found.of(job) for job in graph}


def draw(scale: float = 1.0) -> float:
    return scale * random.random()


def test_equal_calls_get_seeds_of_their_own_and_always_the_same(graph, define):
    for _ in range(10):
        define.comp(draw)
    found = seeds(graph)
    assert len(set(found.values())) == 10

    other = Graph()
    again = Definer(other, Fingerprinter())
    again.comp(draw, 5)
    for _ in range(10):
        again.comp(draw, job_id=None)
    told = list(seeds(other).values())
    assert told[1:] == list(found.values())


def test_a_seed_that_is_given_is_taken_as_it_is_and_part_of_the_definition(graph, define):
    define.comp(draw, job_id="plain")
    define.options(seed=5).comp(draw, job_id="five")
    define.options(seed=6).comp(draw, job_id="six")
    define.options(seed="inherit").comp(draw, job_id="script")
    found = seeds(graph)
    assert (found["five"], found["six"], found["script"]) == (5, 6, None)
    assert len({job.definition for job in graph}) == 4


@pytest.mark.parametrize("wrong", [-1, 2**32, 1.5, True, "random"])
def test_what_is_no_seed_is_refused_where_it_is_written(define, wrong):
    with pytest.raises(UserError, match="seed"):
        define.options(seed=wrong)


def record(name: str, definer: str, definition: bytes) -> JobRecord:
    graph = Graph()
    define = Definer(graph, Fingerprinter())
    define.comp(draw)
    options = next(iter(graph)).command.options
    return JobRecord(
        name,
        "draw",
        definer,
        b"code",
        definition,
        "()",
        (),
        (),
        dynamic=False,
        options=options,
        packed=b".",
    )


def test_what_generators_define_does_not_depend_on_which_was_done_first(graph, define):
    define.comp_dynamic(lambda context: None, job_id="left")
    define.comp_dynamic(lambda context: None, job_id="right")
    told = []
    for order in (["left", "right"], ["right", "left"]):
        for definer in order:
            names = [f"{definer}-{i}" for i in range(3)]
            graph.replace_generated(definer, [record(name, definer, b"same") for name in names])
        told.append(seeds(graph))
        graph.retire_generated("left")
        graph.retire_generated("right")
    assert told[0] == told[1]
    assert len(set(told[0].values())) == 8


def test_a_thousand_generators_inside_each_other_are_climbed_without_recursion(graph, define):
    define.comp_dynamic(lambda context: None, job_id="g0")
    for depth in range(1, 3000):
        child = replace(record(f"g{depth}", f"g{depth - 1}", b"same"), dynamic=True)
        graph.replace_generated(f"g{depth - 1}", [child])
    assert len(set(seeds(graph).values())) == 3000


def test_a_generated_job_that_is_numbered_otherwise_gets_that_seed(graph, define):
    define.comp_dynamic(lambda context: None, job_id="g")
    graph.replace_generated("g", [record(name, "g", b"same") for name in "ab"])
    define_all(graph)
    found = Seeds(graph)
    first, second = found.of(graph.jobs["a"]), found.of(graph.jobs["b"])
    graph.replace_generated("g", [record(name, "g", b"same") for name in "ba"])
    assert (found.of(graph.jobs["b"]), found.of(graph.jobs["a"])) == (first, second)
