"""The critical path, against trying all paths."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from weft.console.drawing.critical import CriticalPath, critical_path, upstream_first


@st.composite
def timed_graphs(draw) -> tuple[dict[str, float], dict[str, list[str]]]:
    number = draw(st.integers(1, 7))
    upstream = {
        str(job): [str(a) for a in draw(st.lists(st.integers(0, job - 1), unique=True))]
        for job in range(1, number)
    }
    names = draw(st.lists(st.sampled_from([str(n) for n in range(number)]), unique=True))
    return {name: float(draw(st.integers(0, 9))) for name in names}, upstream


def longest(job: str, seconds: dict[str, float], upstream: dict[str, list[str]]) -> float:
    before = [longest(above, seconds, upstream) for above in upstream.get(job, [])]
    return seconds.get(job, 0.0) + max(before, default=0.0)


@settings(deadline=None)
@given(timed_graphs())
def test_it_is_as_long_as_the_longest_of_all_paths(graph) -> None:
    seconds, upstream = graph
    found = critical_path(seconds, upstream)
    jobs = {*seconds, *upstream}
    assert found.seconds == max((longest(j, seconds, upstream) for j in jobs), default=0.0)
    assert sum(seconds[job] for job in found.jobs) == found.seconds


@settings(deadline=None)
@given(timed_graphs())
def test_its_jobs_depend_on_each_other(graph) -> None:
    seconds, upstream = graph
    jobs = critical_path(seconds, upstream).jobs
    for earlier, later in pairwise(jobs):
        reached, stack = set(), [later]
        while stack:
            job = stack.pop()
            reached.add(job)
            stack.extend(upstream.get(job, ()))
        assert earlier in reached


def test_nothing_ran() -> None:
    assert critical_path({}, {}) == CriticalPath()


def test_a_job_that_did_not_run_joins_those_that_did() -> None:
    upstream = {"b": ["a"], "c": ["b"]}
    assert critical_path({"a": 1.0, "c": 2.0}, upstream) == CriticalPath(("a", "c"), 3.0)


def test_a_chain_of_20000_is_no_matter_of_recursion() -> None:
    names = [str(n) for n in range(20_000)]
    upstream = {b: [a] for a, b in pairwise(names)}
    found = critical_path(dict.fromkeys(reversed(names), 1.0), upstream)
    assert found == CriticalPath(tuple(names), 20_000.0)


def test_a_cycle_does_no_harm() -> None:
    assert set(upstream_first(["a"], {"a": ["b"], "b": ["a"]})) == {"a", "b"}
