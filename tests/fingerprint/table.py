"""A table of values and wrappers: programs that hold one, with edits that make it another one.

Each row is a module that defines ``VALUE``, edits of its text, what may be done with the value
without changing it, and the package that it needs.
"""

from __future__ import annotations

from dataclasses import dataclass

Edit = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Row:
    """One kind of value."""

    name: str
    text: str
    edits: tuple[Edit, ...]
    use: str = ""
    needs: str = "builtins"


def row(name: str, text: str, *edits: Edit, use: str = "", needs: str = "builtins") -> Row:
    """A row; each edit's first text stands in the module."""
    for before, _ in edits:
        assert before in text, (name, before)
    return Row(name, text, edits, use, needs)


def helped(text: str) -> str:
    """With a helper, which methods of the row call."""
    return "def helper(x):\n    return x + 1\n\n\n" + text


HELPER = ("return x + 1", "return x + 2")

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

CONTAINERS = (
    row("dict", "VALUE = {'a': 1, 'b': [2]}\n", ("'a': 1", "'a': 2"), ("[2]", "[3]")),
    row("order of a dict", "VALUE = {'a': 1, 'b': 2}\n", ("'a': 1, 'b': 2", "'b': 2, 'a': 1")),
    row("list", "VALUE = [1, 2.0, 'x']\n", ("2.0", "2"), ("'x'", "b'x'")),
    row("tuple", "VALUE = (1, (2, 3))\n", ("(2, 3)", "(2, 4)")),
    row("set", "VALUE = {'a', 'b', 'c'}\n", ("'c'", "'d'")),
    row("frozenset", "VALUE = frozenset('abc')\n", ("abc", "abd")),
    row("bytes", "VALUE = b'abc'\n", ("abc", "abd")),
    row("bytearray", "VALUE = bytearray(b'abc')\n", ("abc", "abd")),
    row("int of many digits", "VALUE = 10 ** 5000\n", ("10 ** 5000", "10 ** 5000 + 1")),
    row("float", "VALUE = 0.0\n", ("0.0", "-0.0")),
    row("complex", "VALUE = 1j\n", ("1j", "2j")),
    row("range", "VALUE = range(0, 10, 2)\n", ("10, 2", "10, 3")),
    row("slice", "VALUE = slice(1, 2)\n", ("1, 2", "1, 3")),
    row("pattern", "import re\n\nVALUE = re.compile('a')\n", ("'a'", "'a', re.I"), ("'a'", "'b'")),
    row("deque", "from collections import deque\n\nVALUE = deque([1, 2], 3)\n", ("], 3", "], 4")),
    row("counter", "from collections import Counter\n\nVALUE = Counter('aab')\n", ("aab", "aac")),
    row(
        "defaultdict",
        "from collections import defaultdict\n\nVALUE = defaultdict(lambda: 1, a=1)\n",
        ("a=1", "a=2"),
        ("lambda: 1", "lambda: 2"),
    ),
    row(
        "OrderedDict",
        "from collections import OrderedDict\n\nVALUE = OrderedDict(a=1, b=2)\n",
        ("a=1, b=2", "b=2, a=1"),
    ),
    row(
        "ChainMap",
        "from collections import ChainMap\n\nVALUE = ChainMap({'a': 1}, {'b': 2})\n",
        ("'b': 2", "'b': 3"),
    ),
    row(
        "mapping proxy",
        "from types import MappingProxyType\n\nVALUE = MappingProxyType({'a': 1})\n",
        ("'a': 1", "'a': 2"),
    ),
    row(
        "namespace",
        "from types import SimpleNamespace\n\nVALUE = SimpleNamespace(a=1)\n",
        ("a=1", "a=2"),
    ),
    row(
        "datetime",
        "import datetime\n\nVALUE = datetime.datetime(2020, 1, 1)\n",
        ("1, 1)", "1, 2)"),
        ("1, 1)", "1, 1, tzinfo=datetime.UTC)"),
    ),
    row("decimal", "from decimal import Decimal\n\nVALUE = Decimal('1.0')\n", ("1.0", "1.00")),
    row("fraction", "from fractions import Fraction\n\nVALUE = Fraction(1, 3)\n", ("1, 3", "2, 3")),
    row("uuid", "import uuid\n\nVALUE = uuid.UUID(int=1)\n", ("int=1", "int=2")),
    row("text stream", "import io\n\nVALUE = io.StringIO('a')\n", ("'a'", "'b'")),
    row("byte stream", "import io\n\nVALUE = io.BytesIO(b'a')\n", ("b'a'", "b'b'")),
    row(
        "context variable",
        "from contextvars import ContextVar\n\nVALUE = ContextVar('v', default=1)\n",
        ("default=1", "default=2"),
    ),
    row(
        "context variable that is set",
        "from contextvars import ContextVar\n\nVALUE = ContextVar('v')\nVALUE.set(1)\n",
        ("set(1)", "set(2)"),
    ),
    row(
        "thread local",
        "import threading\n\nVALUE = threading.local()\nVALUE.x = 1\n",
        ("x = 1", "x = 2"),
    ),
    row(
        "thread local of one's own",
        "import threading\n\nclass Local(threading.local):\n    k = 1\n    def use(self):\n"
        "        return self.k\n\nVALUE = Local()\n",
        ("k = 1", "k = 2"),
        ("return self.k", "return -self.k"),
    ),
    row(
        "weak reference",
        "import weakref\n\nclass M:\n    k = 1\n\nKEPT = M()\nKEPT.x = 1\nVALUE = weakref.ref(KEPT)\n",
        ("KEPT.x = 1", "KEPT.x = 2"),
        ("k = 1", "k = 2"),
    ),
    row(
        "weak dictionary",
        "import weakref\n\nclass M:\n    pass\n\nKEPT = M()\nKEPT.x = 1\n"
        "VALUE = weakref.WeakValueDictionary(a=KEPT)\n",
        ("KEPT.x = 1", "KEPT.x = 2"),
        ("a=KEPT", "b=KEPT"),
    ),
    row("memoryview", "VALUE = memoryview(b'abc')\n", ("abc", "abd")),
    row("struct", "import struct\n\nVALUE = struct.Struct('<i')\n", ("<i", "<q")),
    row("code object", "VALUE = compile('1 + 1', '', 'eval')\n", ("1 + 1", "1 + 2")),
    row("ctypes number", "import ctypes\n\nVALUE = ctypes.c_int(1)\n", ("(1)", "(2)")),
    row("ctypes array", "import ctypes\n\nVALUE = (ctypes.c_int * 2)(1, 2)\n", ("1, 2)", "1, 3)")),
    row(
        "ctypes structure",
        "import ctypes\n\nclass P(ctypes.Structure):\n    _fields_ = [('x', ctypes.c_int)]\n\nVALUE = P(1)\n",
        ("P(1)", "P(2)"),
    ),
    row("array", "from array import array\n\nVALUE = array('i', [1, 2])\n", ("1, 2", "1, 3")),
    row(
        "random generator",
        "import random\n\nVALUE = random.Random(1)\n",
        ("Random(1)", "Random(2)"),
    ),
    row("one object twice", "a = [1]\nVALUE = [a, a]\n", ("[a, a]", "[a, [1]]")),
    row("a promise's neighbour", "VALUE = [None, ..., NotImplemented]\n", ("...", "None")),
)

FUNCTIONS = (
    row(
        "function",
        helped("def VALUE(x=1):\n    return helper(x)\n"),
        ("x=1", "x=2"),
        ("return helper(x)", "return -helper(x)"),
        HELPER,
    ),
    row("lambda", "k = 1\nVALUE = lambda: k\n", ("k = 1", "k = 2"), ("lambda: k", "lambda: -k")),
    row(
        "attribute of a function",
        "def VALUE():\n    return VALUE.offset\n\nVALUE.offset = 1\n",
        ("offset = 1", "offset = 2"),
    ),
    row(
        "partial",
        helped("import functools\n\nVALUE = functools.partial(helper, 1)\n"),
        ("helper, 1", "helper, 2"),
        HELPER,
    ),
    row(
        "attribute of a partial",
        helped("import functools\n\nVALUE = functools.partial(helper, 1)\nVALUE.k = 1\n"),
        ("k = 1", "k = 2"),
    ),
    row(
        "bound method",
        "class M:\n    def __init__(self, k):\n        self.k = k\n    def run(self, x=0):\n"
        "        return self.k\n\nVALUE = M(1).run\n",
        ("M(1)", "M(2)"),
        ("return self.k", "return -self.k"),
    ),
    row(
        "lru_cache",
        "import functools\n\n@functools.lru_cache\ndef VALUE(x=1):\n    return x\n",
        ("return x", "return -x"),
        use="VALUE(3)",
    ),
    row(
        "wraps",
        "import functools\n\ndef deco(f):\n    @functools.wraps(f)\n    def g(*a):\n        return f(*a)\n    return g\n\n@deco\ndef VALUE(x=1):\n    return x\n",
        ("return x", "return -x"),
        ("return f(*a)", "return -f(*a)"),
    ),
    row(
        "wrapper without wraps",
        "def deco(f):\n    def g(*a):\n        return f(*a)\n    return g\n\n@deco\ndef VALUE(x=1):\n    return x\n",
        ("return x", "return -x"),
        ("return f(*a)", "return -f(*a)"),
    ),
    row(
        "singledispatch",
        "import functools\n\n@functools.singledispatch\ndef VALUE(x=1):\n    return x\n\n@VALUE.register\ndef _(x: str):\n    return x * 2\n",
        ("return x\n", "return -x\n"),
        ("x * 2", "x * 3"),
        ("x: str", "x: bytes"),
    ),
    row(
        "contextmanager",
        "import contextlib\n\n@contextlib.contextmanager\ndef VALUE(x=1):\n    yield x\n",
        ("yield x", "yield -x"),
    ),
    row(
        "staticmethod of a class",
        "class M:\n    @staticmethod\n    def run(x=1):\n        return x\n\nVALUE = M.run\n",
        ("return x", "return -x"),
    ),
    row(
        "classmethod",
        "class M:\n    k = 1\n    @classmethod\n    def run(cls):\n        return cls.k\n\nVALUE = M.run\n",
        ("k = 1", "k = 2"),
        ("return cls.k", "return -cls.k"),
    ),
    row(
        "wrapt decorator",
        "import wrapt\n\n@wrapt.decorator\ndef deco(w, i, a, k):\n    return w(*a, **k)\n\n@deco\ndef VALUE(x=1):\n    return x\n",
        ("return x", "return -x"),
        ("return w(", "return -w("),
        needs="wrapt",
    ),
    row(
        "wrapt proxy",
        "import wrapt\n\nclass M:\n    pass\n\ninner = M()\ninner.k = 1\nVALUE = wrapt.ObjectProxy(inner)\n",
        ("k = 1", "k = 2"),
        needs="wrapt",
    ),
    row(
        "toolz.curry",
        "import toolz\n\n@toolz.curry\ndef VALUE(x=1, y=2):\n    return x + y\n",
        ("x + y", "x - y"),
        needs="toolz",
    ),
    row(
        "toolz.compose",
        helped("import toolz\n\nVALUE = toolz.compose(abs, helper)\n"),
        HELPER,
        ("abs, helper", "bool, helper"),
        needs="toolz",
    ),
    row(
        "toolz.memoize",
        "import toolz\n\n@toolz.memoize\ndef VALUE(x=1):\n    return x\n",
        ("return x", "return -x"),
        use="VALUE(3)",
        needs="toolz",
    ),
    row(
        "cachetools.cached",
        "import cachetools\n\n@cachetools.cached({})\ndef VALUE(x=1):\n    return x\n",
        ("return x", "return -x"),
        use="VALUE(3)",
        needs="cachetools",
    ),
    row(
        "numba.njit",
        "import numba\n\n@numba.njit\ndef VALUE(x=1):\n    return x + 1\n",
        ("x + 1", "x + 2"),
        needs="numba",
    ),
    row(
        "numba.vectorize",
        "import numba\n\n@numba.vectorize\ndef VALUE(x):\n    return x + 1\n",
        ("x + 1", "x + 2"),
        needs="numba",
    ),
    row(
        "np.vectorize",
        "import numpy\n\n@numpy.vectorize\ndef VALUE(x=1):\n    return x + 1\n",
        ("x + 1", "x + 2"),
        needs="numpy",
    ),
    row(
        "np.frompyfunc",
        "import numpy\n\nVALUE = numpy.frompyfunc(lambda x: x + 1, 1, 1)\n",
        ("x + 1", "x + 2"),
        needs="numpy",
    ),
    row(
        "operator.itemgetter", "import operator\n\nVALUE = operator.itemgetter(1)\n", ("(1)", "(2)")
    ),
    row(
        "operator.methodcaller",
        "import operator\n\nVALUE = operator.methodcaller('strip', 'a')\n",
        ("'a'", "'b'"),
    ),
)

PACKAGES = (
    row(
        "ndarray",
        "import numpy\n\nVALUE = numpy.arange(6.0)\n",
        ("(6.0)", "(7.0)"),
        ("(6.0)", "(6.0, dtype='f4')"),
        needs="numpy",
    ),
    row(
        "Fortran array",
        "import numpy\n\nVALUE = numpy.ones((2, 3), order='C')\n",
        ("order='C'", "order='F'"),
        needs="numpy",
    ),
    row(
        "object array",
        "import numpy\n\nVALUE = numpy.array([{'a': 1}], dtype=object)\n",
        ("'a': 1", "'a': 2"),
        needs="numpy",
    ),
    row(
        "array subclass",
        "import numpy\n\nclass A(numpy.ndarray):\n    def use(self):\n        return 1\n\nVALUE = numpy.ones(3).view(A)\nVALUE.unit = 'm'\n",
        ("'m'", "'s'"),
        ("return 1", "return 2"),
        needs="numpy",
    ),
    row(
        "numpy generator",
        "import numpy\n\nVALUE = numpy.random.default_rng(1)\n",
        ("rng(1)", "rng(2)"),
        needs="numpy",
    ),
    row("numpy dtype", "import numpy\n\nVALUE = numpy.dtype('i4')\n", ("i4", "i8"), needs="numpy"),
    row(
        "DataFrame",
        "import pandas\n\nVALUE = pandas.DataFrame({'a': [1, 2]})\n",
        ("[1, 2]", "[1, 3]"),
        ("'a'", "'b'"),
        needs="pandas",
    ),
    row(
        "DataFrame attrs",
        "import pandas\n\nVALUE = pandas.DataFrame({'a': [1]})\nVALUE.attrs['u'] = 1\n",
        ("= 1\n", "= 2\n"),
        needs="pandas",
    ),
    row(
        "DataFrame flags",
        "import pandas\n\nVALUE = pandas.DataFrame({'a': [1]}).set_flags(allows_duplicate_labels=True)\n",
        ("labels=True", "labels=False"),
        needs="pandas",
    ),
    row(
        "DataFrame subclass",
        "import pandas\n\nclass F(pandas.DataFrame):\n    _metadata = ['unit']\n    def use(self):\n        return 1\n\nVALUE = F({'a': [1]})\nVALUE.unit = 'm'\n",
        ("'m'", "'s'"),
        ("return 1", "return 2"),
        needs="pandas",
    ),
    row(
        "DatetimeIndex freq",
        "import pandas\n\nVALUE = pandas.date_range('2020', periods=3)\nVALUE.freq = 'D'\n",
        ("freq = 'D'", "freq = None"),
        needs="pandas",
    ),
    row(
        "Categorical",
        "import pandas\n\nVALUE = pandas.Categorical(['a'], categories=['a', 'b'])\n",
        ("['a', 'b']", "['a', 'c']"),
        needs="pandas",
    ),
    row(
        "GeoDataFrame",
        "import geopandas, shapely\n\nVALUE = geopandas.GeoDataFrame({'a': [1]}, geometry=[shapely.Point(1, 2)], crs=4326)\n",
        ("4326", "3857"),
        ("Point(1, 2)", "Point(1, 3)"),
        use="VALUE.sindex",
        needs="geopandas",
    ),
    row(
        "polars frame",
        "import polars\n\nVALUE = polars.DataFrame({'a': [1, 2]})\n",
        ("[1, 2]", "[1, 3]"),
        needs="polars",
    ),
    row(
        "polars expression",
        "import polars\n\nVALUE = polars.col('a') + 1\n",
        ("+ 1", "+ 2"),
        needs="polars",
    ),
    row(
        "xarray",
        "import xarray\n\nVALUE = xarray.Dataset({'a': ('x', [1, 2])}, coords={'x': [1, 2]}, attrs={'u': 1})\n",
        ("('x', [1, 2])", "('x', [1, 3])"),
        ("{'u': 1}", "{'u': 2}"),
        ("{'x': [1, 2]}", "{'x': [1, 3]}"),
        use="VALUE.sel(x=1)",
        needs="xarray",
    ),
    row(
        "xarray array",
        "import xarray\n\nVALUE = xarray.DataArray([1, 2], dims='x', name='n')\n",
        ("'n'", "'m'"),
        ("[1, 2]", "[1, 3]"),
        needs="xarray",
    ),
    row(
        "sparse matrix",
        "import numpy, scipy.sparse\n\nVALUE = scipy.sparse.csr_matrix(numpy.eye(3))\n",
        ("eye(3)", "eye(4)"),
        use="(VALUE.has_canonical_format, VALUE.sum_duplicates())",
        needs="scipy",
    ),
    row(
        "frozen distribution",
        "from scipy.stats import norm\n\nVALUE = norm(1, 2)\n",
        ("1, 2", "1, 3"),
        use="VALUE.rvs()",
        needs="scipy",
    ),
    row(
        "distribution",
        "from scipy import stats\n\nVALUE = [stats.norm]\n",
        ("stats.norm", "stats.gamma"),
        use="VALUE[0].rvs(1)",
        needs="scipy",
    ),
    row(
        "estimator",
        "from sklearn.linear_model import Ridge\n\nVALUE = Ridge(alpha=1.0)\n",
        ("1.0", "2.0"),
        needs="sklearn",
    ),
    row(
        "fitted estimator",
        "from sklearn.linear_model import Ridge\n\nVALUE = Ridge().fit([[1], [2]], [1, 2])\n",
        ("[1, 2])", "[1, 3])"),
        use="VALUE.predict([[3]])",
        needs="sklearn",
    ),
    row(
        "estimator of one's own",
        "from sklearn.base import BaseEstimator\n\nclass E(BaseEstimator):\n    def __init__(self, k=1):\n        self.k = k\n    def fit(self):\n        return self.k\n\nVALUE = E(2)\n",
        ("E(2)", "E(3)"),
        ("return self.k", "return -self.k"),
        needs="sklearn",
    ),
    row(
        "astropy quantity",
        "import astropy.units as u\n\nVALUE = 1.0 * u.m\n",
        ("u.m", "u.s"),
        ("1.0", "2.0"),
        needs="astropy",
    ),
    row(
        "astropy table",
        "from astropy.table import Table\n\nVALUE = Table({'a': [1, 2]})\n",
        ("[1, 2]", "[1, 3]"),
        needs="astropy",
    ),
    row(
        "pyarrow table",
        "import pyarrow\n\nVALUE = pyarrow.table({'a': [1, 2]})\n",
        ("[1, 2]", "[1, 3]"),
        needs="pyarrow",
    ),
    row("torch tensor", "import torch\n\nVALUE = torch.ones(3)\n", ("(3)", "(4)"), needs="torch"),
)

ROWS = (*CLASSES, *DATA, *CONTAINERS, *FUNCTIONS, *PACKAGES)
