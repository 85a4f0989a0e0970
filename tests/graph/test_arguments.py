from __future__ import annotations

import io
import threading
from collections import namedtuple
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from weft.errors import SerializationError
from weft.graph.arguments import LARGE, fill, fill_promises, take
from weft.model.job import Command, Job
from weft.model.promise import Promise

Pair = namedtuple("Pair", "first second")


@dataclass(frozen=True)
class Settings:
    name: str
    value: Any


def promise(name: str) -> Promise[Any]:
    return Promise(name, "here")


def job(name: str) -> Job:
    return Job(name, Command("f", None), (), 0)


leaves = st.one_of(
    st.integers(), st.text(max_size=3), st.builds(promise, st.sampled_from(["a", "b", "c"]))
)
structures = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.tuples(inner, inner),
        st.dictionaries(st.one_of(st.text(max_size=2), st.builds(promise, st.just("a"))), inner),
        st.builds(Pair, inner, inner),
        st.builds(Settings, st.just("s"), inner),
    ),
    max_leaves=12,
)


@given(structures)
def test_a_snapshot_equals_what_was_passed(value: Any) -> None:
    assert take((value,), {}).args == (value,)


@given(structures)
def test_promises_are_found_at_any_depth_and_all_are_filled(value: Any) -> None:
    taken = take((value,), {})
    found = {p.job_id for p in taken.promises}
    assert found == {name for name in "abc" if repr(promise(name)) in repr(value)}
    filled = fill_promises(taken.args, {name: f"value of {name}" for name in found})
    assert "Promise(" not in repr(filled)


def test_promises_are_numbered_by_their_first_place() -> None:
    b, a = promise("b"), promise("a")
    assert take(([b, {a: b}],), {"k": a}).promises == (b, a)


def test_filling_puts_each_value_in_its_place() -> None:
    args: tuple[Any, ...] = ([promise("a")], Pair(1, promise("b")), {promise("a"): 2})
    filled = fill(args, {"k": promise("b")}, ["A", "B"], (job("a"), job("b")))
    assert filled == ((["A"], Pair(1, "B"), {"A": 2}), {"k": "B"})


def test_a_later_change_of_an_argument_is_not_seen() -> None:
    settings = {"deep": [1, {2}]}
    array = np.arange(3)
    taken = take((settings, array), {})
    settings["deep"].append(3)  # type: ignore[attr-defined]
    array[0] = 9
    assert taken.args[0] == {"deep": [1, {2}]}
    assert taken.args[1][0] == 0


def test_large_arrays_are_kept_by_reference_and_named() -> None:
    array = np.zeros(LARGE)
    taken = take(([array],), {})
    assert taken.args[0][0] is array
    assert taken.large[0] is array


def test_one_object_in_two_places_stays_one_object() -> None:
    shared = [1]
    first, second = take((shared, shared), {}).args
    assert first is second


@pytest.mark.parametrize(
    "value",
    [threading.Lock(), (i for i in range(3)), io.BufferedReader(io.BytesIO())],  # type: ignore[arg-type]
    ids=["lock", "generator", "stream"],
)
def test_what_cannot_be_kept_is_refused_by_place_and_type(value: Any) -> None:
    with pytest.raises(
        SerializationError, match=r"argument 1\['x'\]\[0\].*" + type(value).__name__
    ):
        take(({"x": [value]},), {})


def test_a_structure_that_contains_itself_is_refused() -> None:
    loop: list[Any] = []
    loop.append(loop)
    with pytest.raises(SerializationError, match="contains itself"):
        take((loop,), {})


def test_a_structure_nested_too_deeply_is_refused() -> None:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(SerializationError, match="too deeply"):
        take((deep,), {})
    while deep:  # or its destructor would recurse as deeply
        deep = deep[0]
