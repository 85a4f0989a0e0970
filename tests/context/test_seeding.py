"""Random numbers of jobs, end to end (rule 29)."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from weft.context import Context, MakeOptions
from weft.errors import MakeFailed
from weft.model.promise import Promise


def draw(times: int = 1) -> list[float]:
    return [random.random() + np.random.random() for _ in range(times)]


def disturb() -> None:
    np.random.seed(0)
    random.seed(0)


def family(context: Context, size: int) -> list[float]:
    return [context.comp(draw, size) for _ in range(2)]


def study(context: Context) -> dict[str, object]:
    for number in range(5):
        context.comp(draw, job_id=f"draw-{number}")
        context.comp(disturb, job_id=f"disturb-{number}")
    for name in ("left", "right"):
        context.comp_dynamic(family, 1, job_id=name)
    context.options(seed=3).comp(draw, job_id="three")
    return {}


def results(context: Context) -> dict[str, object]:
    return {
        job_id: context.result(Promise(job_id, context.graph.token))
        for job_id in sorted(context.graph.jobs)
        if not job_id.startswith("disturb")
    }


def made(folder: object, **how: object) -> dict[str, object]:
    context = Context(folder)
    study(context)
    context.make(**how)
    return results(context)


def test_a_run_gives_the_same_random_results_everywhere(tmp_path):
    one = made(tmp_path / "one", n=1)
    assert len({str(value) for value in one.values()}) == len(one)
    assert made(tmp_path / "two", n=2) == one
    assert made(tmp_path / "inline", executor="inline") == one
    random.seed(3)
    np.random.seed(3)
    assert one["three"] == draw()


def test_a_retry_draws_the_same_numbers(tmp_path):
    def twice(path):
        value = random.random()
        try:
            with path.open("x") as file:
                file.write(repr(value))
        except FileExistsError:
            return path.read_text() == repr(value)
        raise OSError

    context = Context(tmp_path / "out")
    promise = context.comp(twice, tmp_path / "told")
    context.make(options=MakeOptions(retries=1))
    assert context.result(promise)


def test_only_some_jobs_made_draw_the_same_numbers_as_with_all(tmp_path):
    context = Context(tmp_path / "all")
    promises = [context.comp(draw) for _ in range(3)]
    context.make()
    other = Context(tmp_path / "some")
    others = [other.comp(draw) for _ in range(3)]
    other.make(others[2])
    assert other.result(others[2]) == context.result(promises[2])


def test_why_tells_that_the_seed_is_another(tmp_path):
    context = Context(tmp_path)
    context.comp(draw, job_id="a")
    context.make()
    again = Context(tmp_path)
    again.options(seed=4).comp(draw, job_id="a")
    summary = again.make()
    assert summary.ran == 1
    with again.reading() as store:
        reasons = [attempt.reason for attempt in store.chronicle.attempts("a")]
    assert any("seed=4" in (reason or "") for reason in reasons)


def test_a_seed_where_threads_share_the_random_numbers_is_refused(tmp_path):
    context = Context(tmp_path)
    context.options(seed=3).comp(draw, job_id="three")
    context.comp(draw, job_id="any")
    with ThreadPoolExecutor(2) as pool, pytest.raises(MakeFailed) as error:
        context.make(executor=pool)
    assert error.value.failed == ("three",)
    with context.reading() as store:
        (attempt,) = store.chronicle.attempts("three")
    assert "seed" in attempt.error.text
