"""Every kind of callable has a fingerprint by what it would do."""

from __future__ import annotations

import functools
import math
import operator

import numpy as np
import pytest

from tests.fingerprint.conftest import digest_of, fingerprint_of

TEXT = """
import contextlib
import functools

FIRST, SECOND, SAME = lambda x: x + 1, lambda x: x + 2, lambda x: x + 1
NESTED = lambda x: (lambda y: x + y)
LATER = lambda x: x + 1


def plain(a, b=2):
    return a + b


def make(n):
    def inner(x):
        return x + n
    return inner


def make_recursive():
    def inner(x):
        return inner(x - 1) if x else 0
    return inner


class Model:
    def __init__(self, rate):
        self.rate = rate

    def __call__(self, x):
        return self.fit(x)

    def fit(self, x):
        return self.other(x) * self.rate

    def other(self, x):
        return x

    @classmethod
    def build(cls, x):
        return cls(x)

    @staticmethod
    def static(x):
        return x


@functools.lru_cache
def cached(x):
    return x


@functools.singledispatch
def dispatched(x):
    return x


@dispatched.register
def _(x: int):
    return -x


@contextlib.contextmanager
def managed():
    yield 1


def uses_managed():
    with managed() as x:
        return x


def generator():
    yield 1


async def coroutine():
    return 1
"""


@pytest.fixture
def module(load):
    return load(main=TEXT)


def test_lambdas_on_one_line_are_told_apart(module):
    first, second, same = (digest_of(f) for f in (module.FIRST, module.SECOND, module.SAME))
    assert first != second
    assert first == same


def test_equal_lambdas_on_different_lines_are_equal(module):
    assert digest_of(module.FIRST) == digest_of(module.LATER)
    assert not fingerprint_of(module.FIRST).by_bytecode


def test_lambdas_within_lambdas_are_told_apart(module):
    inner = fingerprint_of(module.NESTED(1))
    assert not inner.by_bytecode
    assert inner.digest not in {digest_of(module.NESTED), digest_of(module.NESTED(2))}


def test_the_name_of_a_function_does_not_count(module, load):
    first = digest_of(module.plain)
    renamed = load(main="def other_name(a, b=2):\n    return a + b\n")
    assert digest_of(renamed.other_name) == first


def test_closures_count_by_their_values(module):
    assert digest_of(module.make(1)) == digest_of(module.make(1))
    assert len({digest_of(module.make(value)) for value in (1, 2, 1.0, True, "1")}) == 5


def test_a_closure_may_refer_to_itself(module):
    assert digest_of(module.make_recursive()) == digest_of(module.make_recursive())


def test_methods_count_by_their_class_and_instance(module, load):
    first = digest_of(module.Model(1).fit)
    assert first == digest_of(module.Model(1).fit)
    assert first != digest_of(module.Model(2).fit)
    assert first != digest_of(module.Model(1).other)
    other = load(main=TEXT.replace("return x\n\n    @classmethod", "return -x\n\n    @classmethod"))
    assert digest_of(other.Model(1).fit) != first


def test_an_unbound_method_reaches_what_it_calls_by_self(module, load):
    first = digest_of(module.Model.fit)
    other = load(main=TEXT.replace("return x\n\n    @classmethod", "return -x\n\n    @classmethod"))
    assert digest_of(other.Model.fit) != first


def test_class_and_static_methods_work(module, load):
    first = [digest_of(module.Model.build), digest_of(module.Model.static)]
    assert first[0] != first[1]
    other = load(main=TEXT.replace("return cls(x)", "return cls(-x)"))
    assert digest_of(other.Model.build) != first[0]


def test_callable_objects_count_by_their_class_and_state(module, load):
    first = digest_of(module.Model(1))
    assert first != digest_of(module.Model(2))
    other = load(main=TEXT.replace("return self.fit(x)", "return -self.fit(x)"))
    assert digest_of(other.Model(1)) != first


def test_classes_are_callables(module, load):
    first = digest_of(module.Model)
    other = load(main=TEXT.replace("self.rate = rate", "self.rate = -rate"))
    assert digest_of(other.Model) != first


def test_partials_count_by_function_and_arguments(module, load):
    partials = [
        functools.partial(module.plain, 1),
        functools.partial(module.plain, 2),
        functools.partial(module.plain, a=1),
        functools.partial(functools.partial(module.plain, 1), b=3),
        functools.partial(module.make(1), 1),
    ]
    first = [digest_of(partial) for partial in partials]
    assert len(set(first)) == len(first)
    assert digest_of(functools.partial(module.plain, 1)) == first[0]
    other = load(main=TEXT.replace("return a + b", "return a - b"))
    assert digest_of(functools.partial(other.plain, 1)) != first[0]


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("cached", "def cached(x):\n    return x", "def cached(x):\n    return -x"),
        ("dispatched", "return -x", "return 2 * x"),
        ("dispatched", "def dispatched(x):\n    return x", "def dispatched(x):\n    return 2 * x"),
        ("managed", "yield 1\n\n\ndef uses", "yield 2\n\n\ndef uses"),
        ("uses_managed", "yield 1\n\n\ndef uses", "yield 2\n\n\ndef uses"),
        ("generator", "yield 1\n\n\nasync", "yield 2\n\n\nasync"),
        ("coroutine", "return 1\n", "return 2\n"),
    ],
)
def test_wrappers_of_the_standard_library_are_seen_through(module, load, name, old, new):
    first = digest_of(getattr(module, name))
    assert old in TEXT
    assert digest_of(getattr(load(main=TEXT.replace(old, new)), name)) != first


def test_use_of_a_cached_or_dispatched_function_does_not_count(module):
    before = digest_of(module.cached), digest_of(module.dispatched)
    module.cached(1)
    module.dispatched(1)
    module.dispatched("x")
    assert (digest_of(module.cached), digest_of(module.dispatched)) == before


def test_c_functions_count_by_name():
    functions = [
        len,
        math.sin,
        math.cos,
        np.sin,
        np.cos,
        np.mean,
        operator.add,
        str.upper,
        [].append,
    ]
    functions += ["a".upper, "b".upper, dict.fromkeys, operator.itemgetter(1), int]
    digests = {digest_of(function) for function in functions}
    assert len(digests) == len(functions)
    assert all(not fingerprint_of(function).problems for function in functions)


def test_packages_of_functions_that_are_passed_are_recorded():
    assert fingerprint_of(np.sin).packages == ("numpy",)
    assert fingerprint_of(np.mean).packages == ("numpy",)
    assert fingerprint_of(functools.partial(np.mean, axis=0)).packages == ("numpy",)
    assert fingerprint_of(len).packages == ()


def test_functions_without_source_count_by_bytecode():
    def run(text):
        space = {}
        exec(compile(text, "<typed>", "exec", dont_inherit=True), space)
        return space["f"]

    first = fingerprint_of(run("def f(x):\n    return x + 1"))
    assert first.by_bytecode
    assert first.problems == ()
    assert first.digest == digest_of(run("\n\ndef f(x):\n    return x + 1"))
    assert first.digest != digest_of(run("def f(x):\n    return x + 2"))
    helper = "def h():\n    return {}\ndef f(x):\n    return h()"
    assert digest_of(run(helper.format(1))) != digest_of(run(helper.format(2)))


def test_classes_without_source_count_by_bytecode_and_values():
    def run(text):
        space = {"__name__": "__main__"}
        exec(compile(text, "<typed>", "exec", dont_inherit=True), space)
        return space["C"]

    text = (
        "from dataclasses import dataclass, field\n@dataclass\nclass C:\n    x: int = 1\n"
        "    y: list = field(default_factory=list)\n    def f(self):\n        return 1\n"
    )
    edits = [
        ("x: int", "x: str"),
        ("= 1\n", "= 2\n"),
        ("=list", "=tuple"),
        ("return 1", "return 2"),
    ]
    digests = {digest_of(run(text.replace(*edit))) for edit in edits}
    assert len(digests - {digest_of(run(text))}) == len(edits)


def test_enums_count_by_their_members(load):
    text = (
        "import enum\nclass Color(enum.Enum):\n    RED = 1\n    BLUE = 2\n\n"
        "    def shade(self):\n        return 1\n\ndef job():\n    return Color.RED\n"
    )
    edits = [("BLUE = 2", "BLUE = 3"), ("BLUE", "GREEN"), ("return 1", "return 2")]
    first = digest_of(load(main=text).job)
    digests = {digest_of(load(main=text.replace(*edit)).job) for edit in edits}
    assert len(digests - {first}) == len(edits)


def test_attrs_and_named_tuples_count_by_their_fields(load):
    text = (
        "import attrs\nfrom typing import NamedTuple\n"
        "@attrs.define\nclass A:\n    x: int = 1\n    y: list = attrs.field(factory=list)\n\n"
        "class N(NamedTuple):\n    p: int = 1\n    q: int = 2\n\n"
        "def job():\n    return A(), N()\n"
    )
    edits = [
        ("x: int = 1", "x: int = 2"),
        ("factory=list", "factory=dict"),
        ("attrs.define", "attrs.frozen"),
        ("q: int = 2", "q: int = 3"),
        ("q: int", "r: int"),
    ]
    module = load(main=text)
    first = fingerprint_of(module.job)
    assert not first.by_bytecode
    assert not first.problems
    digests = {digest_of(load(main=text.replace(*edit)).job) for edit in edits}
    assert len(digests - {first.digest}) == len(edits)
