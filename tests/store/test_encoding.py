from __future__ import annotations

import pickle
import threading
from collections import namedtuple
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weft.errors import SerializationError
from weft.model.promise import Promise
from weft.store.objects import INLINE_LIMIT, decode, encode

Pair = namedtuple("Pair", "left right")


@dataclass
class Holder:
    content: object


class Refuses:
    def __reduce__(self):
        raise ValueError("not me")


class Slotted:
    __slots__ = ("lock",)

    def __init__(self) -> None:
        self.lock = threading.Lock()


leaves = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary(max_size=100)
)
values = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(st.text(), inner)
        | st.tuples(inner, inner)
        | st.builds(Holder, inner)
    ),
    max_leaves=20,
)


@settings(deadline=None, max_examples=100)
@given(values)
def test_what_is_encoded_comes_back_equal(value):
    encoded = encode(value)
    assert encoded.inline is not None
    assert decode(encoded.inline) == value


@settings(deadline=None, max_examples=50)
@given(values, st.lists(st.integers(), min_size=3, max_size=3))
def test_holes_are_filled_in_the_order_of_their_promises(value, fillings):
    names = ["a", "b", "c"]
    places = {name: Promise(name, "t") for name in names}
    promised: list[str] = []
    encoded = encode([value, places["b"], {"x": (places["a"], places["b"])}, places["c"]], promised)
    assert sorted(promised) == names
    by_name = dict(zip(names, fillings, strict=True))
    found = decode(encoded.inline, [by_name[name] for name in promised])
    assert found == [value, by_name["b"], {"x": (by_name["a"], by_name["b"])}, by_name["c"]]


def test_a_small_value_is_one_plain_pickle():
    encoded = encode(np.arange(4))
    assert encoded.buffers == ()
    assert list(pickle.loads(encoded.inline)) == [0, 1, 2, 3]
    assert encoded.size == len(encoded.inline)


def test_the_limit_divides_inline_values_from_files():
    overhead = len(encode(b"").inline) + 10
    assert encode(bytes(INLINE_LIMIT - overhead)).inline is not None
    assert encode(bytes(INLINE_LIMIT)).inline is None


def test_a_large_array_is_not_copied():
    array = np.zeros(100_000)
    encoded = encode({"data": array})
    assert encoded.inline is None
    assert np.shares_memory(np.frombuffer(encoded.buffers[0], dtype=float), array)


def test_small_arrays_come_back_writable():
    array = decode(encode(np.zeros(3)).inline)
    array[0] = 1
    assert array[0] == 1


@pytest.mark.parametrize(
    "array",
    [np.zeros((300, 300))[::2, ::3], np.asfortranarray(np.ones((200, 200))), np.zeros((0, 3))],
    ids=["strided", "fortran", "empty"],
)
def test_arrays_of_any_layout_come_back(array, tmp_path):
    from weft.store.objects import Objects

    objects = Objects(tmp_path)
    encoded = encode([array, "x"])
    objects.write(b"k" * 20, encoded)
    assert np.array_equal(objects.load(b"k" * 20)[0], array)


def test_functions_without_a_name_are_kept_by_value():
    offset = 3
    assert decode(encode(lambda x: x + offset).inline)(4) == 7


def test_a_promise_is_refused_where_no_job_may_promise():
    with pytest.raises(SerializationError, match="promise of job 'b'"):
        encode([1, Promise("b", "t")])


def test_text_that_only_looks_like_a_promise_is_kept():
    assert decode(encode("weft.model.promise").inline) == "weft.model.promise"


def test_a_lambda_beside_a_promise_is_kept():
    promised: list[str] = []
    encoded = encode([lambda: 5, Promise("a", "t")], promised)
    function, filled = decode(encoded.inline, ["here"])
    assert (function(), filled, promised) == (5, "here", ["a"])


@pytest.mark.parametrize(
    ("value", "part"),
    [
        ({"a": [1, threading.Lock()]}, "value['a'][1], of type _thread.lock"),
        (Holder(Pair(1, Refuses())), "value.content[1], of type"),
        ([Slotted()], "value[0].lock, of type _thread.lock"),
        (Pair(1, (n for n in [])), "value[1], of type generator"),
    ],
)
def test_what_cannot_be_pickled_is_named_with_its_path(value, part):
    with pytest.raises(SerializationError) as caught:
        encode(value)
    assert part in str(caught.value)


def test_a_value_nested_too_deeply_says_so():
    value: list = []
    for _ in range(100_000):
        value = [value]
    with pytest.raises(SerializationError, match="nested too deeply"):
        encode(value)


def test_a_value_whose_class_is_gone_is_an_error_with_a_cure():
    data = encode(Holder(1)).inline.replace(b"Holder", b"Hidden")
    with pytest.raises(SerializationError, match="can't be read back") as caught:
        decode(data)
    assert "moved or renamed" in caught.value.cure
