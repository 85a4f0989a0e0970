"""Functions of random make-up, as the text of a script (rule 33)."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from textwrap import indent


class Author:
    """Writes definitions that may use the earlier ones.

    Each function takes a number and gives one; what is in ``jobs`` may give anything.
    """

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.functions: list[str] = []
        """Written so far."""
        self.earlier: list[str] = []
        """Those that may be called: not the one that is being written."""
        self.jobs: list[str] = []
        self.number = 0

    def name(self, stem: str) -> str:
        self.number += 1
        return f"{stem}_{self.number}"

    def expression(self, *names: str) -> str:
        """Something of numbers, which may call earlier functions."""
        pick = self.random.choice
        atoms = [*names, *names, "LIMIT", str(self.random.randint(-9, 9))]
        terms = []
        for _ in range(self.random.randint(1, 3)):
            atom = pick(atoms)
            if self.earlier and self.random.random() < 0.5:
                atom = f"{pick(self.earlier)}({atom} % 7)"
            terms.append(atom)
        return f" {pick('+-*')} ".join(terms)

    def body(self, *names: str) -> str:
        """Statements that end with a return."""
        x = names[0]
        value = self.expression(*names)
        return self.random.choice(
            [
                f"return {value}",
                f"if {x} > 2:\n    return {value}\nreturn {self.expression(*names)}",
                f"return sum({value} for {x} in range({x} % 4))",
                f"return [*map(lambda {x}: {value}, (1, 2))][-1]",
                f"try:\n    return {value} // ({x} % 2)\nexcept ZeroDivisionError:\n    return {x}",
                f"match {x}:\n    case 1:\n        return {value}\n    case _:\n        return 1",
                f"{x} = (lambda {x}, step=2: {value})({x})\nreturn {x}",
            ]
        )

    def function(self, head: str, *names: str) -> str:
        return f"{head}\n{indent(self.body(*names), '    ')}"

    def method(self, head: str, *names: str) -> str:
        return indent(self.function(head, *names), "    ")


def plain(a: Author) -> str:
    f = a.name("plain")
    a.functions.append(f)
    default = a.random.choice(["LIMIT", "(1, 2)[1]", "7 // 2", "len('ab')"])
    return a.function(f"def {f}(x, *rest, scale={default}, **more):", "x", "scale")


def cached(a: Author) -> str:
    f = a.name("cached")
    a.functions.append(f)
    how = a.random.choice(["functools.lru_cache", "functools.cache", "functools.lru_cache(4)"])
    return f"@{how}\n" + a.function(f"def {f}(x):", "x")


def dispatched(a: Author) -> str:
    f = a.name("show")
    a.functions.append(f)
    whole = a.function("def _(x: int):", "x")
    return f"@functools.singledispatch\ndef {f}(x):\n    return 0\n\n\n@{f}.register\n{whole}"


def closed(a: Author) -> str:
    make, f = a.name("make"), a.name("closed")
    inner = indent(a.function("def inner(x):", "x", "held"), "    ")
    a.functions.append(f)
    return (
        f"def {make}(held):\n{inner}\n    return inner\n\n\n{f} = {make}({a.random.randint(1, 9)})"
    )


def written_short(a: Author) -> str:
    f = a.name("short")
    a.functions.append(f)
    return f"{f} = lambda x, y=LIMIT: {a.expression('x', 'y')}  # noqa: E731"


def decorated(a: Author) -> str:
    d, f = a.name("around"), a.name("decorated")
    wraps = a.random.choice(["    @functools.wraps(function)\n", ""])
    a.functions.append(f)
    return (
        f"def {d}(function):\n{wraps}    def wrapper(x):\n"
        f"        return function(x) + {a.random.randint(1, 9)}\n    return wrapper\n\n\n"
        f"@{d}\n" + a.function(f"def {f}(x):", "x")
    )


def generating(a: Author) -> str:
    g, f = a.name("count"), a.name("total")
    a.functions.append(f)
    return (
        f"def {g}(x):\n    for y in range(x % 5):\n        got = yield {a.expression('x', 'y')}\n"
        f"        x += 1 if got is None else got\n\n\n"
        f"def {f}(x):\n    return sum({g}(x))"
    )


def managing(a: Author) -> str:
    m, f = a.name("managed"), a.name("within")
    a.functions.append(f)
    return (
        f"@contextmanager\ndef {m}(x):\n    yield {a.expression('x')}\n\n\n"
        f"def {f}(x):\n    with {m}(x) as y:\n        return {a.expression('x', 'y')}"
    )


def partly(a: Author) -> str:
    g, f = a.name("full"), a.name("part")
    a.functions.append(f)
    whole = a.function(f"def {g}(scale, x):", "x", "scale")
    return f"{whole}\n\n\n{f} = functools.partial({g}, {a.random.randint(1, 9)})"


def classed(a: Author) -> str:
    kind, made, f = a.name("Kind"), a.name("made"), a.name("called")
    a.functions += [f, f"{made}.get", f"{kind}.still", f"{kind}.of_class"]
    a.jobs += [f"give_{made}", f"{made}.bound"]
    base = a.random.choice(["", "(Plain)", "(ABC)"])
    parts = [
        f"class {kind}{base}:",
        f"    unit = {a.expression()}",
        "    def __init__(self, x):\n        self.x = x",
        a.method("def get(self, x):", "x", "self.x"),
        "    @functools.cached_property\n    def kept(self):\n        return self.x + self.unit",
        "    @property\n    def seen(self):\n        return self.kept + 1",
        "    @staticmethod\n" + a.method("def still(x):", "x"),
        "    @classmethod\n" + a.method("def of_class(cls, x):", "x", "cls.unit"),
        "    def bound(self, x):\n        return self.get(x) + self.seen",
        f"    def __call__(self, x):\n        return {a.expression('x', 'self.x')}",
    ]
    text = "\n".join(parts).replace("nonlocal self.x", "nonlocal x")
    return (
        f"{text}\n\n\n{made} = {kind}({a.random.randint(1, 9)})\n\n\n"
        f"def {f}(x):\n    return {kind}(x).seen + {made}(x)\n\n\n"
        f"def give_{made}(x):\n    return [{kind}(x), {made}, {kind}]"
    )


def with_fields(a: Author) -> str:
    kind, f = a.name("Fields"), a.name("fielded")
    a.functions.append(f)
    a.jobs.append(f"give_{f}")
    how = a.random.choice(["", "(frozen=True)", "(slots=True)", "(order=True, kw_only=True)"])
    return (
        f"@dataclass{how}\nclass {kind}:\n    x: int = {a.random.randint(1, 9)}\n"
        f"    items: list = field(default_factory=lambda: [{a.expression()}])\n\n"
        f"    def size(self):\n        return self.x + len(self.items) + self.items[0]\n\n\n"
        f"def {f}(x):\n    return {kind}(x=x).size()\n\n\n"
        f"def give_{f}(x):\n    return {{'one': {kind}(x=x), 'more': ({kind}(), LIMIT)}}"
    )


def given(a: Author) -> str:
    f = a.name("give")
    a.jobs.append(f)
    value = a.random.choice(
        [
            "lambda y: y + x",
            "functools.partial(take, x)",
            f"({a.random.choice(a.earlier or ['len'])}, x)",
            "{Colour.RED: Point(x, LIMIT)}",
            "inner",
        ]
    )
    inner = indent(a.function("def inner(y=1):", "y", "x"), "    ")
    return f"def {f}(x):\n{inner}\n    return {value}"


def raising(a: Author) -> str:
    f, g = a.name("check"), a.name("broken")
    a.jobs.append(g)
    chain = a.random.choice([" from error", "", " from None"])
    return (
        f"def {f}(x):\n    if x is not None:\n        raise KeyError(\n            x\n        )\n\n"
        f"def {g}(x):\n    try:\n        return [{f}(y) for y in (x,)]\n"
        f"    except KeyError as error:\n        raise ValueError(x){chain}"
    )


KINDS: list[Callable[[Author], str]] = [
    *(plain, cached, dispatched, closed, written_short, decorated, generating, managing, partly),
    *(classed, with_fields, given, raising),
]


def written(seed: int, count: int = 26) -> str:
    """The definitions, and a list ``CHANCE`` of all that can be a job.

    >>> written(1) == written(1), written(1) == written(2)
    (True, False)
    """
    author = Author(seed)
    kinds = [*KINDS, *author.random.choices(KINDS, k=count - len(KINDS))]
    author.random.shuffle(kinds)
    texts = []
    for kind in kinds:
        texts.append(kind(author))
        author.earlier = [*author.functions]
    jobs = [*author.functions, *author.jobs]
    return "\n\n\n".join([*texts, f"CHANCE = [{', '.join(jobs)}]\n"])
