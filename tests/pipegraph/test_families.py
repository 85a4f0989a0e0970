"""A function of its own for each job: what was edited runs again, and nothing else.

Jobs whose functions differ only in plain values that they hold share one command.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.pipegraph.running import read, run, well
from tests.scenarios.project import Project
from weft import pipegraph as ppg
from weft.pipegraph.current import current

# -- an oracle -------------------------------------------------------------------------------------

PREFIX = ["a"]
"""Part of the code of those functions that reach ``tell``."""


def put(target: object, text: str) -> str:
    if isinstance(target, Path):
        target.write_text(text)
    return text


def tell(target: object, text: str) -> str:
    return put(target, f"{PREFIX[0]} {text}")


Function = Callable[[object], str]


def by_cell(value: Any) -> Function:
    return lambda target: tell(target, f"cell {value!r}")


def by_default(value: Any) -> Function:
    return lambda target, value=value: tell(target, f"default {value!r}")


def by_keyword(value: Any) -> Function:
    def told(target: object, *, value: Any = value) -> str:
        return put(target, f"keyword {value!r}")

    return told


def by_cell_and_function(value: Any) -> Function:
    def inner(target: object) -> str:
        return tell(target, f"inner {value!r}")

    return lambda target, number=1: inner(target) * number


MAKERS = [by_cell, by_default, by_keyword, by_cell_and_function]
VALUES = [1, 2, True, 1.0, "1", "2", None, b"1", Path("1"), [1], (1,), 1j, -0.0, 0.0]


@dataclass
class World:
    """Jobs that make files, and as many calls of ``comp``: each has a maker and a value."""

    states: list[tuple[Callable[[Any], Function], Any]]
    prefix: str = "a"
    files: dict[int, str] = field(default_factory=dict)
    """What stands in each file, by the place of its job."""
    results: set[tuple[int, str]] = field(default_factory=set)
    """What each call gave in some run."""

    def define(self) -> None:
        PREFIX[0] = self.prefix
        for place, (maker, value) in enumerate(self.states):
            ppg.FileGeneratingJob(f"file{place}", maker(value))
            current().context.comp(maker(value), place, job_id=f"call{place}")

    def check(self) -> None:
        """Run: exactly what changed does, and gives what a run from scratch would."""
        PREFIX[0] = self.prefix
        wanted = {place: maker(value)(None) for place, (maker, value) in enumerate(self.states)}
        stale = {f"file{place}" for place, text in wanted.items() if self.files.get(place) != text}
        stale |= {f"call{one[0]}" for one in wanted.items() if one not in self.results}
        assert set(well(self.define)) == stale
        for place, text in wanted.items():
            assert read(f"file{place}") == text
        self.files.update(wanted)
        self.results.update(wanted.items())
        assert not well(self.define)


states = st.tuples(st.sampled_from(MAKERS), st.sampled_from(VALUES))
events = st.one_of(st.tuples(st.integers(0, 3), states), st.sampled_from(["a", "b"]))


@settings(deadline=None, max_examples=20)
@given(st.lists(states, min_size=1, max_size=4), st.lists(events, max_size=4))
def test_exactly_the_jobs_run_again_whose_code_or_values_changed(begin, happening):
    with tempfile.TemporaryDirectory() as folder:
        before = Path.cwd()
        os.chdir(folder)
        try:
            world = World(begin)
            world.check()
            for event in happening:
                if isinstance(event, str):
                    world.prefix = event
                else:
                    world.states[event[0] % len(world.states)] = event[1]
                world.check()
        finally:
            PREFIX[0] = "a"
            os.chdir(before)


# -- edits of a script -----------------------------------------------------------------------------

SCRIPT = """
from weft import pipegraph as ppg

END = "."

def helper(text):
    return text + END

def make(value):
    def write(path):
        path.write_text(helper(str(value)))
    return write

if __name__ == "__main__":
    graph = ppg.new_pipegraph(ppg.resource_coordinators.LocalSystem(2), quiet=True, folder="out")
    for i in range(3):
        ppg.FileGeneratingJob(f"cell{i}", make(i))
        ppg.FileGeneratingJob(f"default{i}", lambda path, i=i: path.write_text(f"{i}"))
    for i in range(3):
        graph.context.comp(lambda i=i: i * 2, job_id=f"call{i}")
    outcomes = ppg.run()
    print(*sorted(name for name, one in outcomes.items() if one.outcome.value == "Success"))
"""
CELLS = ["cell0", "cell1", "cell2"]
DEFAULTS = ["default0", "default1", "default2"]
CALLS = ["call0", "call1", "call2"]
EDITS = {
    "a body": ("helper(str(value))", 'helper(f"<{value}>")', CELLS),
    "a helper": ("text + END", "END + text", CELLS),
    "a constant": ('END = "."', 'END = "!"', CELLS),
    "a lambda": ('f"{i}")', 'f"<{i}>")', DEFAULTS),
    "a call": ("i * 2", "i * 3", CALLS),
    "one value": ("make(i)", "make(i or 7)", ["cell0"]),
    "one default": ("path, i=i:", "path, i=i + (i > 1):", ["default2"]),
    "a value of a call": ("lambda i=i: i", "lambda i=i + (i > 1): i", ["call2"]),
    "a comment": ('END = "."', 'END = "."  # a comment', []),
    "a job": ("range(3)", "range(4)", ["call3", "cell3", "default3"]),
}


def ran(project: Project) -> list[str]:
    done = project.run()
    assert done.code == 0, done.stdout + done.stderr
    return done.stdout.split()


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_of_a_script_runs_what_it_concerns_and_undoing_it_too(tmp_path: Path, edit: str):
    old, new, concerned = EDITS[edit]
    project = Project(tmp_path)
    project.write(script=SCRIPT)
    assert ran(project) == [*CALLS, *CELLS, *DEFAULTS]
    project.write(script=SCRIPT.replace(old, new))
    assert ran(project) == concerned
    assert ran(project) == []
    project.write(script=SCRIPT)
    files = [name for name in concerned if "call" not in name and "3" not in name]
    assert ran(project) == files, "results of calls are found again, files must be made again"


# -- what is told of it ----------------------------------------------------------------------------


def test_why_names_the_value_that_changed(capsys: pytest.CaptureFixture[str]):
    def define(size: int) -> None:
        name = "reads"
        ppg.FileGeneratingJob("a", lambda path, unit="kb": path.write_text(f"{name}{size}{unit}"))

    run(lambda: define(1))
    with ppg.new_pipegraph(folder="out", quiet=True) as graph:
        define(2)
        graph.context.batch_command("why a")
    assert "size, which lambda() holds, changed: 1 → 2" in capsys.readouterr().out
    with ppg.new_pipegraph(folder="out", quiet=True) as graph:
        define(2)
        graph.run()
        graph.context.batch_command("why a")
        graph.context.batch_command("details a")
    out = capsys.readouterr().out
    assert "ran in the last run: size, which lambda() holds, changed: 1 → 2" in out
    assert "() with unit='kb', name='reads', size=2" in out


def test_jobs_of_one_family_share_a_command_and_what_is_kept_of_their_code():
    def define() -> None:
        for number in range(20):
            ppg.FileGeneratingJob(f"{number}", lambda path, n=number: path.write_text(f"{n}"))

    with ppg.new_pipegraph(folder="out", quiet=True) as graph:
        define()
        graph.run()
        assert len({id(job.command) for job in graph}) == 1
        with graph.context.reading() as store:
            script = store.script.read()
            assert script is not None
            assert len(script.commands) == 1
            codes = {row.code for job in graph if (row := store.newest_trace(job.id))}
            assert len(codes) == 1
            assert [part.kind for part in store.code_parts(codes.pop())] == ["function"]
    assert not well(define)


def test_callbacks_are_those_that_were_given():
    functions = [lambda path, n=n: path.write_text(f"{n}") for n in range(3)]
    with ppg.new_pipegraph(folder="out", quiet=True):
        jobs = [ppg.FileGeneratingJob(f"{n}", function) for n, function in enumerate(functions)]
        assert [job.callback for job in jobs] == functions
        jobs[1].cores_needed = 2
        jobs[2].ignore_code_changes()
        assert [job.callback for job in jobs] == functions
        ppg.run()
    assert [read(name) for name in "012"] == ["0", "1", "2"]


def test_a_changed_value_of_a_job_that_ignores_its_code_does_not_count():
    def define(value: int) -> Callable[[], object]:
        def write(path: Path) -> None:
            path.write_text(str(value))

        return lambda: ppg.FileGeneratingJob("a", write, depend_on_function=False)

    assert well(define(1)) == ["a"]
    assert well(define(2)) == []


def test_the_same_id_with_another_value_is_refused_and_with_the_same_one_is_one_job():
    with ppg.new_pipegraph(folder="out", quiet=True):
        first = ppg.FileGeneratingJob("a", by_cell(1))
        assert ppg.FileGeneratingJob("a", by_cell(1)) is first
        with pytest.raises(ppg.JobRedefinitionError, match="function"):
            ppg.FileGeneratingJob("a", by_cell(2))


def test_a_promise_in_a_global_is_refused_in_each_of_them(monkeypatch: pytest.MonkeyPatch):
    def define(number: int) -> None:
        ppg.FileGeneratingJob(f"{number}", lambda path, n=number: path.write_text(f"{PREFIX}{n}"))

    with ppg.new_pipegraph(folder="out", quiet=True) as graph:
        define(1)
        monkeypatch.setitem(globals(), "PREFIX", graph.context.comp(abs, -1))
        with pytest.raises(ppg.JobContractError, match="global PREFIX"):
            define(2)


# -- values that change while a process lives ------------------------------------------------------


def test_what_a_loading_job_puts_into_a_cell_is_no_change_in_the_next_run(graph: ppg.Pipegraph):
    table = None

    def load() -> None:
        nonlocal table
        table = "loaded"

    loaded = ppg.DataLoadingJob("load", load)
    for n in range(2):
        job = ppg.FileGeneratingJob(f"{n}", lambda path, n=n: path.write_text(f"{table}{n}"))
        job.depends_on(loaded)
    graph.run()
    assert [read(name) for name in "01"] == ["loaded0", "loaded1"]
    graph.run()
    assert not any(graph[name].was_run for name in "01")


def test_a_value_that_the_script_changes_between_two_runs_counts(graph: ppg.Pipegraph):
    value: Any = 1

    def write(path: Path, n: int = 1) -> None:
        path.write_text(f"{value}{n}")

    ppg.FileGeneratingJob("a", write)
    for value in (1, 2, [3], "4"):
        graph.run()
        assert graph["a"].was_run
        assert read("a") == f"{value}1"
    graph.run()
    assert not graph["a"].was_run


def test_generated_jobs_with_functions_of_their_own_count_as_those_of_the_script_do(again):
    def generate(values: tuple[int, ...]) -> Callable[[], None]:
        def define() -> None:
            for place, value in enumerate(values):
                ppg.FileGeneratingJob(f"{place}", by_cell(value))
                current().context.comp(by_cell(value), place, job_id=f"call{place}")

        return define

    for values, wanted in (((1, 2), "01"), ((1, 2), ""), ((1, 3), "1"), ((1, 2), "1")):
        graph = again()
        ppg.JobGeneratingJob("generate", generate(values))
        graph.run()
        assert [name for name in "01" if graph[name].was_run] == list(wanted)
        assert read("1") == f"a cell {values[1]}"


SCALE = 0


def test_what_a_generator_changes_between_its_calls_counts(again, monkeypatch: pytest.MonkeyPatch):
    def generate(change: int) -> Callable[[], None]:
        def define() -> None:
            for place in range(2):
                monkeypatch.setitem(globals(), "SCALE", place * change)
                current().context.comp(lambda place=place: place * SCALE, job_id=f"call{place}")

        return define

    for change, wanted in ((1, {"call0", "call1"}), (1, set()), (2, {"call1"})):
        graph = again()
        ppg.JobGeneratingJob("generate", generate(change))
        assert {name for name in graph.run().ran if "call" in name} == wanted
