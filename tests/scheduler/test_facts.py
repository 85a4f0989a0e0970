from __future__ import annotations

import pickle
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

import weft
from weft.model.outcome import Outcome
from weft.model.resources import Options
from weft.model.states import AttemptState, JobState
from weft.scheduler.facts import StoreFacts
from weft.store.store import Store


def record(store: Store, job_id: str, state: int, started: float, size: int | None = None) -> None:
    """An attempt of two seconds; with a size, one that left a trace."""
    result = f"{job_id}{started}".encode().ljust(20) if size is not None else None
    trace = (0, b"D" * 20, b"C" * 20, "()", None, None, None) if size is not None else None
    outcome = Outcome(AttemptState(state), started, 2.0, result=result, value=b"v", size=size or 0)
    store.record(job_id, 1, b"K" * 20, outcome, executor="inline", trace=trace)


@pytest.fixture
def store(tmp_path: Path):
    opened = Store.open(tmp_path / "out", write=True)
    record(opened, "a", AttemptState.DONE, 100.0, size=10)
    record(opened, "b", AttemptState.DONE, 200.0, size=99)
    record(opened, "b", AttemptState.FAILED, 300.0)
    record(opened, "c", AttemptState.TIMED_OUT, 400.0)
    record(opened, "a", AttemptState.DONE, 500.0, size=20)
    yield opened
    opened.close()


def none() -> Mapping[str, JobState]:
    raise AssertionError("not needed")


def test_the_facts_are_those_of_the_newest_attempts(store: Store) -> None:
    facts = StoreFacts(store, none)
    assert facts.tried() == {"a", "b", "c"}
    assert facts.traced() == {"a", "b"}
    assert facts.seconds() == {"a": 2.0, "b": 2.0}
    assert facts.sizes() == {"a": 20, "b": 99}
    assert facts.ended() == {"a": 502.0, "b": 302.0, "c": 402.0}


def test_each_fact_is_looked_up_once(store: Store) -> None:
    calls = []

    def states() -> Mapping[str, JobState]:
        calls.append(1)
        return {"a": JobState.DONE}

    facts = StoreFacts(store, states, last=["a"])
    assert not calls
    assert facts.states() is facts.states()
    assert calls == [1]
    assert facts.ended() is facts.ended()
    assert facts.now() == facts.now()
    assert facts.last() == ["a"]


def test_what_was_recorded_after_the_facts_were_made_is_seen(store: Store) -> None:
    facts = StoreFacts(store, none)
    record(store, "new", AttemptState.DONE, 600.0, size=1)
    assert "new" in facts.traced()


def test_what_was_cleaned_was_tried_but_has_no_trace_and_no_size(store: Store) -> None:
    store.clean(["a"])
    facts = StoreFacts(store, none)
    assert "a" in facts.tried()
    assert facts.traced() == {"b"}
    assert facts.sizes() == {"b": 99}


def test_an_empty_store_knows_nothing(tmp_path: Path) -> None:
    facts = StoreFacts(Store.open(tmp_path / "none", write=False), none)
    assert not facts.tried()
    assert not facts.seconds()
    assert not facts.sizes()


# -- in a context ------------------------------------------------------------------------------


def twice(number: int) -> int:
    return 2 * number


@pytest.fixture
def opened(tmp_path: Path) -> Callable[..., weft.Context]:
    def define(tags: str | list[str]) -> weft.Context:
        context = weft.Context(tmp_path / "out")
        context.options(tags=tags).comp(twice, 1, job_id="tagged")
        context.comp(twice, context.comp(twice, 2, job_id="done"), job_id="two words")
        return context

    return define


def chosen(context: weft.Context, *words: str | weft.Promise[int]) -> list[str]:
    return [job.id for job in context.select(words)]


def test_a_context_selects_by_expressions_ids_and_promises(
    opened: Callable[..., weft.Context],
) -> None:
    context = opened("x")
    assert chosen(context, "not_started but tag:x") == ["done", "two words"]
    context.make("two words", executor="inline")
    assert chosen(context, "done") == ["done", "two words"]
    assert chosen(context, "since 1h in top") == ["two words"]
    assert chosen(context, "two words", context.comp(twice, 3, job_id="todo")) == [
        "two words",
        "todo",
    ]


def test_tags_are_no_part_of_what_a_job_is_known_by(opened: Callable[..., weft.Context]) -> None:
    assert opened("x").make(executor="inline").ran == 3
    context = opened(["y", "z"])
    assert context.make(executor="inline").ran == 0
    assert chosen(context, "tag:y") == chosen(context, "tag:z") == ["tagged"]
    with pytest.raises(weft.SelectionError, match="No job has the tag 'x'"):
        context.select(["tag:x"])


@pytest.mark.parametrize("tags", [None, 5, [""], ["a", 1]])
def test_tags_that_are_no_words_are_refused(tags: object) -> None:
    with pytest.raises(weft.UserError, match="'tags'"):
        Options().but(tags=tags)


def test_equal_tags_make_equal_options_however_they_are_written() -> None:
    assert Options().but(tags=["b", "a", "b"]) == Options().but(tags={"a", "b"})
    assert Options().but(tags="a").tags == ("a",)


def test_options_that_an_older_weft_pickled_get_the_newest_ones_defaults() -> None:
    options = Options().but(cores=2, tags="x")
    assert pickle.loads(pickle.dumps(options)) == options
    older = Options.__new__(Options)
    older.__setstate__([None, (), (), "transitive", "recorded", None, False, 2])
    assert older == Options(cores=2)
