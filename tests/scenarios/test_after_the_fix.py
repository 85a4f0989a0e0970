"""Edit the job that failed, then ``make failed``: it stays in sight until it has run (D1)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.scenarios.project import Project

SCRIPT = """
import sys
import weft
from saying import say

def g(x):
    say("g")
    if x == 2:
        raise ValueError("bad")
    return x

def h(x):
    say("h")
    return x

if __name__ == "__main__":
    context = weft.Context("out")
    for x in range(4):
        context.comp(h, context.comp(g, x, job_id=f"g-{x}"), job_id=f"h-{x}")
    context.main(sys.argv[1:])
"""
SAYING = """
def say(word):
    with open("said", "a") as file:
        file.write(word + chr(10))
"""


@pytest.fixture
def edited(tmp_path: Path) -> Project:
    project = Project(tmp_path)
    project.write(script=SCRIPT, saying=SAYING)
    assert project.run("make").code == 113
    project.edit("script", 'raise ValueError("bad")', "x = 20")
    return project


@pytest.mark.parametrize("command", ["ls failed", "why failed", "ls todo", "why g-2"])
def test_a_failed_job_stays_in_sight_after_its_edit(edited: Project, command):
    shown = edited.run(command).stdout
    assert "g-2" in shown or "1 failed" in shown


def test_make_failed_runs_it_and_no_other(edited: Project):
    ran = edited.run("make failed")
    assert (ran.code, ran.jobs) == (0, ["g"]), ran.stdout + ran.stderr
    assert "g-2" not in edited.run("ls failed").stdout


def test_a_success_ends_it(edited: Project):
    edited.run("make")
    edited.edit("script", "x = 20", 'raise ValueError("bad")')
    assert "g-2" not in edited.run("ls failed").stdout
    assert edited.run("make").code == 113
