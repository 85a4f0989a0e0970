"""Forgetting and accepting as a script sees them (rule 12)."""

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


@pytest.mark.parametrize("command", ["forget g", "delete g-1; clean g"])
def test_a_forgotten_job_runs_again(twins: Project, command: str) -> None:
    twins.run(command)
    assert "g" in twins.run("make").jobs
    assert twins.run("make").jobs == []


def test_an_accepted_edit_runs_nothing_and_the_next_edit_does(twins: Project) -> None:
    twins.edit("script", "return i\n\ndef g", "return i + 0\n\ndef g")
    accepted = twins.run("accept f; why f")
    assert accepted.code == 0
    assert "somebody said so" in accepted.stdout
    assert twins.run("make").jobs == []
    twins.edit("script", "return i + 0", "return i + 1")
    assert twins.run("make").jobs == ["f", "g", "g"]


def test_going_back_over_an_accepted_edit_runs_nothing(twins: Project) -> None:
    twins.edit("script", "return i\n\ndef g", "return i + 0\n\ndef g")
    twins.run("accept f")
    twins.edit("script", "return i + 0", "return i")
    assert twins.run("make").jobs == []
    assert twins.run("gc keep=1 grace=0", "; make").jobs == []


def test_a_subset_of_a_script_keeps_its_results_through_gc(twins: Project) -> None:
    second = '    context.comp(g, first, "same")\n'
    twins.edit("script", second, "")
    assert twins.run("make; gc").jobs == []
    twins.edit("script", "    context.main()", f"{second}    context.main()")
    assert twins.run("make").jobs == []
