"""Values that are there and can't be read back are made again, once, and it is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.scenarios.project import Project

SHAPES = """
class Box:
    def __init__(self, size):
        self.size = size
        self.filling = b"x" * FILLING
"""
SCRIPT = """
import sys
import weft
from MODULE import Box
from saying import say

def give(size):
    say("give")
    return Box(size)

def take(box):
    say("take")
    return box.size

def generate(context, size):
    say("generate")
    return context.comp(take, Box(size))

if __name__ == "__main__":
    context = weft.Context("out")
    stable = context.options(version="1")
    WHAT
    context.main(sys.argv[1:])
"""
VALUE = "context.comp(take, stable.comp(give, 3, job_id='give'), job_id='take')"
CALL = "stable.comp_dynamic(generate, 3, job_id='generate')"
SAYING = """
def say(word):
    with open("said", "a") as file:
        file.write(word + chr(10))
"""


def write(folder: Path, module: str, what: str, filling: int) -> Project:
    project = Project(folder)
    for old in ("shapes", "forms"):
        (folder / f"{old}.py").unlink(missing_ok=True)
    script = SCRIPT.replace("MODULE", module).replace("WHAT", what)
    project.write(**{module: SHAPES.replace("FILLING", str(filling))}, script=script, saying=SAYING)
    return project


@pytest.mark.parametrize("executor", ["inline", "processes"])
@pytest.mark.parametrize("filling", [10, 100_000])
def test_a_value_whose_class_was_moved_is_made_again(tmp_path: Path, executor, filling):
    how = f"executor={executor}"
    assert write(tmp_path, "shapes", VALUE, filling).run("make", how).jobs == ["give", "take"]
    moved = write(tmp_path, "forms", VALUE, filling)
    ran = moved.run("invalidate take; make " + how)
    assert (ran.code, ran.jobs) == (0, ["give", "take"]), ran.stderr
    assert ran.stdout.count("made again") == 1
    assert moved.run("make", how).jobs == []


def test_a_value_that_can_not_be_read_when_it_is_new_either_fails_its_consumer(tmp_path: Path):
    project = write(tmp_path, "shapes", VALUE, 10)
    text = (tmp_path / "shapes.py").read_text()
    refusing = "\n    def __setstate__(self, state):\n        raise ValueError('never')\n"
    (tmp_path / "shapes.py").write_text(text + refusing)
    ran = project.run("make")
    assert ran.code == 113
    assert ran.jobs == ["give", "give"]
    assert ran.stdout.count("ValueError: never") == 2


@pytest.mark.parametrize("executor", ["inline", "processes"])
def test_a_generated_call_that_can_not_be_read_runs_its_generator_again(tmp_path: Path, executor):
    how = f"executor={executor}"
    write(tmp_path, "shapes", CALL, 10).run("make", how)
    moved = write(tmp_path, "forms", CALL, 10)
    ran = moved.run("invalidate generate-take; make " + how)
    assert (ran.code, ran.jobs) == (0, ["generate", "take"]), ran.stderr + ran.stdout
    assert moved.run("make", how).jobs == []
