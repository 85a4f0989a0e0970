"""What is kept of calls, so that they can be made by a process without the script."""

from __future__ import annotations

import pickle
from functools import partial

import numpy as np
import pytest

from weft.graph.keeping import (
    CHUNK_JOBS,
    KEPT_BYTES,
    Kept,
    Unkept,
    keep,
    keep_calls,
    keep_function,
    keep_options,
    kept_calls,
    names_main,
    options_of,
)
from weft.model.job import Command, FullJob, Job
from weft.model.promise import Promise
from weft.model.resources import DEFAULT_OPTIONS, Options

COMMAND = Command("f", None)


def outer():
    def inner():
        pass

    return inner


class Box:
    def __init__(self, value):
        self.value = value

    def get(self):
        return self.value


class Stubborn:
    def __reduce__(self):
        raise RuntimeError("not me")


def of_main(name="function"):
    """A function and a class that say to be defined in the script."""

    def function():
        pass

    function.__module__ = "__main__"
    function.__qualname__ = name
    return function


@pytest.mark.parametrize(
    ("function", "kept"),
    [
        (len, "builtins:len"),
        (outer, f"{__name__}:outer"),
        (Box, f"{__name__}:Box"),
        (Box.get, f"{__name__}:Box.get"),
        (outer(), Unkept.NAMELESS),
        (lambda: 1, Unkept.NAMELESS),
        (of_main(), Unkept.OF_SCRIPT),
        (partial(len), pickle.dumps(partial(len), 5)),
        (partial(lambda: 1), Unkept.UNPICKLABLE),
    ],
)
def test_functions_go_by_name_and_other_callables_by_pickle(function, kept):
    assert keep_function(function) == kept


def test_a_method_goes_with_its_object():
    kept = keep_function(Box(3).get)
    assert isinstance(kept, bytes)
    assert pickle.loads(kept)() == 3


def test_what_was_replaced_in_its_module_goes_not_by_name(monkeypatch):
    before = outer
    monkeypatch.setitem(globals(), "outer", len)
    assert keep_function(before) is Unkept.NAMELESS


def test_large_values_are_not_copied_to_find_out_how_large_they_are():
    array = np.zeros(KEPT_BYTES, dtype=np.uint8)
    assert keep([array]) is Unkept.TOO_LARGE
    assert isinstance(keep([array[:100].copy()]), bytes)


def test_what_raises_when_pickled_is_not_kept():
    assert keep(Stubborn()) is Unkept.UNPICKLABLE


def test_references_to_main_are_told_from_texts(monkeypatch):
    monkeypatch.setattr(Box, "__module__", "__main__")
    monkeypatch.setattr("__main__.Box", Box, raising=False)
    assert keep([Box(1)]) is Unkept.OF_SCRIPT
    assert keep([Box, "a", Box]) is Unkept.OF_SCRIPT
    assert names_main(pickle.dumps(["__main__", Box]))
    assert isinstance(keep(["__main__", {"__main__": "Box"}, len]), bytes)


def test_options_are_read_without_what_they_refer_to():
    options = Options().but(timeout=3, tags=["a", "b"], retry_on=OSError, ignore="x")
    plain, others = keep_options(options)
    assert plain == {"timeout": 3, "tags": ("a", "b"), "ignore": ("x",)}
    assert options_of(plain) == Options().but(timeout=3, tags=["a", "b"], ignore="x")
    assert isinstance(others, bytes)
    assert options_of({**plain, **pickle.loads(others)}) == options
    assert keep_options(DEFAULT_OPTIONS) == ({}, None)
    assert keep_options(Options().but(uses=lambda: 1))[1] is Unkept.UNPICKLABLE


def test_options_of_a_later_weft_are_left_out():
    assert options_of({"cores": 2, "colour": "red"}) == Options(cores=2)


def full(name, args, kwargs=None, arguments=b"hash"):
    return FullJob(name, COMMAND, args, 0, kwargs=kwargs, arguments=arguments)


def test_calls_come_back_as_they_were():
    jobs = [
        Job("plain", COMMAND, (1, "a", None), 0),
        full("flat", (Promise("plain", "t"), 2), {"x": 1.5}, arguments=None),
        full("structured", ([1, {2}],), {"x": {"y": Promise("plain", "t")}}),
        full("large", ([1] * KEPT_BYTES,)),
        full("known to be large", ([1],)),
        Job("large plain", COMMAND, ("x" * KEPT_BYTES,), 0),
    ]
    (chunk,) = keep_calls(jobs, frozenset({"known to be large"}))
    plain, flat, structured, *large = kept_calls(chunk)
    assert plain == ((1, "a", None), None)
    assert flat == ((Promise("plain", "t"), 2), {"x": 1.5})
    assert isinstance(structured, bytes)
    assert pickle.loads(structured)[0] == ([1, {2}],)
    assert large == [Unkept.TOO_LARGE] * 3


def test_many_calls_go_in_chunks_and_some_can_be_left_out():
    jobs = [Job(f"j{n}", COMMAND, (n,), n) for n in range(CHUNK_JOBS + 1)]
    chunks = keep_calls(jobs)
    assert len(chunks) == 2
    kept = Kept((), [(job.id, bytes([n % 256])) for n, job in enumerate(jobs)], chunks)
    assert kept.call("j128") == ((128,), None)
    assert kept.call("another") is Unkept.OLD
    assert kept.definition("j3") == b"\x03"
    assert kept.chunks_of([job.id for job in jobs]) is chunks
    (left,) = kept.chunks_of(["j5", "j128", "another"])
    assert kept_calls(left) == [((5,), None), ((128,), None), Unkept.OLD]
