"""Objects of every kind hash by what they hold."""

from __future__ import annotations

import collections
import dataclasses
import datetime as dt
import enum
import functools
import operator
import re
import types
import typing
import uuid
import zoneinfo
from decimal import Decimal
from fractions import Fraction
from pathlib import Path, PurePosixPath

import attrs
import pytest

from weft.errors import SerializationError
from weft.fingerprint.fingerprinter import Fingerprinter


def hashed(value: object) -> bytes:
    return Fingerprinter().value(value)


class Plain:
    def __init__(self, x, y=0):
        self.x = x
        self.y = y


class SamePlain(Plain):
    pass


class Slotted:
    __slots__ = ("x", "y")

    def __init__(self, x):
        self.x = x


class Reduced:
    def __init__(self, x):
        self.x = x
        self.handle = (i for i in ())

    def __reduce__(self):
        return Reduced, (self.x,)


class Hooked:
    def __init__(self, x):
        self.x = x
        self.noise = object()

    def __weft_hash__(self):
        return {"x": self.x}


@dataclasses.dataclass
class Data:
    x: object
    y: object = 0


@dataclasses.dataclass(frozen=True, slots=True)
class FrozenData:
    x: object


@attrs.define
class Attrs:
    x: object


class Point(typing.NamedTuple):
    x: object
    y: object


class Color(enum.Enum):
    RED = 1
    BLUE = 2


class Shade(enum.Enum):
    RED = 1


class Flags(enum.Flag):
    A = 1
    B = 2


class Text(str):
    pass


class Numbers(list):
    pass


class Table(dict):
    pass


class Bag(set):
    pass


UTC = dt.UTC
DISTINCT = [
    *(Plain(1), Plain(2), Plain("1"), SamePlain(1), Plain(1, y=1), Plain([1])),
    *(Slotted(1), Slotted(2), Reduced(1), Reduced(2), Hooked(1), Hooked(2)),
    *(Data(1), Data(2), Data([Data(1)]), FrozenData(1), Attrs(1), Attrs(2)),
    *(Point(1, 2), Point(2, 1), (1, 2), [1, 2]),
    *(Color.RED, Color.BLUE, Shade.RED, Flags.A, Flags.A | Flags.B, 1),
    *(Text("a"), "a", Numbers([1]), [1], Table(a=1), {"a": 1}, Bag({1}), {1}),
    *(collections.OrderedDict(a=1, b=2), collections.OrderedDict(b=2, a=1), {"a": 1, "b": 2}),
    *(collections.defaultdict(list, a=1), collections.defaultdict(set, a=1)),
    *(collections.Counter("aab"), collections.Counter("abb")),
    *(collections.deque([1, 2]), collections.deque([2, 1]), collections.deque([1, 2], 5)),
    *(dt.date(2020, 1, 2), dt.date(2020, 2, 1), dt.time(1, 2), dt.time(1, 2, fold=1)),
    *(dt.datetime(2020, 1, 2), dt.datetime(2020, 1, 2, tzinfo=UTC)),
    dt.datetime(2020, 1, 2, tzinfo=dt.timezone(dt.timedelta(hours=1))),
    dt.datetime(2020, 1, 2, tzinfo=zoneinfo.ZoneInfo("UTC")),
    *(dt.timedelta(1), dt.timedelta(0, 1), UTC),
    *(Decimal("1.0"), Decimal("1.00"), Decimal("NaN"), Fraction(1, 2), Fraction(1, 3)),
    *(uuid.UUID(int=1), uuid.UUID(int=2), range(3), range(4), range(1, 3), slice(1), slice(1, 2)),
    *(PurePosixPath("a"), PurePosixPath("a/b"), "a/b"),
    *(re.compile("a"), re.compile("b"), re.compile("a", re.IGNORECASE), re.compile(b"a")),
    *(ValueError("a"), ValueError("b"), KeyError("a")),
    *(list[int], list[str], int | str, int | None, int, str),
    *(operator.itemgetter(1), operator.itemgetter(2), functools.partial(int, base=2)),
    functools.partial(int, base=3),
    *(types.SimpleNamespace(a=1), types.SimpleNamespace(a=2)),
    *(len, "a".upper, "b".upper, memoryview),
]


def test_objects_that_differ_hash_differently():
    by_hash = collections.defaultdict(list)
    for value in DISTINCT:
        by_hash[hashed(value)].append(value)
    assert [values for values in by_hash.values() if len(values) > 1] == []


@pytest.mark.parametrize(
    "make",
    [
        lambda: Plain([1, {"a": 2}]),
        lambda: Slotted(1),
        lambda: Reduced(1),
        lambda: Hooked(1),
        lambda: Data(1, y=[2]),
        lambda: FrozenData("x"),
        lambda: Attrs(1),
        lambda: Point(1, [2]),
        lambda: Text("a"),
        lambda: Numbers([1]),
        lambda: Bag("abcdef"),
        lambda: collections.OrderedDict(a=1),
        lambda: collections.defaultdict(list, a=[1]),
        lambda: dt.datetime(2020, 1, 2, 3, 4, 5, 6, tzinfo=UTC),
        lambda: re.compile("a+"),
        lambda: range(3),
        lambda: types.MappingProxyType({"a": 1}),
        lambda: ValueError("a"),
        lambda: object(),
    ],
)
def test_objects_made_twice_hash_the_same(make):
    assert hashed(make()) == hashed(make())


def test_equal_ranges_are_equal():
    assert hashed(range(0, 3, 2)) == hashed(range(0, 4, 2))
    assert hashed(range(0)) == hashed(range(5, 5))


def test_paths_count_by_their_text():
    assert hashed(Path("a/b")) == hashed(PurePosixPath("a/b"))


def test_the_order_in_which_attributes_were_set_does_not_count():
    one, other = Plain(1, 2), Plain.__new__(Plain)
    other.y, other.x = 2, 1
    assert hashed(one) == hashed(other)


def test_objects_may_refer_to_each_other():
    def family():
        parent, child = Plain(1), Plain(2)
        parent.child, child.parent = child, parent
        return parent

    assert hashed(family()) == hashed(family())


def test_temporaries_of_the_walk_are_never_confused():
    class Fresh:
        def __init__(self, x):
            self.x = x

        def __reduce__(self):
            return Fresh, ([self.x],)

    values = [Fresh(i) for i in range(300)]
    assert len({hashed(value) for value in values}) == 300
    assert hashed(values) != hashed([*values[:-1], Fresh(0)])


def test_objects_whose_hook_gives_something_unhashable_are_refused():
    with pytest.raises(SerializationError):
        hashed(Hooked(i for i in ()))
