"""Jobs that a generator promised are dependencies wherever dependencies are named (D2)."""

from __future__ import annotations

from pathlib import Path

import pytest

import weft
from tests.console.conftest import Console


def leaf(number: int) -> int:
    print(f"leaf {number}")
    return number


def generate(context: weft.Definer) -> list[weft.Promise[int]]:
    return [context.comp(leaf, number, job_id=f"leaf-{number}") for number in (1, 2)]


def outer(context: weft.Definer) -> weft.Promise[list[int]]:
    return context.comp_dynamic(generate, job_id="inner")


@pytest.fixture
def console(tmp_path: Path) -> Console:
    context = weft.Context(tmp_path / "out")
    context.comp(sum, context.comp_dynamic(outer, job_id="outer"), job_id="total")
    context.comp(abs, -1, job_id="apart")
    context.make(executor="inline")
    return Console(context)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("upstream of total", ["outer", "inner", "leaf-1", "leaf-2"]),
        ("downstream of leaf-1", ["outer", "total", "inner"]),
        ("dependencies of outer", ["inner"]),
        ("dependencies of inner", ["leaf-1", "leaf-2"]),
        ("dependants of leaf-2", ["inner"]),
        ("top", ["total", "apart"]),
    ],
)
def test_selections_follow_promises(console: Console, text, expected):
    selected = [job.id for job in console.context.select([text])]
    assert sorted(selected) == sorted(expected)


def test_details_name_promised_jobs(console: Console):
    shown = "\n".join(console("details inner"))
    assert "leaf-1, leaf-2" in shown
    assert "inner" in "\n".join(console("details leaf-1"))


def test_the_output_of_promised_jobs_is_found(console: Console):
    shown = "\n".join(console("log upstream of total"))
    assert "leaf 1" in shown
    assert "leaf 2" in shown


def test_what_is_downstream_runs_again(console: Console):
    console("remake leaf-1 or downstream of leaf-1")
    with console.context.reading() as store:
        run = store.chronicle.runs(1)[0]
        ran = {deed.job_id for deed in store.chronicle.deeds_of_run(run.id)}
    assert ran == {"leaf-1", "inner", "outer", "total"}
