"""Whatever of a job goes to a worker by its name is compared there (rule 31)."""

from __future__ import annotations

import importlib
import multiprocessing
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import weft
from weft.fingerprint import origin

# The worker must have the module as this process has it, whatever threads the tests run in.
pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")

TEXT = """
from functools import lru_cache, singledispatch

LIMIT = 2
UNREAD = 1
CACHE = {}
MODEL = None

def helper(x):
    return x * LIMIT

def step(x):
    return helper(x) + 1

def wrapping(function):
    def wrapper(x):
        return function(x) + 10
    return wrapper

@wrapping
def wrapped(x):
    return x

TABLE = {"twice": lambda x: 2 * x}

def use_table(x):
    return TABLE["twice"](x)

def use_wrapped(x):
    return wrapped(x)

class Model:
    def __init__(self, size):
        self.size = size
    def predict(self, x):
        return self.size + x

MADE = Model(7)

@lru_cache
def cached(x):
    return x + 20

@singledispatch
def show(x):
    return "any"

@show.register
def _(x: int):
    return f"int {x}"

def remember(x):
    if x not in CACHE:
        CACHE[x] = helper(x)
    return CACHE[x]

def load(x):
    global MODEL
    if MODEL is None:
        MODEL = Model(5)
    return MODEL.predict(x)

def read_cache(x):
    return len(CACHE) * 0 + x
"""


def call_step(steps):
    return lambda context: context.comp(steps.step, 3)


def call_table(steps):
    return lambda context: context.comp(steps.use_table, 3)


def call_wrapped(steps):
    return lambda context: context.comp(steps.use_wrapped, 3)


def call_cached(steps):
    return lambda context: context.comp(steps.cached, 3)


def call_generic(steps):
    return lambda context: context.comp(steps.show, 3)


def call_method(steps):
    return lambda context: context.comp(steps.MADE.predict, 3)


def call_own_text_only(steps):
    return lambda context: context.options(code="function").comp(steps.helper, 3)


def pass_function(steps):
    return lambda context: context.comp(lambda f, x: f(x), steps.step, 3)


def pass_instance(steps):
    return lambda context: context.comp(lambda model, x: model.predict(x), steps.Model(2), 3)


def look_into(steps):
    return lambda context: context.comp(lambda x: steps.LIMIT * x, 3)


def look_up_and_call(steps):
    return lambda context: context.comp(lambda x: steps.step(x), 3)


def look_into_the_instance(steps):
    return lambda context: context.comp(lambda x: steps.MADE.predict(x), 3)


def import_inside(_steps):
    def job(x):
        from steps_of_test import LIMIT

        return LIMIT * x

    return lambda context: context.comp(job, 3)


def import_module_inside(_steps):
    def job(x):
        import steps_of_test

        return steps_of_test.LIMIT * x

    return lambda context: context.comp(job, 3)


def derive(steps):
    class Mine(steps.Model):
        pass

    return lambda context: context.comp(lambda x: Mine(1).predict(x), 3)


def name_as_used(steps):
    def job(x):
        return getattr(sys.modules["steps_of_test"], "hel" + "per")(x)

    return lambda context: context.options(uses=[steps.helper]).comp(job, 3)


KINDS: dict[Callable[[Any], Any], tuple[str, str]] = {
    call_step: ("+ 1\n", "+ 100\n"),
    call_table: ("2 * x", "3 * x"),
    call_wrapped: ("+ 10", "+ 11"),
    call_cached: ("+ 20", "+ 21"),
    call_generic: ("int {x}", "whole {x}"),
    call_method: ("self.size + x", "self.size - x"),
    call_own_text_only: ("x * LIMIT", "LIMIT * x * 2"),
    pass_function: ("LIMIT = 2", "LIMIT = 3"),
    pass_instance: ("self.size + x", "self.size - x"),
    look_into: ("LIMIT = 2", "LIMIT = 3"),
    look_up_and_call: ("LIMIT = 2", "LIMIT = 3"),
    look_into_the_instance: ("Model(7)", "Model(8)"),
    import_inside: ("LIMIT = 2", "LIMIT = 3"),
    import_module_inside: ("LIMIT = 2", "LIMIT = 3"),
    derive: ("self.size + x", "self.size - x"),
    name_as_used: ("LIMIT = 2", "LIMIT = 3"),
}


class Turns(Executor):
    """Gives work to some executors in turn."""

    def __init__(self, executors):
        self.executors = executors
        self.calls = 0

    def submit(self, function, /, *args, **kwargs):
        self.calls += 1
        return self.executors[(self.calls - 1) % 2].submit(function, *args, **kwargs)


@dataclass
class Lab:
    """A module, a folder, and a worker process that has the module as it was at first."""

    folder: Path
    steps: ModuleType
    pool: Executor

    def edit(self, old: str, new: str) -> None:
        assert old in TEXT
        self.write(TEXT.replace(old, new))

    def write(self, text: str) -> None:
        file = self.folder / "steps_of_test.py"
        file.write_text(text)
        for name in [*vars(self.steps)]:  # what a reload would leave
            if not name.startswith("__"):
                delattr(self.steps, name)
        importlib.reload(self.steps)

    def make(self, define: Callable[[Any], Any], executor: Any, folder: str = "out") -> Any:
        context = weft.Context(self.folder / folder)
        promise = define(context)
        context.make(executor=executor)
        return context.result(promise)


@pytest.fixture(scope="module")
def laboratory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    folder = tmp_path_factory.mktemp("lab")
    (folder / "steps_of_test.py").write_text(TEXT)
    before = sys.dont_write_bytecode
    sys.dont_write_bytecode = True  # a text of the same size in the same second would be taken
    sys.path.insert(0, str(folder))
    steps = importlib.import_module("steps_of_test")
    with ProcessPoolExecutor(1, multiprocessing.get_context("fork")) as pool:
        pool.submit(abs, 1).result()
        yield Lab(folder, steps, pool)
    sys.path.remove(str(folder))
    sys.dont_write_bytecode = before
    del sys.modules["steps_of_test"]


@pytest.fixture
def lab(laboratory: Lab) -> Iterator[Lab]:
    yield laboratory
    laboratory.write(TEXT)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_a_worker_older_than_an_edit_does_not_run_it(lab, kind):
    first = lab.make(kind(lab.steps), lab.pool)
    lab.edit(*KINDS[kind])
    with pytest.raises(weft.MakeFailed, match="the worker has another steps_of_test"):
        lab.make(kind(lab.steps), lab.pool)
    assert lab.make(kind(lab.steps), "inline") != first
    lab.write(TEXT)
    assert lab.make(kind(lab.steps), "inline") == first


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_what_a_job_does_not_reach_may_differ(lab, kind):
    lab.edit("UNREAD = 1", "UNREAD = 2  # another day")
    assert lab.make(kind(lab.steps), lab.pool, folder="unread")


def test_what_is_to_be_ignored_may_differ(lab):
    lab.edit("LIMIT = 2", "LIMIT = 3")
    found = lab.make(lambda c: c.options(ignore=("LIMIT",)).comp(lab.steps.step, 30), lab.pool)
    assert found == 61


def test_what_the_worker_does_not_have_is_named(lab):
    lab.write(TEXT + "def added(x):\n    return x\n")
    with pytest.raises(weft.MakeFailed, match=r"another steps_of_test\.added than"):
        lab.make(lambda context: context.comp(lab.steps.added, 3), lab.pool)


def test_the_words_name_what_differs(lab):
    lab.edit("LIMIT = 2", "LIMIT = 3")
    with pytest.raises(weft.MakeFailed, match=r"another steps_of_test\.LIMIT than this script, so"):
        lab.make(lambda context: context.comp(lab.steps.step, 3), lab.pool)


def test_what_jobs_leave_in_modules_is_no_other_code(lab):
    steps = lab.steps
    for number in range(3):
        for function in (steps.remember, steps.load, steps.read_cache):
            lab.make(lambda c, f=function, n=number: c.comp(f, n), lab.pool)


def test_a_generated_job_is_compared_where_it_runs(lab):
    def spread(context, function):
        context.comp(function, 40, job_id="child")

    def define(context):
        context.comp_dynamic(spread, lab.steps.step, job_id="gen")
        return context

    context = define(weft.Context(lab.folder / "spread"))
    context.make(executor="inline")
    lab.edit("+ 1\n", "+ 100\n")
    define(context := weft.Context(lab.folder / "spread")).make(executor="inline")
    context.batch_command("invalidate child")
    with pytest.raises(weft.MakeFailed, match=r"child.* another steps_of_test\.step"):
        context.make(executor=lab.pool)


def test_a_job_is_given_to_other_workers_before_it_fails(lab):
    """Of two workers one is older than the edit."""
    lab.edit("+ 1\n", "+ 100\n")
    with ProcessPoolExecutor(1, multiprocessing.get_context("fork")) as newer:
        both = Turns([lab.pool, newer])
        assert lab.make(lambda context: context.comp(lab.steps.step, 50), both) == 200
    assert both.calls == 2


def test_the_classes_of_inputs_are_compared_before_a_result_is_kept(lab):
    """The older worker has no code of the job's by name but what the value brings."""

    def define(context):
        model = context.comp(lab.steps.Model, 60, job_id="model")
        return context.comp(lambda model, x: model.predict(x), model, 3)

    assert lab.make(define, "inline") == 63
    lab.edit("self.size + x", "self.size - x")
    define(context := weft.Context(lab.folder / "out"))
    context.make("model", executor="inline")
    with pytest.raises(weft.MakeFailed, match=r"another steps_of_test\.Model than"):
        lab.make(define, lab.pool)
    assert lab.make(define, "inline") == 57
    lab.write(TEXT)
    assert lab.make(define, lab.pool) == 63


def test_another_version_of_a_package_is_other_code_where_versions_count(lab, monkeypatch):
    def job(x):
        import toolz

        return toolz.identity(x)

    monkeypatch.setattr(origin, "_versions", lambda package: {package: "0.0"})
    assert lab.make(lambda context: context.comp(job, 3), lab.pool) == 3
    with pytest.raises(weft.MakeFailed, match="another toolz than"):
        lab.make(lambda context: context.options(packages="version").comp(job, 3), lab.pool)
