"""Section 2 of the reference, by rows: what of a function counts. Each name states Weft's answer.

The table is gone through by edits of a script, each for callbacks and for FunctionInvariants.
"""

from __future__ import annotations

import functools
import operator
import shutil
from pathlib import Path

import pytest

from tests.pipegraph.running import Calls, read, run, well, write, writes
from tests.scenarios.project import Project
from weft import pipegraph as ppg

HELPERS = '''
"""Another module."""

LIMIT = 3

def far(x):
    return min(x, LIMIT)

def not_used(x):
    return x
'''

SCRIPT = '''
import helpers
from weft import pipegraph as ppg

FACTOR = 2
TABLE = {"a": [1, 2]}

def helper(x):
    return x + 1

def plain(path):
    """Writes."""
    path.write_text("plain")

def nested(path):
    def inner():
        return "inner"
    path.write_text(inner())

def with_lambda(path):
    path.write_text((lambda: "lambda")())

def make_closure(value):
    def closure(path):
        path.write_text(str(value))
    return closure

def make_helped(function):
    def helped(path):
        path.write_text(str(function(1)))
    return helped

def default(path, size=4):
    path.write_text("x" * size)

def uses_global(path):
    path.write_text(str(FACTOR))

def uses_table(path):
    path.write_text(str(TABLE["a"][1]))

def calls_helper(path):
    path.write_text(str(helper(1)))

def calls_far(path):
    path.write_text(str(helpers.far(5)))

class Scale:
    base = 2
    def apply(self, x):
        return self.base * x

def uses_class(path):
    path.write_text(str(Scale().apply(2)))

def unused(path, nobody=None):
    path.write_text("unused")

FUNCTIONS = {
    "plain": plain,
    "nested": nested,
    "lambda": with_lambda,
    "closure": make_closure(5),
    "helped": make_helped(lambda x: x * 7),
    "default": default,
    "global": uses_global,
    "table": uses_table,
    "helper": calls_helper,
    "far": calls_far,
    "class": uses_class,
    "unused": unused,
}

if __name__ == "__main__":
    ppg.new_pipegraph(ppg.resource_coordinators.LocalSystem(2), quiet=True, folder="out")
    for name, function in FUNCTIONS.items():
        ppg.FileGeneratingJob(name, function)
        same = lambda path: path.write_text("")
        watching = ppg.FileGeneratingJob(f"FI/{name}", same, empty_ok=True)
        watching.depends_on_func("it", function)
    outcomes = ppg.run()
    print(*sorted(name for name, one in outcomes.items() if one.outcome.value == "Success"))
'''


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the script ran once."""
    project = Project(tmp_path_factory.mktemp("functions"))
    project.write(script=SCRIPT, helpers=HELPERS)
    assert len(ran(project)) == 24
    return project.folder


@pytest.fixture
def project(made: Path, tmp_path: Path) -> Project:
    """A copy of that folder."""
    return Project(shutil.copytree(made, tmp_path / "project"))


def ran(project: Project) -> list[str]:
    done = project.run()
    assert done.code == 0, done.stdout + done.stderr
    return done.stdout.split()


NOTHING = {
    "a comment is added": ("script", "FACTOR = 2", "FACTOR = 2  # a comment"),
    "a comment inside is added": (
        "script",
        '    path.write_text("plain")',
        '    # a comment\n    path.write_text("plain")',
    ),
    "all lines are shifted": ("script", "FACTOR = 2", "\n\n\nFACTOR = 2"),
    "it is laid out in another way": (
        "script",
        'path.write_text("plain")',
        'path.write_text(\n        "plain",\n    )',
    ),
    "a docstring is reworded": ("script", '"""Writes."""', '"""Writes it all."""'),
    "a docstring is removed": ("script", '    """Writes."""\n', ""),
    "something unused is edited": ("helpers", "return x\n", "return x + 1\n"),
    "annotations are added": ("script", "def plain(path):", "def plain(path: object) -> None:"),
}


@pytest.mark.parametrize("edit", NOTHING)
def test_nothing_runs_when(project: Project, edit: str) -> None:
    project.edit(*NOTHING[edit])
    assert ran(project) == []


def test_nothing_runs_when_a_function_is_renamed(project: Project) -> None:
    script = project.folder / "script.py"
    script.write_text(
        script.read_text().replace("def plain", "def other").replace(": plain", ": other")
    )
    assert ran(project) == []


CHANGES = {
    "a statement": ("script", 'write_text("plain")', 'write_text("p" + "lain")', "plain"),
    "the body of a nested def": ("script", '"inner"', '"INNER"', "nested"),
    "the body of a lambda inside": ("script", 'lambda: "lambda"', 'lambda: "LAMBDA"', "lambda"),
    "a closure's value, with the text unchanged": (
        "script",
        "make_closure(5)",
        "make_closure(6)",
        "closure",
    ),
    "a helper in a closure": ("script", "lambda x: x * 7", "lambda x: x * 8", "helped"),
    "a default value in the signature": ("script", "size=4", "size=5", "default"),
    "a global that is read": ("script", "FACTOR = 2", "FACTOR = 3", "global"),
    "a value deep in a global that is read": ("script", "[1, 2]", "[1, 3]", "table"),
    "the body of a called helper": ("script", "return x + 1", "return x + 2", "helper"),
    "the body of a helper in another module": ("helpers", "min(x", "max(x", "far"),
    "a global that a helper in another module reads": ("helpers", "LIMIT = 3", "LIMIT = 4", "far"),
    "a method of a used class": ("script", "self.base * x", "self.base + x", "class"),
    "an attribute of a used class": ("script", "base = 2", "base = 3", "class"),
    "the name of a parameter that nobody uses": ("script", "nobody=None", "nothing=None", "unused"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_exactly_its_jobs_run_after_a_change_of(project: Project, change: str) -> None:
    file, old, new, name = CHANGES[change]
    project.edit(file, old, new)
    assert ran(project) == [f"FI/{name}", name]


# -- what else can be called -----------------------------------------------------------------------


def two_runs(first, second):
    """What runs of one job with this callback, and then with that."""
    assert well(lambda: ppg.FileGeneratingJob("A", first)) == ["A"]
    assert well(lambda: ppg.FileGeneratingJob("A", first)) == []
    return well(lambda: ppg.FileGeneratingJob("A", second))


def write_to(text, path):
    path.write_text(text)


class Writer:
    """Callable, and with a method that is a callback."""

    def __init__(self, text):
        self.text = text

    def __call__(self, path):
        path.write_text(self.text)

    def method(self, path):
        path.write_text(self.text)


class WritesAtOnce:
    def __init__(self, path):
        path.write_text("class")


class WritesElse:
    def __init__(self, path):
        path.write_text("another")


def test_a_partial_is_a_callback_and_what_it_binds_counts():
    bind = functools.partial
    assert two_runs(bind(write_to, "a"), bind(write_to, "b")) == ["A"]
    assert read("A") == "b"


def test_an_equal_partial_is_no_change():
    assert two_runs(functools.partial(write_to, "a"), functools.partial(write_to, "a")) == []


def test_a_callable_object_is_a_callback_and_what_it_holds_counts():
    assert two_runs(Writer("a"), Writer("b")) == ["A"]
    assert well(lambda: ppg.FileGeneratingJob("A", Writer("b"))) == []


def test_a_bound_method_is_a_callback_and_what_its_object_holds_counts():
    assert two_runs(Writer("a").method, Writer("b").method) == ["A"]
    assert well(lambda: ppg.FileGeneratingJob("A", Writer("b").method)) == []


def test_a_class_is_a_callback_and_its_code_counts():
    assert two_runs(WritesAtOnce, WritesElse) == ["A"]
    assert read("A") == "another"


def test_a_function_of_python_itself_is_a_callback():
    write("source", "s")

    def define():
        ppg.FileGeneratingJob("A", functools.partial(shutil.copy, "source"))

    assert well(define) == ["A"]
    assert well(define) == []
    assert read("A") == "s"


def test_a_builtin_method_of_an_object_is_a_callback():
    calls = Calls()

    def define():
        load = ppg.DataLoadingJob("load", functools.partial(calls.append, "loaded"))
        ppg.FileGeneratingJob("A", writes("a")).depends_on(load)

    assert well(define) == ["A", "load"]
    assert calls == ["loaded"]


CALLABLES = {
    "a builtin function": len,
    "a function written in C": operator.add,
    "a method of a text": "text".join,
    "a method of a list": [1].append,
    "a builtin class": dict,
    "a class": Path,
    "a partial": functools.partial(max, 1),
}


@pytest.mark.parametrize("what", CALLABLES)
def test_all_that_can_be_called_can_be_a_function_invariant(what):
    function = CALLABLES[what]

    def define(function):
        invariant = ppg.FunctionInvariant("it", function)
        ppg.FileGeneratingJob("A", writes("a")).depends_on(invariant)

    assert well(lambda: define(function)) == ["A"]
    assert well(lambda: define(function)) == []
    assert well(lambda: define(min)) == ["A"]


def test_what_can_not_be_called_is_refused_where_it_is_written():
    with ppg.new_pipegraph(folder="out"):
        with pytest.raises(ppg.JobContractError, match="no function"):
            ppg.FileGeneratingJob("A", "text")
        with pytest.raises(ppg.JobContractError, match="no function"):
            ppg.FunctionInvariant("it", 5)


def test_a_function_invariant_of_no_function_counts_when_it_gets_one():
    def define(function):
        invariant = ppg.FunctionInvariant("it", function)
        ppg.FileGeneratingJob("A", writes("a")).depends_on(invariant)

    well(lambda: define(None))
    assert well(lambda: define(None)) == []
    assert well(lambda: define(len)) == ["A"]


def test_code_that_was_said_not_to_count_does_not():
    def define(text):
        ppg.FileGeneratingJob("A", writes(text)).ignore_code_changes()
        ppg.FileGeneratingJob("B", writes(text), depend_on_function=False)

    assert well(lambda: define("a")) == ["A", "B"]
    assert well(lambda: define("b")) == []
    assert (read("A"), read("B")) == ("a", "a")


def test_to_say_that_code_does_not_count_runs_nothing():
    def define(text="a", *, ignore, needs="x"):
        needed = ppg.FileGeneratingJob("needed", writes(needs))
        job = ppg.FileGeneratingJob("A", writes(text)).depends_on(needed)
        if ignore:
            job.ignore_code_changes()

    assert well(lambda: define(ignore=False)) == ["A", "needed"]
    for text in "aab":
        assert well(lambda text=text: define(text, ignore=True)) == []
    assert read("A") == "a"
    assert well(lambda: define(ignore=True, needs="y")) == ["A", "needed"]
    assert well(lambda: define(ignore=True, needs="y")) == []
    write("A", "edited by hand")
    assert well(lambda: define(ignore=True, needs="y")) == ["A"]


def test_code_that_comes_to_count_again_makes_the_job_run():
    def define(*, ignore):
        job = ppg.FileGeneratingJob("A", writes("a"))
        if ignore:
            job.ignore_code_changes()

    well(lambda: define(ignore=True))
    assert well(lambda: define(ignore=False)) == ["A"]


# -- what a callback is called with ----------------------------------------------------------------


def test_whether_a_callback_takes_the_path_is_seen_from_its_signature():
    def define():
        ppg.FileGeneratingJob("A", lambda: write("A", "nothing"))
        ppg.FileGeneratingJob("B", lambda path: path.write_text("path"))
        ppg.FileGeneratingJob("C", lambda path="C": write(path, "default"))

    well(define)
    assert [read(name) for name in "ABC"] == ["nothing", "path", "default"]


def test_a_type_error_inside_of_a_callback_does_not_make_it_called_again():
    def calls_badly():
        with Path("said").open("a") as said:
            said.write("called ")
        write_to("one argument")

    ran = run(lambda: ppg.FileGeneratingJob("A", calls_badly))
    assert isinstance(ran.error("A"), TypeError)
    assert read("said") == "called "


def test_a_callback_with_arguments_that_nobody_gives_is_refused_where_it_is_written():
    with ppg.new_pipegraph(folder="out"):
        with pytest.raises(ppg.JobContractError, match="path, more"):
            ppg.FileGeneratingJob("A", lambda path, more: None)
        with pytest.raises(ppg.JobContractError, match="more"):
            ppg.DataLoadingJob("load", lambda more: None)


# -- one id, one definition ------------------------------------------------------------------------


REDEFINITIONS = {
    "FileGeneratingJob": lambda one: ppg.FileGeneratingJob("A", one),
    "MultiFileGeneratingJob": lambda one: ppg.MultiFileGeneratingJob(["A", "B"], one),
    "TempFileGeneratingJob": lambda one: ppg.TempFileGeneratingJob("A", one),
    "MultiTempFileGeneratingJob": lambda one: ppg.MultiTempFileGeneratingJob(["A", "B"], one),
    "TempFilePlusGeneratingJob": lambda one: ppg.TempFilePlusGeneratingJob("A", "B", one),
    "FunctionInvariant": lambda one: ppg.FunctionInvariant("A", one),
    "ParameterInvariant": lambda one: ppg.ParameterInvariant("A", one.__name__),
    "DataLoadingJob": lambda one: ppg.DataLoadingJob("A", one),
    "AttributeLoadingJob": lambda one: ppg.AttributeLoadingJob("A", PLACE, "a", one),
    "DictEntryLoadingJob": lambda one: ppg.DictEntryLoadingJob("A", ENTRIES, "a", one),
    "CachedDataLoadingJob": lambda one: ppg.CachedDataLoadingJob("A", one, print),
    "CachedAttributeLoadingJob": lambda one: ppg.CachedAttributeLoadingJob("A", PLACE, "a", one),
    "CachedJob": lambda one: ppg.CachedJob("A", one),
    "JobGeneratingJob": lambda one: ppg.JobGeneratingJob("A", one),
    "DependencyInjectionJob": lambda one: ppg.DependencyInjectionJob("A", one),
    "FinalJob": lambda one: ppg.FinalJob("A", one),
}
PLACE = Writer("")
ENTRIES: dict[str, object] = {}


def first_function():
    return 1


def second_function():
    return 2


@pytest.mark.parametrize("kind", REDEFINITIONS)
def test_an_id_with_another_definition_is_refused_and_both_places_are_named(kind):
    define = REDEFINITIONS[kind]
    with ppg.new_pipegraph(folder="out"):
        job = define(first_function)
        assert define(first_function) is job
        with pytest.raises(ppg.JobRedefinitionError) as caught:
            define(second_function)
    assert str(caught.value).count("test_reference_functions.py:") == 2


def test_an_id_with_another_class_is_refused():
    with ppg.new_pipegraph(folder="out"):
        ppg.FileGeneratingJob("A", first_function)
        with pytest.raises(ppg.JobRedefinitionError, match="a FileGeneratingJob and a Temp"):
            ppg.TempFileGeneratingJob("A", first_function)


def test_two_lambdas_of_equal_text_are_one_definition():
    with ppg.new_pipegraph(folder="out"):
        job = ppg.FileGeneratingJob("A", lambda path: path.write_text("a"))
        assert ppg.FileGeneratingJob("A", lambda path: path.write_text("a")) is job


def test_two_lambdas_of_one_text_over_other_values_are_two_definitions():
    with ppg.new_pipegraph(folder="out"):
        ppg.FileGeneratingJob("A", writes("a"))
        with pytest.raises(ppg.JobRedefinitionError):
            ppg.FileGeneratingJob("A", writes("b"))
