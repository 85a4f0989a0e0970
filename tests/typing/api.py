"""The types that users see, checked by ``mypy --strict`` in ``make lint``; never run."""

from pathlib import Path
from typing import assert_type

import weft


def load(path: str) -> list[float]:
    return [float(line) for line in Path(path).read_text().splitlines()]


def fit(data: list[float], alpha: float) -> float:
    return sum(data) * alpha


def draw(models: list[float], title: str = "") -> None: ...


def grow(context: weft.Definer, depth: int) -> int:
    assert_type(context.comp(fit, [1.0], alpha=0.5), weft.Promise[float])
    assert_type(context.child("deeper").comp_dynamic(grow, depth - 1), weft.Promise[int])
    return depth


@weft.job
def plain(text: str) -> bytes:
    return text.encode()


@weft.job(cores=2, version="3")
def marked(text: str) -> bytes:
    return text.encode()


def promises_have_the_type_of_the_result(context: weft.Context) -> None:
    data = context.comp(load, "a.csv", job_id="data")
    assert_type(data, weft.Promise[list[float]])
    model = context.comp(fit, data, alpha=0.5, extra_dep=[data])
    assert_type(model, weft.Promise[float])
    assert_type(context.comp(draw, [model, 1.0]), weft.Promise[None])
    assert_type(context.comp_dynamic(grow, 3), weft.Promise[int])
    assert_type(context.comp_store({"a": 1}), weft.Promise[dict[str, int]])
    assert_type(context.comp(plain, "a"), weft.Promise[bytes])
    assert_type(context.comp(marked, "a"), weft.Promise[bytes])
    assert_type(context.comp(lambda: 3), weft.Promise[int])


def results_have_the_type_of_the_promise(context: weft.Context) -> None:
    summary = context.make("draw*", n=4, executor="inline")
    assert_type(summary, weft.RunSummary)
    assert_type(context.result(context.comp(fit, [1.0], 0.5)), float)


def the_rest_is_typed_too(context: weft.Context) -> None:
    context.comp_prefix("a")
    context.comp_prefix()
    context.batch_command("clean; parmake n=4")
    assert_type(context.get_jobs_defined_in_this_session(), list[str])
    assert_type(context.options(cores=2).comp(fit, [1.0], 2.0), weft.Promise[float])
    assert_type(weft.reads("a.csv"), Path)
    weft.progress("reading", (1, 10), iteration_desc="a.csv")
    assert_type(marked("a"), bytes)
    context.main()
