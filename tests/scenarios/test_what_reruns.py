# ruff: noqa: E501
"""Section 3 of the heart: what an edit re-runs, shown with real scripts in real processes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.scenarios.project import Project

DEEP = '''
"""Two modules away from the script."""

FACTOR = 3

def deep(x):
    return x * FACTOR

def unrelated_deep(x):
    return x - 1
'''

MIDDLE = """
from deep import deep

def middle(x):
    return deep(x) + 1
"""

SCRIPT = '''
"""The script."""
import functools
import weft
from middle import middle
from saying import say

LIMIT = 10
TABLE = {"a": [1, 2, (3, 4)], "b": {"c": 5}}

def unrelated(x):
    return x

def twice(function):
    @functools.wraps(function)
    def wrapper(*args):
        return 2 * function(*args)
    return wrapper

class Scale:
    """A class."""
    base = 2

    def apply(self, x):
        return self.base * x

def load(path, size=4):
    """Loads."""
    say("load")
    return [len(path)] * size

def count(data):
    say("count")
    return middle(len(data))

def limit(data):
    say("limit")
    return min(len(data), LIMIT)

@twice
def decorated(data):
    say("decorated")
    return len(data) + 1

def scale(data):
    say("scale")
    return Scale().apply(len(data))

def make_adder(amount):
    def add(data):
        say("closure")
        return len(data) + amount
    return add

def configured(data, settings):
    say("configured")
    return settings["deep"][1]["value"]

def constant(data):
    say("constant")
    return 1

def top(*values):
    say("top")
    return sum(values)

if __name__ == "__main__":
    context = weft.Context("out")
    data = context.comp(load, "a.csv")
    parts = [
        context.comp(count, data),
        context.comp(limit, data),
        context.comp(decorated, data),
        context.comp(scale, data),
        context.comp(make_adder(5), data, job_id="adder"),
        context.comp(configured, data, {"deep": [0, {"value": 7}]}),
        context.comp(lambda d: (say("lambda"), len(d))[1], data),
        context.comp(constant, data),
    ]
    context.comp(top, *parts)
    context.main()
'''

ALL = sorted(
    [
        "load",
        "count",
        "limit",
        "decorated",
        "scale",
        "closure",
        "configured",
        "lambda",
        "constant",
        "top",
    ]
)

NOTHING = [
    pytest.param("script", "LIMIT = 10", "LIMIT = 10  # a comment", id="comment"),
    pytest.param("script", '"""Loads."""', '"""Loads everything."""', id="docstring"),
    pytest.param("script", '    """A class."""\n', "", id="class docstring removed"),
    pytest.param(
        "script", "    return sum(values)", "\n\n    return sum(values)", id="blank lines"
    ),
    pytest.param(
        "script", "min(len(data), LIMIT)", "min(\n    len(data),\n    LIMIT\n)", id="layout"
    ),
    pytest.param("script", "def unrelated(x)", "def another_name(x)", id="unrelated function"),
    pytest.param("deep", "def unrelated_deep(x)", "def another_name(x)", id="unrelated far away"),
    pytest.param("script", "def scale(data):", "def scale(data: list) -> int:", id="annotations"),
    pytest.param("script", 'return settings["deep"]', "return settings['deep']", id="quotes"),
]


@pytest.mark.parametrize(("file", "old", "new"), NOTHING)
def test_nothing_reruns_after(project: Project, file: str, old: str, new: str) -> None:
    made(project)
    project.edit(file, old, new)
    again = project.run("parmake n=2")
    assert (again.code, again.jobs) == (0, []), again.stdout + again.stderr


SOME = [
    pytest.param("script", "[len(path)] * size", "[len(path) + 1] * size", "load count limit decorated scale closure lambda configured constant", id="body (equal results: not the top)"),
    pytest.param("script", "size=4", "size=5", "load count limit decorated scale closure lambda configured constant top", id="default value"),
    pytest.param("script", "make_adder(5)", "make_adder(6)", "closure top", id="closure value"),
    pytest.param("deep", "x * FACTOR", "x * FACTOR + 1", "count top", id="helper two modules away"),
    pytest.param("deep", "FACTOR = 3", "FACTOR = 4", "count top", id="constant two modules away"),
    pytest.param("script", "self.base * x", "self.base * x + 1", "scale top", id="method of a used class"),
    pytest.param("script", "base = 2", "base = 3", "scale top", id="class attribute"),
    pytest.param("script", "LIMIT = 10", "LIMIT = 3", "limit top", id="module constant"),
    pytest.param("script", "return 2 * function", "return 3 * function", "decorated top", id="decorator"),
    pytest.param("script", "len(data) + 1\n", "len(data) + 2\n", "decorated top", id="wrapped function"),
    pytest.param("script", '"value": 7', '"value": 8', "configured top", id="argument deep inside"),
    pytest.param("script", 'len(d))[1]', 'len(d) + 1)[1]', "lambda top", id="lambda"),
    pytest.param("script", "return 1\n", "return 1 + 0\n", "constant", id="same result, nothing downstream"),
    pytest.param("script", "context.comp(top, *parts)", "context.comp(top, *parts[1:])", "top", id="removed dependency"),
    pytest.param("script", "context.comp(top, *parts)", "context.comp(top, *parts, extra_dep=data)", "top", id="added dependency"),
]  # fmt: skip


@pytest.mark.parametrize(("file", "old", "new", "expected"), SOME)
def test_exactly_the_affected_jobs_rerun_after_a_change_of(
    project: Project, file: str, old: str, new: str, expected: str
) -> None:
    made(project)
    project.edit(file, old, new)
    again = project.run("parmake n=2")
    assert again.code == 0, again.stdout + again.stderr
    assert again.jobs == sorted(expected.split())
    assert project.run("parmake n=2").jobs == []
    project.edit(file, new, old)
    assert project.run("parmake n=2").jobs == [], "back to the old value nothing runs at all"


def test_nothing_reruns_after_moving_a_function_within_its_file(project: Project) -> None:
    made(project)
    text = SCRIPT
    start, end = text.index("def limit"), text.index("@twice")
    block = text[start:end]
    moved = text.replace(block, "").replace("class Scale", block + "class Scale")
    project.write(script=moved)
    assert project.run("parmake n=2").jobs == []


def test_nothing_reruns_under_another_hash_seed(project: Project) -> None:
    made(project, PYTHONHASHSEED="1")
    assert project.run("parmake n=2", PYTHONHASHSEED="2").jobs == []


@pytest.mark.parametrize("python", sorted(Path.home().glob(".pyenv/versions/3.1[23]*/bin/python")))
def test_nothing_reruns_under_another_python_minor_version(project: Project, python: Path) -> None:
    made(project)
    again = project.run("parmake n=2", python=str(python))
    assert (again.code, again.jobs) == (0, []), again.stdout + again.stderr


def test_one_element_of_an_array_is_a_change(project: Project) -> None:
    script = """
import numpy as np
import weft
from saying import say

def total(array):
    say("total")
    return float(array.sum())

def other(array):
    say("other")
    return float(array.max())

if __name__ == "__main__":
    context = weft.Context("out")
    array = np.arange(100_000.0)
    same = np.arange(100_000.0)
    array[77] = 5
    context.comp(total, array)
    context.comp(other, same)
    context.main()
"""
    project.write(script=script)
    assert project.run("make").jobs == ["other", "total"]
    project.edit("script", "array[77] = 5", "array[77] = 6")
    assert project.run("make").jobs == ["total"]


def made(project: Project, **environment: str) -> None:
    """The project, written and made."""
    project.write(script=SCRIPT, middle=MIDDLE, deep=DEEP)
    first = project.run("parmake n=2", **environment)
    assert (first.code, first.jobs) == (0, ALL), first.stdout + first.stderr
