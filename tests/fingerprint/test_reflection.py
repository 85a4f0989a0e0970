"""What code reads about code, what was put into packages, and what it starts by a path."""

from __future__ import annotations

import abc
import gc
import json

import pytest

from tests.fingerprint.conftest import digest_of, fingerprint_of

LIBRARY = '''
"""About the module."""
import abc


def other(x: int, y: str = "") -> float:
    """What it does."""
    # how it does it
    return x


class Base:
    """A base."""

    def one(self):
        """One."""
        return 1

    def two(self):
        return 2


class Sub(Base):
    def three(self):
        return 3
'''
EDITS = {
    "docs": ('"""What it does."""', '"""What it is."""'),
    "docs of a class": ('"""A base."""', '"""The base."""'),
    "docs of a method": ('"""One."""', '"""The first."""'),
    "docs of the module": ('"""About the module."""', '"""The module."""'),
    "annotation": ("x: int", "x: float"),
    "annotation moved": ('x: int, y: str = ""', 'x, y: int = ""'),
    "annotation of the result": ("-> float", "-> int"),
    "comment": ("# how it does it", "# how"),
    "subclass": ("return 3", "return 4"),
    "name of a subclass": ("class Sub(Base)", "class Under(Base)"),
    "order": (
        (
            '    def one(self):\n        """One."""\n        return 1\n\n'
            "    def two(self):\n        return 2\n"
        ),
        (
            "    def two(self):\n        return 2\n\n"
            '    def one(self):\n        """One."""\n        return 1\n'
        ),
    ),
}
READERS = {
    "return other.__doc__": {"docs"},
    "return getattr(other, '__doc__')": {"docs"},
    "return inspect.getdoc(other)": {"docs"},
    "return getdoc_of(other)": {"docs"},
    "return library.Base.__doc__": {"docs of a class", "docs of a method"},
    "return library.__doc__": {"docs of the module"},
    "return other.__annotations__": {"annotation", "annotation moved", "annotation of the result"},
    "return str(inspect.signature(other))": {
        *("annotation", "annotation moved", "annotation of the result"),
    },
    "import typing; return typing.get_type_hints(other)": {
        *("annotation", "annotation moved", "annotation of the result"),
    },
    "return inspect.getsource(other)": {
        *("docs", "comment", "annotation", "annotation moved", "annotation of the result"),
    },
    "return [c() for c in library.Base.__subclasses__()]": {"subclass", "name of a subclass"},
    "return list(vars(library.Base))": {"order"},
    "return list(library.Base.__dict__)": {"order"},
    "return other, library.Base": set(),
    "return other.signature, len([])": set(),
    "return (lambda: other.__doc__)()": {"docs"},
}


@pytest.mark.parametrize("body", READERS)
def test_what_is_read_about_code_counts_and_nothing_else_does(load, body):
    main = (
        "import inspect\nfrom inspect import getdoc as getdoc_of\n\n"
        f"import library\nfrom library import other\n\ndef job():\n    {body}\n"
    )
    before = digest_of(load(main=main, library=LIBRARY).job)
    noticed = set()
    for name, (old, new) in EDITS.items():
        assert old in LIBRARY
        edited = LIBRARY.replace(old, new)
        if digest_of(load(main=main, library=edited).job) != before:
            noticed.add(name)
    assert noticed == READERS[body]


def test_the_docstring_of_the_own_module_counts_where_it_is_named(load):
    main = '"""Usage: one."""\n\ndef job():\n    return __doc__\n\ndef other():\n    return 1\n'
    module = load(main=main)
    edited = load(main=main.replace("one", "two"))
    assert digest_of(module.job) != digest_of(edited.job)
    assert digest_of(module.other) == digest_of(edited.other)


def test_subclasses_bring_what_their_code_reads(load):
    main = (
        "from base import Base\n\ndef job():\n    return [c().f() for c in Base.__subclasses__()]\n"
    )
    plugin = (
        "from base import Base\n\ndef helper():\n    '''One.'''\n\n"
        "class Plugin(Base):\n    def f(self):\n        return helper.__doc__\n"
    )
    base = "class Base:\n    pass\n"
    digests = []
    for text in (plugin, plugin.replace("One", "Two")):
        module = load(main=main + "import plugin\n", base=base, plugin=text)
        digests.append(digest_of(module.job))
    assert digests[0] != digests[1]


def test_a_class_that_was_defined_again_is_one_subclass(load):
    main = (
        "class Base:\n    pass\n\nclass Sub(Base):\n    pass\n\nkept = [Sub]\n\n"
        "def job():\n    return Base.__subclasses__()\n"
    )
    again = main.replace("kept = [Sub]", "kept = [Sub]\nclass Sub(Base):\n    pass\n")
    assert digest_of(load(main=main).job) == digest_of(load(main=again).job)


@pytest.fixture
def collected():
    """Registrations with classes of Python are gone with the classes."""
    yield
    gc.collect()


@pytest.mark.usefixtures("collected")
@pytest.mark.parametrize("base", ["Base", "Iterable", "collections.abc.Iterable", "numbers.Number"])
def test_classes_registered_with_an_abstract_one_count(load, base):
    mine = f"Mine{base.replace('.', '')}"
    main = (
        "import abc\nimport collections.abc\nimport numbers\nfrom collections.abc import Iterable\n"
        f"class Base(abc.ABC):\n    pass\n\nclass {mine}:\n    pass\n\n"
        f"def job(x={mine}):\n    return issubclass(x, {base})\n"
    )
    before = digest_of(load(main=main).job)
    assert digest_of(load(main=f"{main}\n{base}.register({mine})\n").job) != before
    load(main="")
    gc.collect()
    after = digest_of(load(main=f"{main}\nimport string\n{base}.register(string.Template)\n").job)
    assert (after != before) == (base == "Base")  # Python's own say nothing of Python's own


def test_asking_an_abstract_class_changes_nothing(load):
    module = load(
        main="import abc\nclass Base(abc.ABC):\n    pass\n\n"
        "def job(x=1):\n    return isinstance(x, Base)\n"
    )
    before = digest_of(module.job)
    module.job(), isinstance("", abc.ABC)
    assert digest_of(module.job) == before


PATCHES = {
    "a function": "def mine(x):\n    return helper(x)\n\njson.dumps = mine\n",
    "a callable object": (
        "class Mine:\n    def __call__(self, x):\n        return helper(x)\n\njson.dumps = Mine()\n"
    ),
    "a bound method": (
        "class Mine:\n    def dump(self, x):\n        return helper(x)\n\n"
        "json.dumps = Mine().dump\n"
    ),
    "a partial": "import functools\njson.dumps = functools.partial(helper)\n",
    "a cached function": "import functools\njson.dumps = functools.lru_cache(helper)\n",
    "a method": (
        "def mine(self, x):\n    return helper(x)\n\njson.JSONEncoder.encode = mine\n"
        "json.dumps = json.JSONEncoder.encode\n"
    ),
}


@pytest.mark.parametrize("name", PATCHES)
def test_code_put_into_a_package_counts(load, name, monkeypatch):
    monkeypatch.setattr(json, "dumps", json.dumps)
    monkeypatch.setattr(json.JSONEncoder, "encode", json.JSONEncoder.encode)
    main = "import json\n\ndef job():\n    return json.dumps(1)\n"
    helper = "def helper(x):\n    return str(x)\n\n"
    before = digest_of(load(main=main).job)
    after = digest_of(load(main=main + helper + PATCHES[name]).job)
    edited = digest_of(load(main=main + helper.replace("str", "repr") + PATCHES[name]).job)
    assert len({before, after, edited}) == 3


PROGRAMS = {
    "subprocess.run(['python', 'tool.py'])": ["tool.py"],
    "subprocess.run(['python', str(HERE / 'tool.py')])": ["tool.py"],
    "subprocess.run([sys.executable, TOOL])": ["tool.py"],
    "subprocess.check_output('python tool.py --fast', shell=True)": ["tool.py"],
    "Popen(['./tool.py'])": ["./tool.py"],
    "os.system('python tool.py')": ["tool.py"],
    "os.system(f'python tool.py {1}')": ["tool.py"],
    "command = ['python', 'tool.py']; subprocess.run(command)": ["tool.py"],
    "import subprocess as s; s.run(args=['python', 'tool.py'])": ["tool.py"],
    "runpy.run_path('tool.py')": ["tool.py"],
    "subprocess.run(['python', weft.reads('tool.py')])": [],
    "tool = weft.reads('tool.py'); subprocess.run(['python', tool])": [],
    "weft.reads(TOOL); subprocess.run(['python', TOOL])": [],
    "subprocess.run(['python', 'absent.py'])": [],
    "subprocess.run(['wc', 'data.csv'])": [],
    "subprocess.run(['/bin/sh', '-c', 'ls'])": [],
    "open('tool.py'); subprocess.run(['ls'])": [],
    "print('tool.py')": [],
}


@pytest.mark.parametrize("body", PROGRAMS)
def test_a_program_of_ones_own_started_by_its_path_is_named(load, body, tmp_path):
    main = (
        "import os, runpy, subprocess, sys\nfrom pathlib import Path\n"
        "from subprocess import Popen\nimport weft\n\n"
        "TOOL = 'tool.py'\nHERE = Path(__file__).parent\n\n"
        f"def job():\n    {body}\n"
    )
    absent = fingerprint_of(load(main=main).job)
    (tmp_path / "tool.py").write_text("print(1)\n")
    (tmp_path / "data.csv").write_text("1\n")
    found = fingerprint_of(load(main=main).job)
    assert [problem.why.split(",")[0] for problem in found.problems] == [
        f"starts {name}" for name in PROGRAMS[body]
    ]
    assert found.digest == absent.digest
    for problem in found.problems:
        assert "weft.reads(" in problem.message
        short = problem.name.rpartition(".")[2]
        assert f'ignore="{short}"' in problem.message
        assert not fingerprint_of(load(main=main).job, ignore=(short,)).problems
