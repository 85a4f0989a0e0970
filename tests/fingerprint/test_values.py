"""Equal values hash the same, different ones differently, in any process."""

from __future__ import annotations

import math
import socket
import threading
import warnings
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weft.errors import SerializationError
from weft.fingerprint.fingerprinter import Fingerprinter
from weft.fingerprint.values import UnstableHashWarning
from weft.model.promise import Promise


def hashed(value: object) -> bytes:
    return Fingerprinter().value(value)


SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.complex_numbers(allow_nan=False),
    st.text(max_size=8),
    st.binary(max_size=8),
)
HASHABLE = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(tuple), st.frozensets(inner, max_size=3)
    ),
    max_leaves=6,
)
VALUES = st.recursive(
    HASHABLE,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.dictionaries(HASHABLE, inner, max_size=4),
        st.sets(HASHABLE, max_size=4),
    ),
    max_leaves=12,
)


def canonical(value: Any) -> Any:
    """A typed notation whose equality is what equality of hashes has to be."""
    kind = type(value).__name__
    if isinstance(value, (list, tuple)):
        return kind, tuple(canonical(item) for item in value)
    if isinstance(value, (set, frozenset)):
        return kind, frozenset(canonical(item) for item in value)
    if isinstance(value, dict):
        return kind, tuple((canonical(key), canonical(item)) for key, item in value.items())
    return kind, repr(value)


def copied(value: Any) -> Any:
    """An equal value that shares nothing, with its sets built in another order."""
    if isinstance(value, (list, tuple)):
        return type(value)(copied(item) for item in value)
    if isinstance(value, (set, frozenset)):
        return type(value)(copied(item) for item in reversed(list(value)))
    if isinstance(value, dict):
        return {copied(key): copied(item) for key, item in value.items()}
    return value


@settings(deadline=None)
@given(VALUES)
def test_equal_values_hash_the_same(value):
    assert hashed(value) == hashed(copied(value))


@settings(deadline=None, max_examples=200)
@given(VALUES, VALUES)
def test_hashes_are_equal_exactly_if_values_and_types_are(one, other):
    assert (hashed(one) == hashed(other)) == (canonical(one) == canonical(other))


@settings(deadline=None)
@given(st.lists(VALUES, min_size=2, max_size=6))
def test_nesting_has_boundaries(items):
    split = len(items) // 2
    shapes = [items, [items], [items[:split], items[split:]], [*items, []], [[], *items]]
    by_notation = {canonical(shape) for shape in shapes}
    assert len({hashed(shape) for shape in shapes}) == len(by_notation)


def test_types_are_distinguished():
    values = [1, True, 1.0, "1", b"1", 1 + 0j, bytearray(b"1"), [1], (1,), {1}, frozenset({1})]
    values += [
        {1: None},
        None,
        0,
        False,
        0.0,
        -0.0,
        "",
        b"",
        [],
        (),
        {},
        set(),
        ...,
        NotImplemented,
    ]
    assert len({hashed(value) for value in values}) == len(values)


def test_text_boundaries_are_distinguished():
    values = [["ab", "c"], ["a", "bc"], ["abc"], ["a", "b", "c"], ["", "abc"], ["s1:a"], ["a", "s"]]
    assert len({hashed(value) for value in values}) == len(values)


def test_special_numbers_and_texts_hash():
    assert hashed(math.nan) == hashed(-math.nan) == hashed(float("nan"))
    assert hashed(0.0) != hashed(-0.0)
    assert hashed(10**10_000) != hashed(10**10_000 + 1)
    assert hashed(-255) != hashed(255)
    assert hashed("\ud800") != hashed("?")


@pytest.mark.parametrize("kind", [bytes, bytearray])
def test_long_contents_hash(kind):
    first, second = kind(100_000), kind(99_999) + b"x"
    assert hashed(first) == hashed(kind(100_000)) != hashed(second)
    assert hashed("x" * 100_000) != hashed("x" * 99_999 + "y")


def test_the_order_of_a_dictionary_counts():
    assert hashed({"a": 1, "b": 2}) != hashed({"b": 2, "a": 1})


def test_one_object_in_two_places_is_not_two_equal_ones_if_it_can_be_changed():
    part, constant = [1, 2], (1, 2)
    assert hashed([part, part]) != hashed([[1, 2], [1, 2]])
    assert hashed([part, part]) == hashed([[*part]] * 2)
    assert hashed([constant, constant]) == hashed([(1, 2), (1, 2)])


def test_widely_shared_parts_take_linear_time():
    value: Any = []
    for _ in range(200):
        value = [value, value]
    assert hashed(value) != hashed([value])


def test_cycles_hash_and_are_told_apart():
    def ring(content: object) -> list[Any]:
        ring: list[Any] = [content]
        ring.append({"back": ring})
        return ring

    assert hashed(ring(1)) == hashed(ring(1)) != hashed(ring(2))
    loop: list[Any] = []
    loop.append(loop)
    assert hashed(loop) != hashed([[]])


def test_shared_parts_beside_a_cycle_take_linear_time():
    value: Any = []
    for _ in range(100):
        value = [value, value]
    root: list[Any] = []
    root += [root, value]
    assert hashed(root) == hashed(root)


def test_a_dense_web_of_references_is_hashed_by_its_pickle_and_says_so():
    nodes: list[list[Any]] = [[] for _ in range(12)]
    for node in nodes:
        node.extend(nodes)
    fingerprinter = Fingerprinter()
    with pytest.warns(UnstableHashWarning, match="list was hashed by its pickle"):
        first = fingerprinter.value(nodes)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert fingerprinter.value(nodes) == first


def test_very_deep_nesting_is_refused_with_words():
    value: Any = []
    for _ in range(100_000):
        value = [value]
    with pytest.raises(SerializationError, match="nested too deeply"):
        hashed(value)
    while value:
        value = value.pop()


def test_the_place_of_what_cannot_be_hashed_is_named():
    class Model:
        def __init__(self) -> None:
            self.lock = threading.Lock()

    class Slotted:
        __slots__ = ("handle",)

    slotted = Slotted()
    slotted.handle = (i for i in ())
    cases = {
        "args[0]['model'].lock": ([{"model": Model()}], "_thread.lock"),
        "args[1].handle": ((0, slotted), "generator"),
        "args['a'][2]": ({"a": (1, 2, threading.RLock())}, "RLock"),
        "args": (threading.Lock(), "_thread.lock"),
    }
    for place, (value, kind) in cases.items():
        with pytest.raises(SerializationError) as caught:
            Fingerprinter().value(value, name="args")
        assert caught.value.title.startswith(place + " ")
        assert kind in caught.value.facts["type"]


def test_open_handles_are_refused(tmp_path):
    with (tmp_path / "file").open("w") as file, socket.socket() as link:
        for value in (file, link):
            with pytest.raises(SerializationError):
                hashed([value])


def test_promises_become_numbered_holes():
    first, second = Promise("a", None), Promise("b", None)
    numbers = {"a": 0, "b": 1}
    fingerprinter = Fingerprinter()

    def with_holes(value: object) -> bytes:
        return fingerprinter.value(value, lambda promise: numbers[promise.job_id])

    values = [first, second, [first], [second], [first, second], [second, first], 0]
    assert len({with_holes(value) for value in values}) == len(values)
    assert with_holes({first: second}) != with_holes({second: first})


def test_promises_in_sets_are_numbered_in_the_order_of_their_jobs():
    numbers: dict[str, int] = {}

    def number(promise: Promise[Any]) -> int:
        return numbers.setdefault(promise.job_id, len(numbers))

    Fingerprinter().value({Promise(f"job-{i}", None) for i in "dbca"}, number)
    assert list(numbers) == ["job-a", "job-b", "job-c", "job-d"]


def test_a_promise_without_a_number_is_refused():
    with pytest.raises(SerializationError, match=r"value\['x'\] is a promise"):
        hashed({"x": Promise("a", None)})


def test_functions_in_values_count_by_their_code(load):
    first = hashed([load(main="def f(x):\n    return x\n").f])
    same = hashed([load(main="# moved\n\ndef f(x):\n    return x\n").f])
    other = hashed([load(main="def f(x):\n    return -x\n").f])
    assert first == same != other
    assert hashed(len) != hashed(abs)


def test_instances_in_values_count_by_state_and_by_the_code_of_their_class(load):
    text = "class C:\n    def __init__(self, x):\n        self.x = x\n"
    module = load(main=text)
    first = hashed(module.C(1))
    assert first == hashed(module.C(1)) != hashed(module.C(2))
    assert hashed(load(main=text + "\n    def more(self):\n        return 1\n").C(1)) != first
    assert hashed(load(main=text + "\n    # a comment\n").C(1)) == first


def test_the_fingerprinter_remembers_no_values():
    fingerprinter = Fingerprinter()
    value = [1]
    first = fingerprinter.value(value)
    value.append(2)
    assert fingerprinter.value(value) != first
