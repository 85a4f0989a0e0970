"""Modules that code imports where it needs them, or holds as values."""

from __future__ import annotations

import sys

import pytest

from tests.fingerprint.conftest import digest_of, fingerprint_of
from weft.fingerprint.fingerprinter import Fingerprinter

TOOL = "LIMIT = 1\n\ndef f(x=0):\n    return x + 1\n\ndef g():\n    return LIMIT\n"
HOLDING = {
    "in a dict": "import tool\nBOX = {'t': tool}\n\ndef job():\n    return BOX['t'].f()\n",
    "in a local variable": "import tool\n\ndef job():\n    m = tool\n    return m.f()\n",
    "as an attribute": (
        "import tool\n\nclass Box:\n    pass\n\nBOX = Box()\nBOX.m = tool\n\n"
        "def job():\n    return BOX.m.f()\n"
    ),
    "passed to a helper": (
        "import tool\n\ndef use(m):\n    return m.f()\n\ndef job():\n    return use(tool)\n"
    ),
    "asked by getattr": "import tool\n\ndef job():\n    return getattr(tool, 'f')()\n",
    "as a default": "import tool\n\ndef job(m=tool):\n    return m.f()\n",
    "in a closure": (
        "import tool\n\ndef make(m):\n    def job():\n        n = m\n        return n.f()\n"
        "    return job\n\njob = make(tool)\n"
    ),
    "bound by another function": (
        "def setup():\n    global tool\n    import tool\n\nsetup()\n\n"
        "def job():\n    return tool.f()\n"
    ),
    "imported in the function": "def job():\n    import tool\n    m = tool\n    return m.f()\n",
}


@pytest.mark.parametrize("text", HOLDING.values(), ids=HOLDING)
def test_a_module_that_is_used_as_a_value_counts_with_its_members(text, load):
    before = digest_of(load(main=text, tool=TOOL).job)
    assert digest_of(load(main=text, tool=TOOL.replace("x + 1", "x + 2")).job) != before
    assert digest_of(load(main=text, tool="# a comment\n" + TOOL).job) == before


def test_a_module_that_is_only_looked_into_counts_with_what_is_used(load):
    text = "import tool\n\ndef job():\n    return tool.f()\n"
    before = digest_of(load(main=text, tool=TOOL).job)
    assert digest_of(load(main=text, tool=TOOL.replace("LIMIT = 1", "LIMIT = 2")).job) == before


def test_a_module_among_the_arguments_counts_with_its_members(load):
    before = Fingerprinter().value([load(tool=TOOL)])
    assert Fingerprinter().value([load(tool=TOOL.replace("x + 1", "x + 2"))]) != before
    assert Fingerprinter().value([load(tool=TOOL + "# end\n")]) == before


def test_what_a_module_makes_when_asked_counts_by_its_function(load):
    tool = "def __getattr__(name):\n    return lambda: 1\n"
    text = "import tool\n\ndef job():\n    return tool.anything()\n"
    before = digest_of(load(main=text, tool=tool).job)
    assert digest_of(load(main=text, tool=tool.replace("1", "2")).job) != before


def test_a_submodule_that_nobody_imported_yet_counts(load, tmp_path):
    text = "def job():\n    import pkg.sub\n    return pkg.sub.f()\n"
    (tmp_path / "pkg").mkdir()
    (tmp_path / "pkg" / "__init__.py").touch()
    digests = []
    for body in ("1", "2"):
        (tmp_path / "pkg" / "sub.py").write_text(f"def f():\n    return {body}\n")
        for name in ("pkg", "pkg.sub"):
            sys.modules.pop(name, None)
        digests.append(digest_of(load(main=text).job))
    assert digests[0] != digests[1]


@pytest.mark.parametrize(
    "text",
    [
        (
            "def job():\n    try:\n        from fast import f\n    except ImportError:\n"
            "        from slow import f\n    return f()\n"
        ),
        (
            "def job(quick=True):\n    if quick:\n        from fast import f\n    else:\n"
            "        from slow import f\n    return f()\n"
        ),
    ],
    ids=["try", "if"],
)
def test_each_branch_of_imports_counts(text, load):
    files = {"fast": "def f():\n    return 1\n", "slow": "def f():\n    return 2\n"}
    before = digest_of(load(main=text, **files).job)
    for name in files:
        edited = {**files, name: files[name].replace("return ", "return -")}
        assert digest_of(load(main=text, **edited).job) != before


def test_an_own_module_that_is_called_like_one_of_pythons_counts(load, monkeypatch):
    text = "def job():\n    import chunk\n    return chunk.f()\n"
    monkeypatch.delitem(sys.modules, "chunk", raising=False)
    before = digest_of(load(main=text, chunk="def f():\n    return 1\n").job)
    assert digest_of(load(main=text, chunk="def f():\n    return 2\n").job) != before


def test_modules_that_are_installed_count_by_their_names(load):
    text = "import json, numpy\nBOX = [json, numpy]\n\ndef job():\n    return BOX\n"
    fingerprint = fingerprint_of(load(main=text).job)
    assert not fingerprint.problems
    assert fingerprint.packages == ("numpy",)
    assert digest_of(load(main=text.replace("[json, ", "[")).job) != fingerprint.digest
