"""One job alone."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from weft.context import Context
from weft.errors import MakeFailed, UserError


def load(n: int) -> list[int]:
    return list(range(n))


def total(data: list[int]) -> int:
    return sum(data)


def boom(_data: object) -> None:
    raise ValueError("no\nmore")


def parts(context: Context, n: int) -> list[object]:
    return [context.comp(load, i) for i in range(n)]


@pytest.fixture
def context(tmp_path: Path) -> Context:
    context = Context(tmp_path / "out")
    data = context.comp(load, 3)
    context.comp(total, data)
    context.comp(boom, data)
    context.comp(load, 4)
    context.comp_dynamic(parts, 2)
    return context


def state(context: Context, *names: str) -> list[str]:
    states = context.survey().states
    return [states[name].value for name in names]


def test_it_runs_that_job_in_this_process_and_no_other(context: Context) -> None:
    single = context.make_single("load")
    assert (single.job_id, single.state.value, single.ran) == ("load", "done", True)
    assert state(context, "load", "load-1", "total") == ["done", "ready", "ready"]
    with context.reading() as store:
        assert store.chronicle.attempts("load")[0].pid == os.getpid()
    assert str(context.make_single("load")) == "Nothing to do: load is fresh."


def test_its_upstream_must_be_done(context: Context) -> None:
    with pytest.raises(UserError, match="what it depends on is not done") as caught:
        context.make_single("total")
    assert caught.value.facts == {"not done": "load"}
    assert caught.value.cure == "make load"


def test_a_generator_runs_and_what_it_defines_does_not(context: Context) -> None:
    context.make_single("parts")
    assert state(context, "parts", "parts-load", "parts-load-1") == ["waiting", "ready", "ready"]
    context.make_single("parts-load")
    assert state(context, "parts", "parts-load", "parts-load-1") == ["waiting", "done", "ready"]


def test_how_it_ended_is_written_to_a_file(context: Context, tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    context.make_single("load", path)
    found = json.loads(path.read_text())
    assert found["result"]
    assert found | {"seconds": 0, "result": ""} == {
        "job_id": "load",
        "state": "done",
        "ran": True,
        "seconds": 0,
        "error": None,
        "result": "",
    }
    with pytest.raises(MakeFailed, match="boom failed: ValueError: no") as caught:
        context.make_single("boom", path)
    assert caught.value.failed == ("boom",)
    found = json.loads(path.read_text())
    assert (found["state"], found["error"], found["result"]) == ("failed", "ValueError: no", None)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["out", "result.json"]


def test_a_file_that_cannot_be_written_is_said(context: Context, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="can't be written"):
        context.make_single("load", tmp_path / "nowhere" / "result.json")


@pytest.mark.parametrize(
    ("word", "told"), [("load*", "One job at a time: load\\* is 2 jobs"), ("failed", "No job is")]
)
def test_it_takes_exactly_one_job(context: Context, word: str, told: str) -> None:
    with pytest.raises(UserError, match=told):
        context.make_single(word)


def test_a_failure_that_is_kept_is_tried_again_when_it_is_asked_for(tmp_path: Path) -> None:
    context = Context(tmp_path)
    context.options(keep_failed=True).comp(boom, 1)
    for _ in range(2):
        with pytest.raises(MakeFailed):
            context.make_single("boom")
    with context.reading() as store:
        assert len(store.chronicle.attempts("boom")) == 2


def test_without_the_script_what_cannot_run_is_named(tmp_path: Path) -> None:
    context = Context(tmp_path)
    context.comp(lambda: 1)
    context.comp(load, 2)
    context.preview()
    with pytest.raises(UserError):
        context.invalidate("nothing")
    context.invalidate("load")
    remembered = Context.remembered(tmp_path)
    with pytest.raises(UserError, match="can't run here") as caught:
        remembered.make_single("lambda")
    assert caught.value.facts == {"because": "its function is a lambda or a nested one"}
    assert remembered.make_single("load").state.value == "done"
