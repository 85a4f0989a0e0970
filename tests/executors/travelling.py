"""A script whose functions travel in every way: run by `test_travel.py` with each executor."""

import functools
import json
import linecache
import os
import sys
import threading
from abc import ABC  # noqa: F401 - for the functions at random
from collections import namedtuple
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum
from multiprocessing import get_context

import weft
from weft.executors.processes import Processes

LIMIT = 3
LOCK = threading.Lock()
LOCAL = threading.local()
LOCAL.size = 4
TABLE = {"twice": lambda x: 2 * x}


def default():
    return [LIMIT]


def doubled(function):
    @functools.wraps(function)
    def wrapper(*args):
        return function(*args) * 2

    return wrapper


@functools.lru_cache(maxsize=8)
def fibonacci(n):
    return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)


@functools.singledispatch
def show(x):
    return f"any {x}"


@show.register
def _(x: int):
    return f"int {x + LIMIT}"


@contextmanager
def managed(n):
    yield n + LIMIT


@doubled
def decorated(n):
    return n + 1


class Colour(Enum):
    RED = 1

    def name_of(self):
        return self.name.lower()


Point = namedtuple("Point", "x y")


@dataclass
class Box:
    size: int
    items: list = field(default_factory=default)

    @functools.cached_property
    def double(self):
        return self.size * 2

    def grow(self):
        return Box(self.size + 1)


class Plain:
    unit = "m"

    def __init__(self):
        self.x = fibonacci(5)

    def get(self, n):
        return self.x + n

    def job(self):
        return lambda n: self.get(n)


class Derived(Plain):
    def get(self, n):
        return super().get(n) + 1


PLAIN, DERIVED = Plain(), Derived()


def use_cached(n):
    return fibonacci(n)


def use_dispatch(n):
    return show(n) + show("x")


def use_lock(n):
    with LOCK:
        return n


def use_local(n):
    return LOCAL.size + n


def use_manager(n):
    with managed(n) as m:
        return m


def use_box(n):
    return Box(n).double


def use_table(n):
    return TABLE["twice"](n)


def use_instance(n):
    return DERIVED.get(n)


def give_box(n):
    return Box(n)


def give_plain(_n):
    return Plain()


def give_colour(_n):
    return [Colour.RED, Point(1, 2)]


def give_function(n):
    def inner(x):
        return x + n

    return inner


def give_lambda(n):
    return lambda x: x * n * LIMIT


def take(value):
    return str(type(value).__name__), value(1) if callable(value) else 0


CELL = """
class InCell:
    def __init__(self, x):
        self.x = x  # no file has this text

    def get(self, x):
        return self.x + x + LIMIT


def give_of_cell(x):
    return InCell(x), InCell(2).get(x)


def broken_of_cell(x):
    raise ValueError(
        x
    )
"""
linecache.cache["<cell 1>"] = len(CELL), None, CELL.splitlines(keepends=True), "<cell 1>"
exec(compile(CELL, "<cell 1>", "exec"))  # as notebooks do
OF_CELL = [globals()[name] for name in ("give_of_cell", "broken_of_cell")]

CHANCE = []  # in its place `random_functions.py` writes some


def generate(context, n):
    functions = (use_cached, use_box, use_dispatch, decorated, OF_CELL[0], *CHANCE[::3])
    named = [context.comp(function, n) for function in functions]
    return [*named, context.comp(lambda: n), context.comp(take, lambda x: x + LIMIT)]


def boom(n):
    raise ValueError(n)


FUNCTIONS = [
    *(use_cached, use_dispatch, use_lock, use_local, use_manager, use_box, use_table),
    *(use_instance, give_box, give_plain, give_colour, give_function, give_lambda, decorated),
    *OF_CELL,
    *(fibonacci, show, PLAIN.get, DERIVED.get, PLAIN.job(), functools.partial(take, "x")),
]


def define(folder):
    context = weft.Context(folder)
    for number, function in enumerate(FUNCTIONS):
        arguments = () if isinstance(function, functools.partial) else (4,)
        promise = context.comp(function, *arguments, job_id=f"f{number}")
        context.comp(take, promise, job_id=f"take{number}")
    for number, function in enumerate(CHANCE):
        promise = context.comp(function, 4, job_id=f"chance{number}")
        context.comp(take, promise, job_id=f"take-chance{number}")
    context.comp_dynamic(generate, 3, job_id="gen")
    context.comp(boom, 1, job_id="boom")
    return context


def make(folder, executor, forget=None):
    """Make all; the ids of the jobs that ran well."""
    context = define(folder)
    ran = []
    if forget is not None:
        context.batch_command(f"invalidate {forget}")
    with suppress(weft.MakeFailed):
        context.make(executor=executor)
    with context.reading() as store:
        run = store.chronicle.runs(1)[0].id
        ran = [deed.job_id for deed in store.chronicle.deeds_of_run(run)]
        facts = {}
        for job in context.graph:
            attempts = store.chronicle.attempts(job.id)
            if not attempts:  # it waits for a failed one
                facts[job.id] = [(job.definition or b"").hex()]
                continue
            attempt = attempts[-1]
            sql = "SELECT result FROM attempt WHERE id = ?"
            result = store._database.row(sql, (attempt.id,))[0]
            error = attempt.error
            facts[job.id] = [
                (job.definition or b"").hex(),
                (result or b"").hex(),
                str(error),
                [[f.file, f.line, f.function, f.source] for f in error.frames] if error else [],
            ]
    return facts, ran


def executors():
    """By name, all of which need no names of this script."""
    from distributed import Client, LocalCluster
    from loky import get_reusable_executor

    yield "fork", lambda _: Processes(2, "fork")
    yield "inline", lambda _: "inline"
    yield "spawn", lambda _: Processes(2, "spawn")
    yield "loky", lambda _: get_reusable_executor(2)

    def elsewhere(stack):
        spawn = get_context("spawn")
        pool = ProcessPoolExecutor(2, spawn, initializer=os.chdir, initargs=("/",))
        return stack.enter_context(pool)

    def dask(stack):
        cluster = LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None)
        client = stack.enter_context(Client(stack.enter_context(cluster)))
        return client.get_executor()

    yield "pool in another folder", elsewhere
    yield "dask", dask


def main():
    found, ran, ran_again = {}, {}, {}
    for name, new in executors():
        with ExitStack() as stack:
            executor = new(stack)
            found[name], _ = make(f"out-{name.replace(' ', '-')}", executor)
            _, ran[name] = make("out-fork", executor)
            # What a generator defined in a forked worker runs elsewhere.
            again = f"{name}, of fork"
            found[again], ran_again[again] = make("out-fork", executor, forget="gen-*")
    print(json.dumps({"found": found, "ran": ran, "again": ran_again}))


if __name__ == "__main__":
    sys.setrecursionlimit(10_000)
    main()
