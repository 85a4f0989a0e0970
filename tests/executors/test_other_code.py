"""A worker that has other code than the script does not run it (rule 31)."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

STEPS = """
LIMIT = 2

def helper(x):
    return x * LIMIT

def step(x):
    return helper(x) + 1

def other(x):
    return x - 1
"""
SCRIPT = """
import importlib, os, sys, time, warnings
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
import weft
import steps

def pool_of(kind, stack):
    if kind == "pool":
        return stack.enter_context(ProcessPoolExecutor(1, get_context("spawn")))
    if kind == "loky":
        from loky import ProcessPoolExecutor as Loky
        return stack.enter_context(Loky(1))
    from distributed import Client, LocalCluster
    cluster = LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None)
    client = stack.enter_context(Client(stack.enter_context(cluster)))
    return client.get_executor()

def write(text, when):
    with open("steps.py", "w") as file:
        file.write(text)
    os.utime("steps.py", (when, when))
    importlib.invalidate_caches()

def make(executor, number):
    importlib.reload(steps)
    context = weft.Context("out")
    promise = context.comp(steps.step, number, job_id=f"step{number}")
    try:
        context.make(executor=executor)
    except weft.MakeFailed as error:
        return str(error).splitlines()[1].strip()
    return context.result(promise)
"""
OLDER = """
from contextlib import ExitStack
with ExitStack() as stack:
    pool = pool_of(KIND, stack)
    before = open("steps.py").read()
    print(make(pool, 3))
    write(before.replace(OLD, NEW), 2_000_000_000)
    print(make(pool, 4))
    print(make("inline", 5))
    write(before, 2_000_000_100)
    print(make(pool, 6))
"""
BETWEEN = """
from contextlib import ExitStack
with ExitStack() as stack:
    before = open("steps.py").read()
    pool = pool_of("pool", stack)           # its worker starts at the first submission
    importlib.reload(steps)
    context = weft.Context("out")
    promise = context.comp(steps.step, 3)
    write(before.replace("+ 1", "+ 100"), 2_000_000_000)
    try:
        context.make(executor=pool)
    except weft.MakeFailed as error:
        print(str(error).splitlines()[1].strip())
with ExitStack() as stack:
    write(before, 2_000_000_100)
    print(make(pool_of("pool", stack), 3))
"""


def run(folder: Path, body: str) -> list[str]:
    (folder / "steps.py").write_text(STEPS)
    main = textwrap.indent(body, "    ")
    (folder / "script.py").write_text(f"{SCRIPT}\nif __name__ == '__main__':\n{main}")
    done = subprocess.run(
        [sys.executable, "-B", "-W", "ignore", "script.py"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.parametrize("kind", ["pool", "loky", "dask"])
def test_a_worker_older_than_an_edit_gives_the_job_back(tmp_path: Path, kind):
    edit = f'KIND, OLD, NEW = "{kind}", "+ 1", "+ 100"\n'
    before, edited, here, undone = run(tmp_path, edit + OLDER)
    assert before == "7"
    assert edited.startswith("step4: CannotStart: the worker has another steps.step than this")
    assert here == "110"
    assert undone == "13"


@pytest.mark.parametrize(
    ("old", "new", "stale"),
    [
        ("LIMIT = 2", "LIMIT = 20", True),
        ("x - 1", "x - 2", False),
        ("LIMIT = 2", "LIMIT = 2 # two", False),
    ],
)
def test_what_the_code_does_not_reach_may_differ(tmp_path: Path, old, new, stale):
    edit = f"KIND, OLD, NEW = 'pool', {old!r}, {new!r}\n"
    answer = run(tmp_path, edit + OLDER)[1]
    assert (not answer.isdigit()) is stale


def test_an_edit_between_submission_and_start_gives_the_job_back(tmp_path: Path):
    refused, again = run(tmp_path, BETWEEN)
    assert refused.startswith("step: CannotStart: the worker has another steps.step than this")
    assert again == "7"
