"""Arrays and tables hash by type, shape and content."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pandas as pd
import pytest

from weft.fingerprint.fingerprinter import Fingerprinter


def hashed(value: object) -> bytes:
    return Fingerprinter().value(value)


def structured(byte: int) -> np.ndarray:
    """Two fields with padding between them, which is filled with garbage."""
    dtype = np.dtype([("a", "u1"), ("b", "f8")], align=True)
    array = np.frombuffer(bytearray([byte]) * (3 * dtype.itemsize), dtype).copy()
    raw = array.view("u1")
    raw[:] = byte
    array["a"] = [1, 2, 3]
    array["b"] = [4, 5, 6]
    return array


ARRAYS = {
    "floats": np.arange(6.0),
    "floats of another size": np.arange(6.0, dtype="f4"),
    "integers": np.arange(6),
    "other byte order": np.arange(6.0).astype(">f8"),
    "shape": np.arange(6.0).reshape(2, 3),
    "other shape": np.arange(6.0).reshape(3, 2),
    "transposed": np.arange(6.0).reshape(2, 3).T,
    "one element": np.array([0.0, 1, 2, 3, 4, 6]),
    "empty": np.zeros(0),
    "empty with a shape": np.zeros((0, 3)),
    "zero-dimensional": np.array(1.0),
    "scalar": np.float64(1.0),
    "other scalar": np.float32(1.0),
    "bool scalar": np.True_,
    "float": 1.0,
    "list": [0.0, 1.0, 2.0, 3.0, 4.0, 5.0],
    "texts": np.array(["a", "b"]),
    "objects": np.array(["a", "b"], dtype=object),
    "other objects": np.array(["a", [1]], dtype=object),
    "dates": np.array(["2020-01-01"], dtype="M8[D]"),
    "dates of another unit": np.array(["2020-01-01"], dtype="M8[s]"),
    "durations": np.array([1], dtype="m8[D]"),
    "structured": structured(0),
    "matrix": np.arange(6.0).reshape(2, 3).view(np.matrix),
    "masked": np.ma.array([1.0, 2.0], mask=[True, False]),
    "otherwise masked": np.ma.array([1.0, 2.0], mask=[False, True]),
    "dtype": np.dtype("f8"),
    "other dtype": np.dtype("f4"),
    "structured dtype": np.dtype([("a", "u1")]),
    "function": np.sin,
    "other function": np.cos,
    "random generator": np.random.default_rng(1),
    "other random generator": np.random.default_rng(2),
}


def test_arrays_that_differ_hash_differently():
    assert len({hashed(array) for array in ARRAYS.values()}) == len(ARRAYS)


@pytest.mark.parametrize("name", ARRAYS)
def test_copies_of_arrays_hash_the_same(name):
    import copy

    assert hashed(ARRAYS[name]) == hashed(copy.deepcopy(ARRAYS[name]))


def test_layout_in_memory_does_not_count():
    array = np.arange(24.0).reshape(4, 6)
    strided = np.zeros((8, 12))[::2, ::2]
    strided[:] = array
    assert hashed(array) == hashed(strided)
    assert hashed(array[::-1][::-1]) == hashed(array)


def test_large_arrays_that_are_not_contiguous_hash_the_same_in_chunks():
    array = np.arange(3_000_000.0).reshape(3000, 1000)
    strided = np.zeros((6000, 2000))[::2, ::2]
    strided[:] = array
    assert hashed(strided) == hashed(array)


def test_the_order_in_memory_counts_as_sums_depend_on_it():
    array = np.arange(24.0).reshape(4, 6)
    assert hashed(np.asfortranarray(array)) != hashed(array)
    assert hashed(np.asfortranarray(array)) == hashed(array.copy(order="F"))
    assert hashed(np.asfortranarray(array[:1])) == hashed(array[:1])


def test_padding_of_structured_arrays_does_not_count():
    assert hashed(structured(0)) == hashed(structured(255))


def test_masked_values_do_not_count():
    mask = [True, False]
    assert hashed(np.ma.array([1.0, 2.0], mask=mask)) == hashed(np.ma.array([9.0, 2.0], mask=mask))


def test_arrays_mapped_from_files_count_like_others(tmp_path):
    array = np.arange(10.0)
    np.save(tmp_path / "a.npy", array)
    assert hashed(np.load(tmp_path / "a.npy", mmap_mode="r")) == hashed(array)


def test_large_arrays_are_not_copied():
    array = np.zeros(20_000_000, dtype="u1")
    hashed(array)
    tracemalloc.start()
    hashed({"data": array})
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1_000_000


def test_elements_of_object_arrays_may_be_anything():
    inner = np.array([1.0])
    outer = np.empty(2, dtype=object)
    outer[:] = [inner, {"a": inner}]
    other = outer.copy()
    other[1] = {"a": np.array([2.0])}
    assert hashed(outer) != hashed(other)


FRAME = {"a": [1, 2], "b": ["x", "y"]}
STAMPS = pd.DatetimeIndex(["2020-01-01", "2020-01-02"])
TABLES = {
    "frame": lambda: pd.DataFrame(FRAME),
    "one value": lambda: pd.DataFrame({"a": [1, 3], "b": ["x", "y"]}),
    "column name": lambda: pd.DataFrame({"a": [1, 2], "c": ["x", "y"]}),
    "column order": lambda: pd.DataFrame(FRAME)[["b", "a"]],
    "column type": lambda: pd.DataFrame({"a": [1.0, 2.0], "b": ["x", "y"]}),
    "index": lambda: pd.DataFrame(FRAME, index=["p", "q"]),
    "series": lambda: pd.Series([1, 2]),
    "named series": lambda: pd.Series([1, 2], name="a"),
    "integers with gaps": lambda: pd.Series([1, None], dtype="Int64"),
    "floats with gaps": lambda: pd.Series([1, None]),
    "categories": lambda: pd.Series(["x", "y"], dtype="category"),
    "ordered categories": lambda: pd.Series(pd.Categorical(["x", "y"], ordered=True)),
    "dates": lambda: pd.Series(STAMPS),
    "dates with a zone": lambda: pd.Series(STAMPS.tz_localize("UTC")),
    "date index": lambda: STAMPS,
    "plain index": lambda: pd.Index([1, 2]),
    "range index": lambda: pd.RangeIndex(2),
    "levels": lambda: pd.MultiIndex.from_product([[1, 2], ["a"]]),
    "other levels": lambda: pd.MultiIndex.from_product([[1, 3], ["a"]]),
    "intervals": lambda: pd.Series(pd.interval_range(0, 2)),
    "periods": lambda: pd.Series(pd.period_range("2020", periods=2, freq="M")),
    "stamp": lambda: pd.Timestamp("2020-01-01"),
    "zoned stamp": lambda: pd.Timestamp("2020-01-01", tz="UTC"),
    "missing": lambda: pd.NA,
    "no time": lambda: pd.NaT,
}


def test_tables_that_differ_hash_differently():
    assert len({hashed(make()) for make in TABLES.values()}) == len(TABLES)


@pytest.mark.parametrize("name", TABLES)
def test_tables_made_twice_hash_the_same(name):
    assert hashed(TABLES[name]()) == hashed(TABLES[name]())


def test_tables_hash_by_content_not_by_how_they_were_made():
    frame = pd.DataFrame(FRAME)
    grown = pd.DataFrame({"a": [1, 2]})
    grown["b"] = ["x", "y"]
    assert hashed(grown) == hashed(frame)
    assert hashed(pd.DataFrame({"z": [0, 0], **FRAME}).drop(columns="z")) == hashed(frame)
