"""Rows of the table: functions and what wraps them."""

from __future__ import annotations

from tests.fingerprint.rows import HELPER, helped, row

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
