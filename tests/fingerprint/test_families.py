"""Functions that differ only in what they hold: the same digests as one by one, found faster."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from types import FunctionType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fingerprint.conftest import Load, digest_of
from weft.fingerprint.families import Family, held_values, kin_of
from weft.fingerprint.fingerprinter import Fingerprinter
from weft.model.resources import Options

Function = Callable[..., object]

plain = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.complex_numbers(),
    st.text(),
    st.binary(),
    st.just(10**5000),
    st.text("ab/.", max_size=4).map(Path),
    st.text("ab/.", max_size=4).map(PurePosixPath),
)
other = st.sampled_from([1, [1], {"a": 1}, (1, 2), len, math, Path, digest_of, object(), ...])


patient = settings(deadline=None, max_examples=50)
"""Each example parses this file twice: 20 ms."""


def double(x: Any) -> Any:
    return x * 2


def make(a: Any, b: Any, c: Any, d: Any) -> Function:
    """Four places for a value: a default, one by keyword, and two cells."""

    def made(x: Any, y: Any = a, *, z: Any = b) -> Any:
        return double(x), y, z, c, (lambda: d)()

    return made


def lambdas(values: list[Any]) -> list[Function]:
    return [lambda x, value=value: (x, value) for value in values]


def family(function: Function, **options: Any) -> Family:
    return Family(function, Options().but(**options), Fingerprinter())


def agree(of: Function, function: Function, **options: Any) -> bool:
    return family(of, **options).code(function) == digest_of(function, **options)


# -- the digest ------------------------------------------------------------------------------------


@patient
@given(st.tuples(plain, plain, plain, plain), st.tuples(plain, plain, plain, plain))
def test_a_family_gives_each_function_its_own_digest(some, others):
    one, two = make(*some), make(*others)
    assert kin_of(one) == kin_of(two)
    assert agree(one, two)
    assert agree(one, one)


mixed = st.one_of(plain, other)


@patient
@given(st.tuples(mixed, mixed, mixed, mixed), st.tuples(mixed, mixed, mixed, mixed))
def test_and_so_it_does_to_any_other_function(some, others):
    assert agree(make(*some), make(*others))


@pytest.mark.parametrize(
    "options",
    [
        {"ignore": ("y", "c")},
        {"version": "3"},
        {"code": "function"},
        {"code": "none"},
        {"uses": (double, [1])},
        {"packages": "version"},
    ],
    ids=["ignore", "version", "function", "none", "uses", "packages"],
)
def test_options_count_as_they_do_one_by_one(options):
    one, two = make(1, 2, 3, 4), make("1", 2.0, Path("3"), None)
    assert agree(one, two, **options)
    assert family(one, **options).fingerprint == family(two, **options).fingerprint
    assert repr(family(one, **options)).startswith("Family(")


def test_lambdas_in_a_comprehension_are_a_family():
    one, two = lambdas([1, 2])
    assert kin_of(one) == kin_of(two) is not None
    assert agree(one, two)


def test_what_an_ignored_name_holds_is_no_difference():
    one, two = make(1, 2, 3, 4), make(5, 2, 3, 4)
    assert family(one, ignore=("y",)).code(one) == family(one, ignore=("y",)).code(two)


# -- what functions have in common -----------------------------------------------------------------


@patient
@given(st.tuples(plain, plain, plain, plain), st.tuples(plain, plain, plain, plain))
def test_what_is_common_does_not_depend_on_the_values(some, others):
    assert family(make(*some)).fingerprint == family(make(*others)).fingerprint


def test_plain_values_are_no_parts_and_others_are():
    name = f"{__name__}.make.<locals>.made"
    parts = family(make(1, 2, "c", Path)).fingerprint.parts
    assert [part.name for part in parts] == [name, f"{__name__}.double"]
    parts = family(make(1, 2, "c", [1])).fingerprint.parts  # a list: no family
    assert [part.kind for part in parts] == [
        "function",
        *["default"] * 2,
        *["closure"] * 2,
        "function",
    ]


SCRIPT = """
LIMIT = 3

def helper(x):
    return min(x, LIMIT)

def make(value, scale=None):
    def made(x):
        return helper(x) * value
    return made
"""


def test_an_edit_of_the_body_or_of_what_it_reaches_is_another_common_code(load: Load):
    def common() -> bytes:
        return family(module.make(1)).fingerprint.digest

    module = load(script=SCRIPT)
    before = common()
    for old, new in (("* value", "+ value"), ("min(x", "max(x"), ("LIMIT = 3", "LIMIT = 4")):
        module = load(script=SCRIPT.replace(old, new))
        assert common() != before, new
    module = load(script=SCRIPT.replace("value", "factor"))
    assert common() != before, "another name"
    module = load(script=SCRIPT + "\n# a comment")
    assert common() == before


# -- who has a family ------------------------------------------------------------------------------


def test_only_functions_of_one_code_and_one_module_are_kin():
    def again(a: Any, b: Any, c: Any, d: Any) -> Function:
        def made(x: Any, y: Any = a, *, z: Any = b) -> Any:
            return double(x), y, z, c, (lambda: d)()

        return made

    one = make(1, 2, 3, 4)
    assert kin_of(one) != kin_of(again(1, 2, 3, 4))
    elsewhere = FunctionType(one.__code__, {"__name__": "elsewhere"}, "made", (1,), one.__closure__)
    elsewhere.__qualname__, elsewhere.__module__ = one.__qualname__, one.__module__
    assert kin_of(elsewhere) != kin_of(one)
    for name in ("__qualname__", "__module__"):
        renamed = make(1, 2, 3, 4)
        setattr(renamed, name, "other.<locals>.made")
        assert kin_of(renamed) != kin_of(one)
        assert agree(one, renamed, code="none")
    assert agree(one, elsewhere)


def test_functions_are_kin_if_what_they_hold_is_the_same_where_it_is_not_plain():
    def inner() -> int:
        return 1

    assert kin_of(make(1, inner, math, 4)) == kin_of(make(2, inner, math, 5))
    assert kin_of(make(1, inner, math, 4)) != kin_of(make(1, double, math, 4))
    assert kin_of(make(1, inner, math, 4)) != kin_of(make(1, inner, 3, 4))


@pytest.mark.parametrize(
    "value",
    [[1], {"a": 1}, {1}, (1, 2), object(), Path, len],
    ids=["list", "dict", "set", "tuple", "object", "class", "built-in"],
)
def test_who_holds_what_may_be_mutated_has_none(value):
    assert (kin_of(make(1, 2, 3, value)) is not None) == isinstance(value, type)


def test_who_holds_nothing_plain_has_none():
    def bare() -> int:
        return 1

    assert kin_of(bare) is kin_of(make(len, double, math, Path)) is kin_of(double) is None
    assert kin_of(len) is kin_of(functools.partial(make(1, 2, 3, 4), 1)) is None


def test_functions_of_a_module_and_methods_have_none(load: Load):
    module = load(
        script="""
def top(x, n=1):
    return x + n

class Model:
    def fit(self, x, n=1):
        return x + n
"""
    )
    assert kin_of(module.top) is kin_of(module.Model.fit) is kin_of(module.Model().fit) is None


def test_wrapped_functions_and_those_with_attributes_have_none():
    wrapped = functools.wraps(double)(make(1, 2, 3, 4))
    wrapped.__qualname__ = "make.<locals>.made"
    marked = make(1, 2, 3, 4)
    marked.mark = 1
    assert kin_of(wrapped) is kin_of(marked) is None


def test_an_empty_cell_and_too_many_defaults_are_no_trouble():
    def empty() -> Function:
        def made(x: int = 1) -> Any:
            return later

        if made.__name__ == "another":
            later = 1
        return made

    crowded = lambdas([1])[0]
    crowded.__defaults__ = (1, 2, 3)
    assert kin_of(empty()) is kin_of(crowded) is None
    assert agree(empty(), empty())
    assert list(held_values(empty())) == []


def test_held_values_are_those_that_are_plain():
    values = dict(held_values(make(1, double, Path("a"), None)))
    assert values == {"y": 1, "c": Path("a"), "d": None}
    assert not dict(held_values(double))


# -- functions that reach each other ---------------------------------------------------------------


def recursive(value: int) -> Function:
    def made(x: int) -> Any:
        return made(x - 1) if x else value

    return made


def ring(values: list[int]) -> list[Function]:
    """Each reaches all of them, over a list."""
    functions: list[Function] = []
    functions += [lambda value=value: (functions, value) for value in values]
    return functions


def test_functions_that_reach_themselves_or_their_like_have_their_own_digests():
    one, two = recursive(1), recursive(2)
    assert agree(one, two)
    assert agree(two, one)
    for function in (some := ring([1, 2, 3])):
        assert agree(some[0], function)


def test_one_that_reaches_itself_by_a_global_is_told_from_its_like(load: Load):
    module = load(
        script="""
def make(value):
    return lambda x: last(x - 1) if x else value

first, last = make(1), make(2)
"""
    )
    assert kin_of(module.first) == kin_of(module.last)
    assert agree(module.first, module.last)
    assert agree(module.last, module.first)


def test_a_function_whose_values_are_not_plain_any_more_is_not_taken_for_its_kin():
    def counted() -> tuple[Function, Callable[[Any], None]]:
        value: Any = 1

        def made() -> Any:
            return value

        def change(new: Any) -> None:
            nonlocal value
            value = new

        return made, change

    (one, _), (two, change) = counted(), counted()
    for value in (2, [1], double, None):
        change(value)
        assert agree(one, two)
        assert agree(two, one)
