"""The corpus of edits: which ones are noticed, and which ones are not."""

from __future__ import annotations

import pytest

from tests.fingerprint.conftest import digest_of, fingerprint_of

MAIN = '''
"""The module's docstring."""
import functools
import math
from dataclasses import dataclass, field

import middle
from middle import step as step_of_middle

LIMIT = 10
TABLE = {"a": [1, 2], "b": (3, 4)}


def decorate(scale):
    def decorator(function):
        @functools.wraps(function)
        def wrapper(*args):
            return scale * function(*args)
        return wrapper
    return decorator


class Base:
    def setup(self):
        return 1


class Model(Base):
    """A model."""

    rate = 0.5
    names: list = ["x"]

    def __init__(self, start=0):
        self.start = start

    def fit(self, data):
        return self.helper(data) + self.rate

    def helper(self, data):
        return super().setup() + sum(data)

    @property
    def size(self):
        return 3

    @staticmethod
    def twice(x):
        return 2 * x


@dataclass
class Settings:
    depth: int = 4
    tags: list = field(default_factory=list)


def unrelated():
    return "nothing"


@decorate(2)
def decorated(x):
    return x + 1


def even(n):
    return True if n == 0 else odd(n - 1)


def odd(n):
    return False if n == 0 else even(n - 1)


def make(offset):
    def shift(x):
        return x + offset
    return shift


shift_by_three = make(3)


def job(data, alpha=0.1, *, mode="fast"):
    """Fit a model."""
    model = Model()
    label = f"{alpha:.2f}" f" {mode}"
    total = [x for x in data if x < LIMIT]
    if even(len(total)):
        total.append(step_of_middle(TABLE["a"][0]) + middle.other(alpha))
    settings = Settings(depth=2)
    return model.fit(total), decorated(alpha), shift_by_three(1), settings, label, math.sqrt(4)
'''
MIDDLE = """
import bottom

def step(x):
    return bottom.deep(x) + 1

def other(x):
    return x

def unused(x):
    return x
"""
BOTTOM = """
SCALE = 7

def deep(x):
    return SCALE * x
"""


def edited(text, old, new):
    assert old in text
    return text.replace(old, new)


@pytest.fixture
def digest(load):
    def digest_with(main=MAIN, middle=MIDDLE, bottom=BOTTOM):
        return digest_of(load(main=main, middle=middle, bottom=bottom).job)

    return digest_with


NEUTRAL = {
    "comment": ("    model = Model()", "    # a comment\n    model = Model()  # another"),
    "blank line": ("    model = Model()", "\n\n    model = Model()"),
    "docstring": ('"""Fit a model."""', '"""Fit a model, well."""'),
    "docstring removed": ('    """Fit a model."""\n', ""),
    "docstring of a class": ('"""A model."""', '"""One model."""'),
    "docstring of the module": ('"""The module\'s docstring."""', ""),
    "reformatting": ("def even(n):\n    return True if", "def even( n ):\n    return True  if"),
    "quotes": ('mode="fast"', "mode='fast'"),
    "brackets": ("return x + 1", "return (x + 1)"),
    "line break": ("model.fit(total), ", "model.fit(\n        total\n    ), "),
    "unrelated function edited": ('return "nothing"', 'return "something"'),
    "unrelated function renamed": ("def unrelated():", "def irrelevant():"),
    "unrelated function removed": ('def unrelated():\n    return "nothing"\n', ""),
    "annotation of a parameter": ("def job(data, alpha=0.1", "def job(data: list, alpha=0.1"),
    "annotation of the result": ('mode="fast"):', 'mode="fast") -> tuple:'),
    "annotation of a local": ("    model = Model()\n    l", "    model = Model()\n    l"),
    "new global": ("LIMIT = 10", "LIMIT = 10\nOTHER = 11"),
    "equal constant written otherwise": ("LIMIT = 10", "LIMIT = 5 + 5"),
}
SEMANTIC = {
    "order of a table's keys": (
        '{"a": [1, 2], "b": (3, 4)}',
        '{"b": (3, 4), "a": [1, 2]}',
    ),
    "body": ("settings = Settings(depth=2)", "settings = Settings(depth=3)"),
    "operator": ("x < LIMIT", "x <= LIMIT"),
    "default": ("alpha=0.1", "alpha=0.2"),
    "default of a keyword": ('mode="fast"', 'mode="slow"'),
    "f-string format": ("{alpha:.2f}", "{alpha:.3f}"),
    "constant": ("LIMIT = 10", "LIMIT = 11"),
    "constant of another type": ("LIMIT = 10", "LIMIT = 10.0"),
    "deep in a constant": ('"b": (3, 4)', '"b": (3, 5)'),
    "closure value": ("make(3)", "make(4)"),
    "closure function": ("return x + offset", "return x - offset"),
    "method": ("return self.helper(data) + self.rate", "return self.helper(data) - self.rate"),
    "method called by a method": ("+ sum(data)", "+ max(data)"),
    "base class method": (
        "def setup(self):\n        return 1",
        "def setup(self):\n        return 2",
    ),
    "method added": (
        "    @property\n",
        "    def __len__(self):\n        return 1\n\n    @property\n",
    ),
    "property": ("return 3", "return 4"),
    "static method": ("return 2 * x", "return 3 * x"),
    "default of a method": ("start=0", "start=1"),
    "class attribute": ("rate = 0.5", "rate = 0.6"),
    "class attribute of a mutable type": ('["x"]', '["y"]'),
    "base class": ("class Model(Base):", "class Other(Base):\n    pass\n\n\nclass Model(Other):"),
    "default of a field": ("depth: int = 4", "depth: int = 5"),
    "factory of a field": ("default_factory=list", "default_factory=tuple"),
    "annotation of a field": ("depth: int", "depth: float"),
    "options of a class decorator": ("@dataclass\n", "@dataclass(frozen=True)\n"),
    "decorator's code": ("return scale * function", "return scale + function"),
    "decorator's argument": ("@decorate(2)", "@decorate(3)"),
    "decorator removed": ("@decorate(2)\n", ""),
    "wrapped function": ("def decorated(x):\n    return x + 1", "def decorated(x):\n    return x"),
    "recursive function": ("False if n == 0", "True if n == 0"),
    "imported function": ("from middle import step as", "from middle import other as"),
    "library function": ("math.sqrt(4)", "math.exp(4)"),
}


@pytest.mark.parametrize("name", NEUTRAL)
def test_an_edit_without_meaning_changes_nothing(digest, name):
    assert digest(main=edited(MAIN, *NEUTRAL[name])) == digest()


@pytest.mark.parametrize("name", SEMANTIC)
def test_an_edit_with_meaning_is_noticed(digest, name):
    assert digest(main=edited(MAIN, *SEMANTIC[name])) != digest()


def test_all_semantic_edits_differ_from_each_other(digest):
    digests = {digest(main=edited(MAIN, *edit)) for edit in SEMANTIC.values()}
    assert len(digests) == len(SEMANTIC)


def test_moving_a_function_within_its_file_changes_nothing(digest):
    start = MAIN.index("def even")
    stop = MAIN.index("def odd")
    moved = MAIN[:start] + MAIN[stop:] + "\n\n" + MAIN[start:stop]
    assert digest(main=moved) == digest()


def test_callees_two_modules_away_count(digest):
    assert digest(bottom=edited(BOTTOM, "SCALE * x", "SCALE + x")) != digest()
    assert digest(bottom=edited(BOTTOM, "SCALE = 7", "SCALE = 8")) != digest()
    assert digest(middle=edited(MIDDLE, "def unused(x):\n    return x", "")) == digest()


def test_moving_a_helper_to_another_module_changes_nothing(load):
    here = "def helper(x):\n    return x\n\ndef job(x):\n    return helper(x)\n"
    there = "from middle import helper\n\ndef job(x):\n    return helper(x)\n"
    first = digest_of(load(main=here).job)
    assert digest_of(load(main=there, middle="def helper(x):\n    return x\n").job) == first


def test_a_name_defined_later_counts_as_undefined_until_then(load):
    module = load(main="def job():\n    return later\n")
    before = fingerprint_of(module.job)
    module.later = 3
    assert fingerprint_of(module.job).digest != before.digest
    assert not before.problems


def test_a_global_that_shadows_a_builtin_counts(load):
    plain = digest_of(load(main="def job(x):\n    return len(x)\n").job)
    text = "def len(x):\n    return 1\n\ndef job(x):\n    return len(x)\n"
    assert digest_of(load(main=text).job) != plain


def test_state_at_runtime_counts_not_the_text(load):
    module = load(main="class C:\n    k = 1\n\nLIST = []\n\ndef job():\n    return C.k, LIST\n")
    first = digest_of(module.job)
    module.C.k = 2
    second = digest_of(module.job)
    module.LIST.append(1)
    assert len({first, second, digest_of(module.job)}) == 3


@pytest.mark.parametrize(
    "statement",
    ["from middle import helper", "import middle", "import middle as m", "from middle import *"],
)
def test_imports_of_every_form_are_followed(load, statement):
    call = {"import middle": "middle.helper", "import middle as m": "m.helper"}
    name = call.get(statement, "helper")
    main = f"{statement}\n\ndef job(x):\n    return {name}(x)\n"
    first = digest_of(load(main=main, middle="def helper(x):\n    return x\n").job)
    second = digest_of(load(main=main, middle="def helper(x):\n    return -x\n").job)
    assert first != second


@pytest.mark.parametrize(
    ("statement", "call"),
    [
        ("from middle import helper", "helper"),
        ("from middle import helper as h", "h"),
        ("import middle", "middle.helper"),
        ("import middle as m", "m.helper"),
    ],
)
def test_imports_inside_a_function_are_followed_imported_or_not(load, statement, call):
    main = f"def job(x):\n    {statement}\n    return {call}(x)\n"
    helper = "def helper(x):\n    return x\n"
    module = load(main=main, middle=helper)
    first = digest_of(module.job)
    assert digest_of(module.job) == first
    assert digest_of(load(main=main, middle=helper.replace("x\n", "-x\n")).job) != first


def test_a_module_that_cannot_be_imported_is_no_obstacle(load):
    module = load(main="def job():\n    import broken\n    return broken.x\n")
    assert fingerprint_of(module.job).problems == ()


def test_recursion_gives_the_same_fingerprints_wherever_one_begins(load):
    module = load(
        main="def a(n):\n    return b(n)\n\ndef b(n):\n    return c(n)\n\n"
        "def c(n):\n    return a(n) + d(n)\n\ndef d(n):\n    return d(n - 1)\n"
    )
    forward, backward = {}, {}
    from weft.fingerprint.fingerprinter import Fingerprinter

    one, other = Fingerprinter(), Fingerprinter()
    for name in "abcd":
        forward[name] = one.code(getattr(module, name)).digest
    for name in "dcba":
        backward[name] = other.code(getattr(module, name)).digest
    assert forward == backward
    assert len(set(forward.values())) == 4


def test_recursive_classes_and_functions_are_handled(load):
    text = (
        "class Node:\n    def grow(self):\n        return make()\n\n"
        "def make():\n    return Node()\n\nTABLE = {'make': make}\n\n"
        "def job():\n    return TABLE['make']()\n"
    )
    first = digest_of(load(main=text).job)
    assert digest_of(load(main=text.replace("return make()", "return 1")).job) != first


def test_rewiring_within_a_circle_is_noticed(load):
    text = (
        "def f(n):\n    return g(n)\n\ndef one(n):\n    return f(n) + 1\n\n"
        "def two(n):\n    return f(n) + 2\n\nboth = [one, two]\n\n"
        "def all_of(n):\n    return both\n\ng = {}\n\ndef job(n):\n    return f(n), one, two\n"
    )
    digests = {digest_of(load(main=text.format(name)).job) for name in ("one", "two")}
    assert len(digests) == 2


def test_a_chain_of_many_functions_works(load):
    lines = [f"def f{i}(x):\n    return f{i + 1}(x)\n" for i in range(2000)]
    module = load(main="".join(lines) + "def f2000(x):\n    return x\n")
    assert len(fingerprint_of(module.f0).parts) == 2001


def test_functions_in_constants_count_by_their_code(load):
    text = (
        "def a(x):\n    return x\n\ndef b(x):\n    return 2 * x\n\n"
        "STEPS = {{'first': [a], 'second': {}}}\n\ndef job(x):\n    return STEPS\n"
    )
    first = text.format("{a, b}")
    digests = {
        digest_of(load(main=first).job),
        digest_of(load(main=first.replace("2 * x", "3 * x")).job),
        digest_of(load(main=text.format("[a, b]")).job),
        digest_of(load(main=text.format("[b, a]")).job),
    }
    assert len(digests) == 4


def test_the_class_of_an_instance_that_is_reached_counts(load):
    text = (
        "class Model:\n    def predict(self):\n        return 1\n\nMODEL = Model()\n\n"
        "def job():\n    return MODEL.predict()\n"
    )
    first = digest_of(load(main=text).job)
    assert digest_of(load(main=text.replace("return 1", "return 2")).job) != first


def test_loggers_locks_streams_modules_and_contexts_are_left_out(load):
    text = (
        "import logging, sys, threading, io\nlog = logging.getLogger(__name__)\n"
        "lock = threading.Lock()\nevent = threading.Event()\nout = sys.stdout\n"
        "def job():\n    with lock:\n        log.info(out, event, __name__, __file__)\n"
    )
    fingerprint = fingerprint_of(load(main=text).job)
    assert fingerprint.problems == ()
    assert [part.kind for part in fingerprint.parts] == ["function"]


def test_what_cannot_be_hashed_is_named_with_its_line_and_the_cures(load):
    text = (
        "import socket\n\nLINK = {'socket': socket.socket()}\nLIMIT = 1\n\n"
        "def job():\n    LINK['socket'].close()\n    return LIMIT\n"
    )
    module = load(main=text)
    (problem,) = fingerprint_of(module.job).problems
    assert problem.name == "main.LINK['socket']"
    assert problem.where.endswith("main.py:7")
    assert "uses=" in problem.message
    assert "ignore=" in problem.message
    first = digest_of(module.job)
    module.LIMIT = 2
    assert digest_of(module.job) != first
    assert fingerprint_of(module.job, ignore=("LINK",)).problems == ()
    assert fingerprint_of(module.job, ignore=("main.LINK",)).problems == ()
    module.LINK["socket"].close()


def test_an_ignored_global_does_not_count(load):
    module = load(main="CACHE = {}\n\ndef job():\n    return CACHE\n")
    first = digest_of(module.job, ignore=("CACHE",))
    module.CACHE["x"] = 1
    assert digest_of(module.job, ignore=("CACHE",)) == first


def test_the_scope_of_the_code_can_be_narrowed(load):
    text = "def helper():\n    return 1\n\ndef job(a=1):\n    return helper()\n"
    helper = text.replace("return 1", "return 2")
    body = text.replace("return helper()", "return 1 + helper()")
    default = text.replace("a=1", "a=2")

    def digests(scope):
        return [digest_of(load(main=t).job, code=scope) for t in (text, helper, body, default)]

    whole, own, none = digests("transitive"), digests("function"), digests("none")
    assert len(set(whole)) == 4
    assert own[0] == own[1]
    assert len(set(own)) == 3
    assert none[0] == none[1] == none[2] != none[3]


def test_a_version_stands_for_the_code_but_not_for_the_data(load):
    import functools

    module = load(main="def job(a):\n    return a\n\ndef make(n):\n    return lambda: n\n")
    first = digest_of(module.job, version="1")
    partials = {digest_of(functools.partial(module.job, n), version="1") for n in (1, 2)}
    closures = {digest_of(module.make(n), version="1") for n in (1, 2)}
    assert len(partials) == len(closures) == 2
    assert digest_of(module.job, version="2") != first
    edited_module = load(main="def job(a):\n    return -a\n")
    assert digest_of(edited_module.job, version="1") == first


def test_uses_adds_functions_classes_and_values(load):
    text = "def hidden():\n    return 1\n\ndef job():\n    return globals()['hidden']()\n"
    module = load(main=text)
    plain = digest_of(module.job)
    first = digest_of(module.job, uses=(module.hidden, {"table": 3}))
    assert first != plain
    assert digest_of(module.job, uses=(module.hidden, {"table": 4})) != first
    module = load(main=text.replace("return 1", "return 2"))
    assert digest_of(module.job, uses=(module.hidden, {"table": 3})) != first
    assert digest_of(module.job) == plain


def test_installed_packages_count_by_name_and_on_demand_by_version(load):
    text = "import click\n\ndef job(x):\n    return click.echo(x)\n"
    module = load(main=text)
    fingerprint = fingerprint_of(module.job)
    assert fingerprint.packages == ("click",)
    assert digest_of(module.job, packages="version") != fingerprint.digest
    parts = fingerprint_of(module.job, packages="version").parts
    assert [part.name for part in parts if part.kind == "package"] == ["click"]
    other = load(main=text.replace("import click", "import rich as click"))
    assert digest_of(other.job) != fingerprint.digest


def test_options_that_cannot_change_a_result_do_not_count(load):
    module = load(main="def job(x):\n    return x\n")
    assert digest_of(module.job, cores=2, timeout=3, cutoff=False) == digest_of(module.job)


def test_wefts_own_decorators_do_not_count(load):
    text = "from weft.model.resources import Options\n\n\ndef job(x):\n    return x\n"
    plain = digest_of(load(main=text).job)
    marked = text.replace("def job", "@(lambda f, _=Options: f)\ndef job")
    assert digest_of(load(main=marked).job) != plain
    weft = "import weft.model.resources as w\nw.mark = lambda **k: lambda f: f\n\n"
    weft += "@w.mark(timeout={})\ndef job(x):\n    return x\n"
    digests = {digest_of(load(main=weft.format(n)).job) for n in (1, 2)}
    assert digests == {plain}


def test_parts_name_what_an_edit_touched(load):
    def parts(bottom):
        fingerprint = fingerprint_of(load(main=MAIN, middle=MIDDLE, bottom=bottom).job)
        return {(part.kind, part.name): part.digest for part in fingerprint.parts}

    before, after = parts(BOTTOM), parts(edited(BOTTOM, "SCALE * x", "SCALE + x"))
    assert [key for key in before if before[key] != after[key]] == [("function", "bottom.deep")]
    after = parts(edited(BOTTOM, "SCALE = 7", "SCALE = 8"))
    assert [key for key in before if before[key] != after[key]] == [("constant", "bottom.SCALE")]


def test_parts_hold_the_source(load):
    fingerprint = fingerprint_of(load(main=MAIN, middle=MIDDLE, bottom=BOTTOM).job)
    sources = {part.name: part.source for part in fingerprint.parts}
    assert sources["bottom.deep"] == "def deep(x):\n    return SCALE * x"
    assert sources["bottom.SCALE"] == "7"
    assert sources["main.Model"].startswith("class Model(Base):")


def test_forgetting_sees_new_state_and_remembering_does_not(load):
    from weft.fingerprint.fingerprinter import Fingerprinter

    module = load(main="LIMIT = 1\n\ndef job():\n    return LIMIT\n")
    fingerprinter = Fingerprinter()
    first = fingerprinter.code(module.job)
    module.LIMIT = 2
    assert fingerprinter.code(module.job) is first
    fingerprinter.forget()
    assert fingerprinter.code(module.job).digest != first.digest


def test_hostile_objects_are_no_obstacle(load):
    text = (
        "class Meta(type):\n    def __getattr__(cls, name):\n        raise ValueError(name)\n\n"
        "class Guarded(metaclass=Meta):\n    pass\n\nGUARDED = Guarded()\n\n"
        "class Refusing:\n    def __reduce_ex__(self, protocol):\n        raise OSError\n\n"
        "    def __getattr__(self, name):\n        raise RuntimeError(name)\n\n"
        "    def __eq__(self, other):\n        raise RuntimeError\n\n"
        "    def __bool__(self):\n        raise RuntimeError\n\nREFUSING = Refusing()\n\n"
        "def job():\n    return GUARDED, REFUSING, Guarded\n"
    )
    module = load(main=text)
    problems = [problem.name for problem in fingerprint_of(module.job).problems]
    assert problems == ["main.GUARDED", "main.REFUSING"]
    assert fingerprint_of(module.Guarded).digest


def test_the_environment_is_left_out(load, monkeypatch):
    module = load(main="from os import environ\n\ndef job():\n    return environ['HOME']\n")
    first = digest_of(module.job)
    monkeypatch.setenv("SOMETHING", "else")
    assert digest_of(module.job) == first


@pytest.mark.parametrize(
    "body",
    ['eval("LIMIT")', "exec(x)", 'globals()["LIMIT"]', 'importlib.import_module("main")'],
)
def test_code_that_looks_names_up_while_it_runs_is_a_problem_by_name(load, body):
    module = load(main=f"import importlib\nLIMIT = 1\ndef job(x):\n    return {body}\n")
    (problem,) = fingerprint_of(module.job).problems
    name = body.partition("(")[0]
    assert problem.name == name
    assert fingerprint_of(module.job, ignore=(name,)).problems == ()


def test_a_function_of_the_users_own_named_like_a_builtin_is_none(load):
    module = load(main="def eval(x):\n    return x\ndef job(x):\n    return eval(x)\n")
    assert fingerprint_of(module.job).problems == ()
