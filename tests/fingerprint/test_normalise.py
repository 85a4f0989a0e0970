"""What of a text counts."""

from __future__ import annotations

import ast

import pytest

from weft.fingerprint.normalise import Imported, normalise, normalise_decorator, normalise_function


def text(source: str) -> bytes:
    return normalise(ast.parse(source)).digest


def function(source: str) -> bytes:
    return normalise_function(ast.parse(source).body[0]).digest  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("x=1", "x = (1)  # one"),
        ("f(a,\n  b)", "f(a, b)"),
        ("'a' 'b'", "'ab'"),
        ("'a'", '"a"'),
        ("u'a'", "'a'"),
        ("def f(x: int) -> int: return x", "def f(x): return x"),
        ("def f(*a: int, **k: int): pass", "def f(*a, **k): pass"),
        ("def f():\n x: int = 1", "def f():\n x: str = 1"),
        ("def f():\n 'doc'\n return 1", "def f():\n return 1"),
        ("class C:\n 'doc'\n x = 1", "class C:\n x = 1"),
        ("async def f():\n 'doc'\n return 1", "async def f():\n return 1"),
        ("x = [] # type: list", "x = []"),
        ("f'{x}' 'a'", "f'{x}a'"),
        ("1_000", "1000"),
        ("0x10", "16"),
    ],
)
def test_texts_of_one_meaning_are_equal(one, other):
    assert text(one) == text(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("x = 1", "x = 2"),
        ("x = 1", "x = 1.0"),
        ("x = 1", "x = True"),
        ("x = 'a'", "x = b'a'"),
        ("x = None", "x = ..."),
        ("return_ = None", "return_ = 0"),
        ("x = y", "x = z"),
        ("x.a", "x.b"),
        ("f(a, b)", "f(b, a)"),
        ("f(a)(b)", "f(a, b)"),
        ("f(*a)", "f(a)"),
        ("{**a}", "{a}"),
        ("{**a, 'b': c}", "{'b': c, **a}"),
        ("a[1:]", "a[:1]"),
        ("a[1:None]", "a[1:]"),
        ("x + y", "x - y"),
        ("x < y", "x <= y"),
        ("not x", "-x"),
        ("a and b or c", "a and (b or c)"),
        ("f'{x}'", "f'{x!r}'"),
        ("f'{x:2}'", "f'{x:3}'"),
        ("f'{x}a'", "f'a{x}'"),
        ("if a:\n b\nc", "if a:\n b\n c"),
        ("if a:\n b\nelse:\n c", "if a:\n b\nelif c:\n pass"),
        ("for x in y: z", "for x in z: y"),
        ("with a as b: c", "with a: c"),
        ("from a import b", "from a import b as c"),
        ("from .a import b", "from a import b"),
        ("def f(a, b): pass", "def f(a, /, b): pass"),
        ("def f(a, b): pass", "def f(a, *, b): pass"),
        ("def f(a): pass", "async def f(a): pass"),
        ("def f(a): pass", "def g(a): pass"),
        ("class C:\n x: int = 1", "class C:\n x: str = 1"),
        ("class C:\n x: int", "class C:\n x: str"),
        ("[x for x in y]", "{x for x in y}"),
        ("x = yield y", "x = yield from y"),
        ("global x", "nonlocal x"),
        ("def f():\n 1\n 'no docstring'", "def f():\n 1"),
    ],
)
def test_texts_of_different_meaning_differ(one, other):
    assert text(one) != text(other)


def test_a_functions_own_name_and_defaults_do_not_count_but_which_there_are():
    assert function("def f(a, b=1): return a") == function("def g(a, b=2): return a")
    assert function("def f(a, b=1): return a") != function("def f(a, b): return a")
    assert function("def f(*, a=1, b): return a") != function("def f(*, a, b=1): return a")
    assert function("@d\ndef f(): return 1") == function("def f(): return 1")


def test_names_and_chains_are_noted_with_their_lines():
    found = normalise(ast.parse("a.b.c(d)\ne[f].g\nh = a.b"))
    assert found.names == {
        ("a", "b", "c"): 1,
        ("d",): 1,
        ("e",): 2,
        ("f",): 2,
        ("h",): 3,
        ("a", "b"): 3,
    }


def test_names_in_annotations_of_functions_are_not_noted():
    found = normalise(ast.parse("def f(x: A) -> B:\n    y: C = D\nclass G:\n    z: E = F"))
    assert {name[0] for name in found.names} == {"y", "D", "z", "E", "F"}


def test_imports_are_noted():
    found = normalise(
        ast.parse("import a.b\nimport c.d as e\nfrom f import g, h as i\nfrom . import j")
    )
    assert found.imports == {
        "a": (Imported("a", None, 0, loaded="a.b"),),
        "e": (Imported("c.d", None, 0),),
        "g": (Imported("f", "g", 0),),
        "i": (Imported("f", "h", 0),),
        "j": (Imported("", "j", 1),),
    }


def test_all_branches_that_bind_a_name_are_noted():
    found = normalise(ast.parse("try:\n    from a import f\nexcept E:\n    from b import f"))
    assert found.imports == {"f": (Imported("a", "f", 0), Imported("b", "f", 0))}


def test_the_head_of_a_decorator_is_what_it_calls():
    def head(source: str) -> object:
        return normalise_decorator(ast.parse(source, mode="eval").body).head

    assert head("a") == ("a",)
    assert head("a.b(c, d=e)") == ("a", "b")
    assert head("a(b)(c)") == ("a",)
    assert head("(lambda f: f)(a)") is None


def test_a_deep_expression_needs_no_deep_stack():
    node: ast.expr = ast.Name("x", ast.Load(), lineno=1, col_offset=0)
    for _ in range(50_000):
        node = ast.UnaryOp(ast.Not(), node, lineno=1, col_offset=0)
    first = normalise(node).digest
    assert first != normalise(node.operand).digest  # type: ignore[attr-defined]
    while isinstance(node, ast.UnaryOp):  # taken apart, because freeing it recurses in C
        node = node.operand
