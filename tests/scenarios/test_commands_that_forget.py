"""``clean``, ``invalidate`` and ``remake`` among jobs with equal keys (rule 12)."""

from __future__ import annotations

import pytest

from tests.scenarios.project import Project

TWINS = """
import weft
from saying import say

def f(i):
    say("f")
    return i

def g(i, name):
    say("g")
    return i

if __name__ == "__main__":
    context = weft.Context("out")
    first = context.comp(g, context.comp(f, 1), "same")
    context.comp(g, first, "same")
    context.main()
"""


@pytest.fixture
def twins(project: Project) -> Project:
    """g-1 has the key of g, since g gives back its argument."""
    project.write(script=TWINS)
    assert project.run("make").jobs == ["f", "g", "g"]
    return project


def test_remake_runs_just_the_job_that_it_names(twins: Project) -> None:
    assert twins.run("remake g").jobs == ["g"]
    assert twins.run("make").jobs == []


def test_an_invalidated_job_runs_at_the_next_make(twins: Project) -> None:
    twins.run("invalidate g")
    assert twins.run("make").jobs == ["g"]
    assert twins.run("make").jobs == []


def test_a_cleaned_job_runs_at_the_next_make(twins: Project) -> None:
    twins.run("clean g")
    assert twins.run("make").jobs == ["g"]
    assert twins.run("make").jobs == []


def test_a_job_made_twice_and_cleaned_twice_runs_each_time(twins: Project) -> None:
    for _ in range(2):
        twins.run("clean g")
        assert twins.run("make").jobs == ["g"]
