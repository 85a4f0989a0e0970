"""Rows of the table: objects of classes, and of classes that hold data."""

from __future__ import annotations

from tests.fingerprint.rows import HELPER, helped, row

CLASSES = (
    row(
        "class with ABC",
        helped(
            "from abc import ABC, abstractmethod\n\n"
            "class Base(ABC):\n    @abstractmethod\n    def run(self, x): ...\n"
            "    def shared(self):\n        return 1\n\n"
            "class Impl(Base):\n    def __init__(self, k):\n        self.k = k\n"
            "    def run(self, x):\n        return helper(x) * self.k + self.shared()\n\n"
            "VALUE = Impl(2)\n"
        ),
        ("Impl(2)", "Impl(3)"),
        ("* self.k", "+ self.k"),
        ("return 1", "return 2"),
        HELPER,
    ),
    row(
        "callable class with ABC",
        "from collections.abc import Callable\n\n"
        "class Job(Callable):\n    def __init__(self, k):\n        self.k = k\n"
        "    def __call__(self, x=0):\n        return x + self.k\n\nVALUE = Job(1)\n",
        ("Job(1)", "Job(2)"),
        ("x + self.k", "x * self.k"),
    ),
    row(
        "context manager",
        "from contextlib import AbstractContextManager\n\n"
        "class Open(AbstractContextManager):\n    def __init__(self, k):\n        self.k = k\n"
        "    def __exit__(self, *error):\n        return None\n\nVALUE = Open(1)\n",
        ("Open(1)", "Open(2)"),
        ("return None", "return True"),
    ),
    row(
        "path-like",
        "import os\n\nclass Place(os.PathLike):\n    def __init__(self, k):\n        self.k = k\n"
        "    def __fspath__(self):\n        return f'/{self.k}'\n\nVALUE = Place(1)\n",
        ("Place(1)", "Place(2)"),
        ("f'/{", "f'//{"),
    ),
    row(
        "logger of one's own",
        "import logging\n\nclass Loud(logging.Handler):\n    def __init__(self, k):\n"
        "        super().__init__()\n        self.k = k\n"
        "    def emit(self, record):\n        print(self.k)\n\nVALUE = Loud(1)\n",
        ("print(self.k)", "print(-self.k)"),
    ),
    row(
        "class with slots",
        "class Point:\n    __slots__ = ('x', 'y')\n    def __init__(self, x):\n        self.x = x\n"
        "    def norm(self):\n        return abs(self.x)\n\nVALUE = Point(1)\n",
        ("Point(1)", "Point(2)"),
        ("abs(self.x)", "-self.x"),
    ),
    row(
        "slots of a base and a dict beside",
        "class Base:\n    __slots__ = ('x',)\n\nclass Point(Base):\n    pass\n\n"
        "VALUE = Point()\nVALUE.x = 1\nVALUE.y = 2\n",
        ("VALUE.x = 1", "VALUE.x = 3"),
        ("VALUE.y = 2", "VALUE.y = 3"),
    ),
    row(
        "a property",
        "class Model:\n    def __init__(self, k):\n        self._k = k\n    @property\n"
        "    def k(self):\n        return self._k + 1\n\nVALUE = Model(1)\n",
        ("self._k + 1", "self._k + 2"),
        ("Model(1)", "Model(3)"),
        use="VALUE.k",
    ),
    row(
        "a cached property",
        "import functools\n\nclass Model:\n    def __init__(self, k):\n        self.k = k\n"
        "    @functools.cached_property\n    def square(self):\n        return self.k ** 2\n\n"
        "VALUE = Model(1)\n",
        ("self.k ** 2", "self.k ** 3"),
        ("Model(1)", "Model(2)"),
        use="VALUE.square",
    ),
    row(
        "a descriptor",
        "class Positive:\n    def __init__(self, low):\n        self.low = low\n"
        "    def __get__(self, owner, kind):\n        return max(self.low, 5)\n"
        "    def __set__(self, owner, value):\n        pass\n\n"
        "class Model:\n    k = Positive(1)\n\nVALUE = Model()\n",
        ("Positive(1)", "Positive(2)"),
        ("max(self.low, 5)", "min(self.low, 5)"),
        use="VALUE.k",
    ),
    row(
        "a class attribute",
        "class Model:\n    rates = [1, 2]\n    def use(self):\n        return self.rates\n\n"
        "VALUE = Model()\n",
        ("[1, 2]", "[1, 3]"),
    ),
    row(
        "a metaclass",
        "class Meta(type):\n    def size(cls):\n        return 1\n\n"
        "class Model(metaclass=Meta):\n    pass\n\nVALUE = Model()\n",
        ("return 1", "return 2"),
    ),
    row(
        "a class itself",
        "class Model:\n    k = 1\n    def use(self):\n        return self.k\n\nVALUE = Model\n",
        ("k = 1", "k = 2"),
        ("return self.k", "return -self.k"),
    ),
    row(
        "an object with __getstate__",
        "class Model:\n    def __init__(self, k):\n        self.k = k\n"
        "    def __getstate__(self):\n        return {'k': self.k}\n\nVALUE = Model(1)\n",
        ("Model(1)", "Model(2)"),
    ),
    row(
        "an object with __reduce__",
        "class Model:\n    def __init__(self, k):\n        self.k = k\n"
        "    def __reduce__(self):\n        return Model, (self.k,)\n\nVALUE = Model(1)\n",
        ("Model(1)", "Model(2)"),
    ),
    row(
        "an object with __weft_hash__",
        "class Model:\n    def __init__(self, k):\n        self.k = k\n"
        "    def __weft_hash__(self):\n        return self.k\n\nVALUE = Model(1)\n",
        ("Model(1)", "Model(2)"),
    ),
    row(
        "attributes set from outside",
        "class Model:\n    pass\n\nVALUE = Model()\nVALUE.k = 1\n",
        ("VALUE.k = 1", "VALUE.k = 2"),
    ),
    row(
        "a method monkeypatched on the object",
        "class Model:\n    def run(self):\n        return 1\n\n"
        "VALUE = Model()\nVALUE.run = lambda: 2\n",
        ("lambda: 2", "lambda: 3"),
    ),
)

DATA = (
    row(
        "dataclass",
        helped(
            "from dataclasses import dataclass\n\n@dataclass\nclass D:\n    a: int = 1\n"
            "    def use(self):\n        return helper(self.a)\n\nVALUE = D(2)\n"
        ),
        ("D(2)", "D(3)"),
        ("helper(self.a)", "-helper(self.a)"),
        HELPER,
    ),
    row(
        "dataclass with state",
        "from dataclasses import dataclass\n\n@dataclass\nclass D:\n    a: int = 1\n"
        "    def fit(self, x):\n        self.coef_ = x\n        return self\n\n"
        "VALUE = D(1).fit(2)\n",
        ("fit(2)", "fit(3)"),
    ),
    row(
        "dataclass that is a list",
        "from dataclasses import dataclass\n\n@dataclass\nclass D(list):\n    a: int = 1\n\n"
        "VALUE = D(1)\nVALUE.append(2)\n",
        ("append(2)", "append(3)"),
    ),
    row(
        "dataclass that is a dict",
        "from dataclasses import dataclass\n\n@dataclass\nclass D(dict):\n    a: int = 1\n\n"
        "VALUE = D(1)\nVALUE['x'] = 2\n",
        ("= 2", "= 3"),
    ),
    row(
        "dataclass on a plain base with state",
        "from dataclasses import dataclass\n\nclass Base:\n    def set(self, k):\n"
        "        self.k = k\n        return self\n\n@dataclass\nclass D(Base):\n    a: int = 1\n\n"
        "VALUE = D(1).set(2)\n",
        ("set(2)", "set(3)"),
    ),
    row(
        "dataclass with an InitVar",
        "from dataclasses import InitVar, dataclass\n\n@dataclass\nclass D:\n    a: int\n"
        "    seed: InitVar[int] = 0\n    def __post_init__(self, seed):\n        self.k = seed\n\n"
        "VALUE = D(1, 2)\n",
        ("D(1, 2)", "D(1, 3)"),
    ),
    row(
        "frozen dataclass with slots",
        "from dataclasses import dataclass\n\n@dataclass(frozen=True, slots=True)\nclass D:\n"
        "    a: int = 1\n\nVALUE = D(1)\n",
        ("D(1)", "D(2)"),
    ),
    row(
        "slotted dataclass on a base with a dict",
        "from dataclasses import dataclass\n\nclass Base:\n    pass\n\n@dataclass(slots=True)\n"
        "class D(Base):\n    a: int = 1\n\nVALUE = D(1)\nVALUE.extra = 2\n",
        ("extra = 2", "extra = 3"),
    ),
    row(
        "dataclass with a cached property",
        "from dataclasses import dataclass\nfrom functools import cached_property\n\n@dataclass\n"
        "class D:\n    a: int = 1\n    @cached_property\n    def double(self):\n"
        "        return 2 * self.a\n\nVALUE = D(1)\n",
        ("2 * self.a", "3 * self.a"),
        ("D(1)", "D(2)"),
        use="VALUE.double",
    ),
    row(
        "attrs class with state",
        "import attrs\n\n@attrs.define(slots=False)\nclass D:\n    a: int = 1\n\n"
        "VALUE = D(1)\nVALUE.extra = 2\n",
        ("D(1)", "D(4)"),
        ("extra = 2", "extra = 3"),
        needs="attrs",
    ),
    row(
        "attrs class with slots",
        "import attrs\n\n@attrs.define\nclass D:\n    a: int = 1\n    def use(self):\n"
        "        return self.a\n\nVALUE = D(1)\n",
        ("D(1)", "D(4)"),
        ("return self.a", "return -self.a"),
        needs="attrs",
    ),
    row(
        "namedtuple",
        "from typing import NamedTuple\n\nclass P(NamedTuple):\n    x: int = 1\n"
        "    def use(self):\n        return self.x\n\nVALUE = P(1)\n",
        ("P(1)", "P(2)"),
        ("return self.x", "return -self.x"),
    ),
    row(
        "namedtuple subclass with attributes",
        "from collections import namedtuple\n\nclass P(namedtuple('P', 'x y')):\n"
        "    def use(self):\n        return self.x\n\nVALUE = P(1, 2)\nVALUE.unit = 'm'\n",
        ("unit = 'm'", "unit = 'cm'"),
        ("P(1, 2)", "P(1, 3)"),
        ("return self.x", "return self.y"),
    ),
    row(
        "enum",
        "from enum import Enum\n\nclass E(Enum):\n    A = 1\n    B = 2\n    def use(self):\n"
        "        return self.value\n\nVALUE = E.A\n",
        ("E.A", "E.B"),
        ("A = 1", "A = 3"),
        ("return self.value", "return -self.value"),
    ),
    row(
        "enum with attributes",
        "from enum import Enum\n\nclass E(Enum):\n    A = 1\n\nE.A.weight = 1\nVALUE = E.A\n",
        ("weight = 1", "weight = 2"),
    ),
    row(
        "flag",
        "from enum import Flag\n\nclass E(Flag):\n    A = 1\n    B = 2\n    C = 4\n\n"
        "VALUE = E.A | E.B\n",
        ("E.A | E.B", "E.A | E.C"),
    ),
    row(
        "pydantic model",
        "import pydantic\n\nclass M(pydantic.BaseModel):\n    a: int = 1\n"
        "    _k: int = pydantic.PrivateAttr(5)\n    def use(self):\n        return self.a\n\n"
        "VALUE = M(a=2)\nVALUE._k = 6\n",
        ("a=2", "a=3"),
        ("_k = 6", "_k = 7"),
        ("return self.a", "return -self.a"),
        needs="pydantic",
    ),
    row(
        "list subclass",
        "class L(list):\n    def use(self):\n        return self[0]\n\nVALUE = L([1, 2])\n"
        "VALUE.unit = 1\n",
        ("[1, 2]", "[1, 3]"),
        ("unit = 1", "unit = 2"),
        ("self[0]", "self[1]"),
    ),
    row(
        "dict subclass",
        "class L(dict):\n    pass\n\nVALUE = L(a=1, b=2)\nVALUE.unit = 1\n",
        ("a=1, b=2", "b=2, a=1"),
        ("unit = 1", "unit = 2"),
    ),
    row(
        "set subclass with slots",
        "class S(set):\n    __slots__ = ('unit',)\n\nVALUE = S({1, 2})\nVALUE.unit = 1\n",
        ("{1, 2}", "{1, 3}"),
        ("unit = 1", "unit = 2"),
    ),
    row(
        "path subclass",
        "from pathlib import PosixPath\n\nclass P(PosixPath):\n    def use(self):\n"
        "        return self.name\n\nVALUE = P('/a/b.txt')\n",
        ("/a/b", "/a/c"),
        ("self.name", "self.stem"),
        use="(VALUE.suffix, VALUE.parts, hash(VALUE))",
    ),
    row(
        "int subclass",
        "class Age(int):\n    def years(self):\n        return self + 1\n\nVALUE = Age(3)\n"
        "VALUE.unit = 1\n",
        ("Age(3)", "Age(4)"),
        ("unit = 1", "unit = 2"),
        ("self + 1", "self + 2"),
    ),
    row(
        "str subclass",
        "class Name(str):\n    pass\n\nVALUE = Name('a')\nVALUE.unit = 1\n",
        ("Name('a')", "Name('b')"),
        ("unit = 1", "unit = 2"),
    ),
    row(
        "exception",
        "class Bad(Exception):\n    def say(self):\n        return 1\n\nVALUE = Bad('x', 1)\n",
        ("'x', 1", "'x', 2"),
        ("return 1", "return 2"),
    ),
)
