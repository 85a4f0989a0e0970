"""Rows of the table: kinds of code, as functions and classes are written."""

from __future__ import annotations

from tests.fingerprint.rows import HELPER, helped, row

CODE = (
    row(
        "partialmethod",
        helped(
            "import functools\n\nclass Model:\n    def scale(self, k, x):\n"
            "        return helper(k * x)\n    twice = functools.partialmethod(scale, 2)\n\n"
            "VALUE = Model()\n"
        ),
        ("k * x", "k + x"),
        ("(scale, 2)", "(scale, 3)"),
        HELPER,
        use="VALUE.twice(1)",
    ),
    row(
        "singledispatchmethod",
        helped(
            "import functools\n\nclass Model:\n    @functools.singledispatchmethod\n"
            "    def show(self, x):\n        return x\n    @show.register\n"
            "    def _(self, x: int):\n        return helper(x)\n\nVALUE = Model()\n"
        ),
        ("return x\n    @", "return -x\n    @"),
        ("x: int", "x: str"),
        HELPER,
        use="VALUE.show(1)",
    ),
    row(
        "cached_property that calls a helper",
        helped(
            "import functools\n\nclass Model:\n    @functools.cached_property\n"
            "    def k(self):\n        return helper(1)\n\nVALUE = Model()\n"
        ),
        HELPER,
        ("helper(1)", "helper(2)"),
        use="VALUE.k",
    ),
    row(
        "total_ordering",
        "import functools\n\n@functools.total_ordering\nclass Size:\n    def __init__(self, k):\n"
        "        self.k = k\n    def __eq__(self, other):\n        return self.k == other.k\n"
        "    def __lt__(self, other):\n        return self.k < other.k\n"
        "    __hash__ = None\n\nVALUE = Size(1)\n",
        ("self.k < other.k", "self.k > other.k"),
        ("Size(1)", "Size(2)"),
        use="VALUE <= VALUE",
    ),
    row(
        "decorated method",
        helped(
            "import functools\n\ndef deco(f):\n    @functools.wraps(f)\n    def g(*a):\n"
            "        return f(*a) * 2\n    return g\n\nclass Model:\n    @deco\n"
            "    def run(self):\n        return helper(1)\n\nVALUE = Model()\n"
        ),
        ("f(*a) * 2", "f(*a) * 3"),
        ("helper(1)", "helper(2)"),
        HELPER,
    ),
    row(
        "static and class methods of decorated functions",
        helped(
            "def deco(f):\n    def g(*a):\n        return f(*a) * 2\n    return g\n\n"
            "class Model:\n    @staticmethod\n    @deco\n    def one(x):\n        return helper(x)\n"
            "    @classmethod\n    @deco\n    def two(cls, x):\n        return x - 1\n\n"
            "VALUE = Model()\n"
        ),
        ("f(*a) * 2", "f(*a) * 3"),
        ("x - 1", "x - 2"),
        HELPER,
    ),
    row(
        "descriptor with __set_name__",
        "class Field:\n    def __set_name__(self, owner, name):\n        self.name = name + '_'\n"
        "    def __get__(self, owner, kind):\n        return self.name\n\n"
        "class Model:\n    first = Field()\n\nVALUE = Model()\n",
        ("name + '_'", "name + '-'"),
        ("return self.name", "return self.name * 2"),
        ("first = Field", "second = Field"),
    ),
    row(
        "metaclass that registers",
        "class Meta(type):\n    names = []\n    def __new__(mcs, name, bases, space):\n"
        "        kind = super().__new__(mcs, name, bases, space)\n"
        "        mcs.names.append(name + '!')\n        return kind\n\n"
        "class Model(metaclass=Meta):\n    pass\n\nVALUE = Model()\n",
        ("name + '!'", "name + '?'"),
    ),
    row(
        "__init_subclass__",
        "class Base:\n    def __init_subclass__(cls, k=0, **others):\n"
        "        super().__init_subclass__(**others)\n        cls.k = k + 1\n\n"
        "class Model(Base, k=1):\n    pass\n\nVALUE = Model()\n",
        ("k + 1", "k + 2"),
        ("k=1)", "k=2)"),
    ),
    row(
        "generator",
        helped("def VALUE(x=1):\n    yield helper(x)\n    yield from range(x)\n"),
        ("range(x)", "range(x, 9)"),
        HELPER,
        use="list(VALUE())",
    ),
    row(
        "async function",
        helped(
            "async def inner(x):\n    return helper(x)\n\nasync def VALUE(x=1):\n"
            "    return await inner(x) + 5\n"
        ),
        ("+ 5", "+ 6"),
        HELPER,
    ),
    row(
        "async generator",
        helped("async def VALUE(x=1):\n    for k in range(x):\n        yield helper(k)\n"),
        ("range(x)", "range(x, 9)"),
        HELPER,
    ),
    row(
        "property with a setter",
        helped(
            "class Model:\n    _k = 1\n    @property\n    def k(self):\n        return self._k\n"
            "    @k.setter\n    def k(self, value):\n        self._k = helper(value)\n\n"
            "VALUE = Model()\n"
        ),
        HELPER,
        ("return self._k", "return -self._k"),
    ),
    row(
        "enum with methods",
        helped(
            "import enum\n\nclass Color(enum.Enum):\n    RED = 1\n    BLUE = 2\n"
            "    def shade(self):\n        return helper(self.value)\n\nVALUE = Color.RED\n"
        ),
        HELPER,
        ("helper(self.value)", "helper(-self.value)"),
        ("RED = 1", "RED = 3"),
        use="VALUE.shade()",
    ),
    row(
        "NamedTuple with methods",
        helped(
            "from typing import NamedTuple\n\nclass Point(NamedTuple):\n    x: int\n    y: int = 2\n"
            "    def norm(self):\n        return helper(self.x)\n\nVALUE = Point(1)\n"
        ),
        HELPER,
        ("y: int = 2", "y: int = 3"),
        ("helper(self.x)", "helper(self.y)"),
    ),
    row(
        "Protocol",
        helped(
            "from typing import Protocol\n\nclass Runs(Protocol):\n    def run(self):\n"
            "        return helper(1)\n\nclass Model(Runs):\n    pass\n\nVALUE = Model()\n"
        ),
        HELPER,
        ("helper(1)", "helper(2)"),
    ),
    row(
        "dataclass with a factory",
        helped(
            "from dataclasses import dataclass, field\n\ndef make():\n    return [helper(1)]\n\n"
            "@dataclass\nclass Model:\n    items: list = field(default_factory=make)\n\n"
            "VALUE = Model\n"
        ),
        HELPER,
        ("[helper(1)]", "[helper(2)]"),
        ("default_factory=make", "default_factory=list"),
        use="VALUE()",
    ),
    row(
        "attrs without annotations",
        "import attrs\n\n@attrs.define\nclass Model:\n    x = attrs.field(default=1)\n"
        "    y = attrs.field(default=2)\n\nVALUE = Model\n",
        ("x = attrs.field(default=1)", "x = attrs.field(default=3)"),
        (
            "x = attrs.field(default=1)\n    y = attrs.field(default=2)",
            "y = attrs.field(default=2)\n    x = attrs.field(default=1)",
        ),
        needs="attrs",
    ),
    row(
        "nested functions",
        helped(
            "def VALUE(x=1):\n    def inner(y):\n        def most(z):\n            return helper(z)\n"
            "        return most(y)\n    return inner(x)\n"
        ),
        ("most(y)", "most(-y)"),
        HELPER,
        use="VALUE()",
    ),
    row(
        "lambdas in containers",
        helped("VALUE = {'a': [lambda x: helper(x)], 'b': (lambda x: x + 5,)}\n"),
        ("x + 5", "x + 6"),
        HELPER,
    ),
    row(
        "comprehension and walrus",
        helped("def VALUE(xs=(1, 2)):\n    return [y for x in xs if (y := helper(x)) > 1]\n"),
        ("> 1", "> 2"),
        HELPER,
        use="VALUE()",
    ),
    row(
        "match statement",
        helped(
            "def VALUE(x=1):\n    match x:\n        case [a, *_]:\n            return helper(a)\n"
            "        case {'k': 1}:\n            return 2\n"
        ),
        ("{'k': 1}", "{'k': 2}"),
        HELPER,
    ),
    row(
        "ExitStack of callbacks in a function",
        helped(
            "import contextlib\n\ndef VALUE(x=1):\n    with contextlib.ExitStack() as stack:\n"
            "        stack.callback(helper, x)\n        return x\n"
        ),
        ("(helper, x)", "(helper, -x)"),
        HELPER,
        use="VALUE()",
    ),
    row(
        "asynccontextmanager",
        "import contextlib\n\n@contextlib.asynccontextmanager\nasync def VALUE(x=1):\n"
        "    yield x + 1\n",
        ("x + 1", "x + 2"),
    ),
    row(
        "pydantic.validate_call",
        "import pydantic\n\n@pydantic.validate_call\ndef VALUE(x: int = 1):\n    return x + 1\n",
        ("x + 1", "x + 2"),
        ("x: int", "x: float"),
        needs="pydantic",
    ),
    row(
        "pydantic model",
        helped(
            "import pydantic\n\nclass Model(pydantic.BaseModel):\n    k: int = 1\n"
            "    @pydantic.field_validator('k')\n    @classmethod\n    def check(cls, value):\n"
            "        return helper(value)\n\nVALUE = Model()\n"
        ),
        HELPER,
        ("k: int", "k: float"),
        ("k: int = 1", "k: int = 2"),
        needs="pydantic",
    ),
    row(
        "numba.njit that calls another",
        "import numba\n\n@numba.njit\ndef helper(x):\n    return x + 1\n\n"
        "@numba.njit\ndef VALUE(x=1):\n    return helper(x)\n",
        HELPER,
        ("return helper(x)", "return helper(-x)"),
        needs="numba",
    ),
)
