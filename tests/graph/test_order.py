"""Jobs are put behind what they depend on; a cycle is told job by job."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weft.errors import CycleFound
from weft.graph.graph import Graph
from weft.graph.order import before, put_in_order, refuse_cycle
from weft.model.job import Command, FullJob, Job

COMMAND = Command("f", None)
MANY = 100_000


def graph_of(links: dict[str, list[str]]) -> Graph:
    """Jobs by what they depend on, defined in this order."""
    graph = Graph()
    for name in links:
        graph.jobs[name] = FullJob(name, COMMAND, (), graph.size)
        graph.size += 1
    for name, needed in links.items():
        graph.jobs[name].extra = tuple(graph.jobs[other] for other in needed)
    return graph


def test_jobs_that_are_in_order_stay_where_they_are() -> None:
    graph = graph_of({"a": [], "b": ["a"], "c": [], "d": ["b", "a"]})
    put_in_order(graph)
    assert list(graph.jobs) == ["a", "b", "c", "d"]
    assert [job.index for job in graph] == [0, 1, 2, 3]


def test_what_a_job_needs_is_moved_in_front_of_it_and_nothing_else_is() -> None:
    graph = graph_of({"a": [], "b": ["d"], "c": [], "d": ["e", "a"], "e": []})
    put_in_order(graph)
    assert list(graph.jobs) == ["a", "e", "d", "b", "c"]
    assert [job.index for job in graph] == [0, 1, 2, 3, 4]


def test_gaps_that_retired_jobs_left_are_closed() -> None:
    graph = graph_of({"a": [], "b": ["c"], "gone": [], "c": []})
    del graph.jobs["gone"]
    put_in_order(graph)
    assert [(job.id, job.index) for job in graph] == [("a", 0), ("c", 1), ("b", 2)]
    assert graph.size == 3


def test_a_job_stands_behind_the_one_that_defined_it() -> None:
    graph = graph_of({"child": [], "other": ["child"], "definer": []})
    graph.jobs["child"].definer = "definer"
    assert list(before(graph, graph.jobs["child"])) == [graph.jobs["definer"]]
    put_in_order(graph)
    assert list(graph.jobs) == ["definer", "child", "other"]


def test_a_definer_that_is_not_there_does_not_matter() -> None:
    graph = graph_of({"child": [], "other": ["child"]})
    graph.jobs["child"].definer = "gone"
    put_in_order(graph)
    assert list(graph.jobs) == ["child", "other"]


@pytest.mark.parametrize(
    ("links", "cycle"),
    [
        ({"a": ["a"]}, ("a", "a")),
        ({"a": ["b"], "b": ["a"]}, ("a", "b", "a")),
        ({"x": ["a"], "a": ["b"], "b": ["y", "c"], "y": [], "c": ["a"]}, ("a", "b", "c", "a")),
    ],
)
def test_a_cycle_is_told_job_by_job_and_nothing_is_moved(
    links: dict[str, list[str]], cycle: tuple[str, ...]
) -> None:
    graph = graph_of(links)
    for check in (put_in_order, lambda graph: refuse_cycle(graph, graph)):
        with pytest.raises(CycleFound) as caught:
            check(graph)
        assert caught.value.cycle == cycle
        assert " needs ".join(map(repr, cycle)) in str(caught.value)
        assert list(graph.jobs) == list(links)
        assert [job.index for job in graph] == list(range(len(links)))


def test_a_job_that_would_need_what_it_defines_is_a_cycle() -> None:
    graph = graph_of({"definer": ["child"], "child": []})
    graph.jobs["child"].definer = "definer"
    with pytest.raises(CycleFound) as caught:
        put_in_order(graph)
    assert caught.value.cycle == ("definer", "child", "definer")


def test_only_the_given_jobs_and_what_they_need_are_checked_for_cycles() -> None:
    graph = graph_of({"a": ["b"], "b": ["a"], "c": [], "d": ["c"]})
    refuse_cycle(graph, [graph.jobs["d"]])
    with pytest.raises(CycleFound):
        refuse_cycle(graph, [graph.jobs["d"], graph.jobs["b"]])


def test_a_chain_of_100_000_that_was_defined_backwards_is_put_in_order() -> None:
    graph = graph_of({str(i): [str(i + 1)] if i + 1 < MANY else [] for i in range(MANY)})
    put_in_order(graph)
    assert list(graph.jobs) == [str(i) for i in reversed(range(MANY))]
    refuse_cycle(graph, graph)


def test_a_cycle_of_100_000_is_found_and_its_words_can_be_read() -> None:
    graph = graph_of({str(i): [str((i + 1) % MANY)] for i in range(MANY)})
    with pytest.raises(CycleFound) as caught:
        put_in_order(graph)
    assert caught.value.cycle == (*map(str, range(MANY)), "0")
    assert len(str(caught.value)) < 2000


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_any_links_give_an_order_or_a_true_cycle(data: st.DataObject) -> None:
    names = [str(i) for i in range(data.draw(st.integers(1, 8)))]
    some = st.lists(st.sampled_from(names), unique=True, max_size=3)
    links = {name: data.draw(some) for name in names}
    graph = graph_of(links)
    cycle = cycle_of(graph)
    assert cycle[:1] == cycle[-1:]
    assert all(needed in links[job] for job, needed in pairwise(cycle))
    if not cycle:
        assert sorted(graph.jobs) == sorted(links)
        assert all(_is_behind(job) for job in graph)


def cycle_of(graph: Graph) -> tuple[str, ...]:
    """Put the jobs in order; the cycle where that is impossible."""
    try:
        put_in_order(graph)
    except CycleFound as found:
        return found.cycle
    return ()


def _is_behind(job: Job) -> bool:
    return all(upstream.index < job.index for upstream in job.upstream)
