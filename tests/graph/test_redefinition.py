"""A cell that runs again redefines its jobs: the graph is that of a fresh session."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weft.errors import UserError
from weft.fingerprint.fingerprinter import Fingerprinter
from weft.graph.definer import Definer
from weft.graph.definition import define_all
from weft.graph.graph import Graph
from weft.graph.redefinition import ANONYMOUS, Cells, Ended
from weft.model.job import JobRecord
from weft.model.promise import Promise
from weft.model.resources import DEFAULT_OPTIONS


def call(*arguments):
    return arguments


def other(*arguments):
    return len(arguments)


class Session:
    """A graph with its cells, as a kernel has them."""

    def __init__(self):
        self.graph = Graph()
        self.graph.cells = Cells(self.graph)
        self.definer = Definer(self.graph, Fingerprinter())

    def run(self, key, cell) -> Ended:
        """Run a cell: a function of the definer; what it raises is raised after the cell ended."""
        self.graph.cells.begin(key)
        whole = False
        try:
            cell(self.definer)
            whole = True
        finally:
            ended = self.graph.cells.end(whole=whole)
        self.check()
        return ended

    def check(self):
        """What must hold of any graph."""
        jobs = list(self.graph)
        indexes = [job.index for job in jobs]
        assert indexes == sorted(set(indexes))
        assert not jobs or indexes[-1] < self.graph.size
        for job in jobs:
            for upstream in job.upstream:
                assert self.graph.jobs[upstream.id] is upstream
                assert upstream.index < job.index

    def seen(self):
        """Id, call and links of each job."""
        define_all(self.graph)
        return {
            job.id: (
                job.command.name,
                job.definition,
                [u.id for u in job.inputs],
                [u.id for u in job.extra],
            )
            for job in self.graph
        }


@pytest.fixture
def session():
    return Session()


def calls_of(*arguments):
    def cell(context):
        for argument in arguments:
            context.comp(call, argument)

    return cell


# -- the same again ----------------------------------------------------------------------------


def test_a_cell_that_runs_again_keeps_its_very_jobs(session):
    cell = calls_of(1, 1, [2])
    session.run("a", cell)
    jobs = list(session.graph)
    session.run("a", cell)
    assert [id(job) for job in session.graph] == [id(job) for job in jobs]
    assert [job.id for job in jobs] == ["call", "call-1", "call-2"]


def test_promises_from_before_stand_for_the_same_jobs(session):
    promises = []
    session.run("a", lambda context: promises.append(context.comp(call, 1)))
    session.run("a", lambda context: promises.append(context.comp(call, 1)))
    assert promises[0] == promises[1]


def test_a_function_defined_anew_with_equal_source_keeps_jobs_and_commands(session):
    def cell(context):
        def local(x):
            return x + 1

        context.comp(local, 1)
        context.comp(local, 2)

    session.run("a", cell)
    jobs = list(session.graph)
    for _ in range(3):
        session.run("a", cell)
    assert list(session.graph) == jobs
    assert len(session.graph.commands) == 1


def test_explicit_ids_may_be_defined_again_by_their_cell_only(session):
    def cell(context):
        context.comp(call, 1, job_id="x")

    session.run("a", cell)
    session.run("a", cell)
    with pytest.raises(UserError, match="already defined"):
        session.run("b", cell)


def test_one_execution_can_not_define_an_id_twice(session):
    def cell(context):
        context.comp(call, 1, job_id="x")

    session.run("a", cell)
    with pytest.raises(UserError, match="already defined"):
        session.run("a", lambda context: (cell(context), cell(context)))


def test_without_cells_ids_stay_refused():
    definer = Definer(Graph(), Fingerprinter())
    definer.comp(call, 1, job_id="x")
    with pytest.raises(UserError) as caught:
        definer.comp(call, 1, job_id="x")
    assert "cell" not in str(caught.value)


# -- another call ------------------------------------------------------------------------------


def test_an_edited_call_takes_the_place_of_the_old_one(session):
    held = {}
    session.run("a", lambda context: held.update(x=context.comp(call, 1)))
    session.run("b", lambda context: context.comp(other, held["x"]))
    before = session.seen()["other"]
    session.run("a", lambda context: context.comp(call, 2))
    assert session.graph.jobs["call"].args == (2,)
    assert session.graph.jobs["other"].inputs == (session.graph.jobs["call"],)
    assert session.seen()["other"] == before


def test_one_and_true_are_other_arguments(session):
    one, true = 1, True
    session.run("a", calls_of(one))
    session.run("a", calls_of(true))
    assert session.graph.jobs["call"].args == (True,)


def test_other_options_are_another_job(session):
    session.run("a", lambda context: context.comp(call, 1))
    session.run("a", lambda context: context.options(retries=3).comp(call, 1))
    assert session.graph.jobs["call"].command.options.retries == 3


def test_a_new_job_before_an_old_one_that_depends_on_it_is_put_in_order(session):
    def first(context):
        context.comp(call, 1, job_id="x")

    def second(context):
        z = context.comp(call, 0, job_id="z")
        context.comp(call, z, job_id="x")

    session.run("a", first)
    session.run("b", lambda context: context.comp(other, 1))
    session.run("a", second)
    assert list(session.graph.jobs) == ["z", "x", "other"]
    session.run("a", first)
    assert list(session.graph.jobs) == ["x", "other"]


def test_a_job_that_is_settled_within_its_cell_counts_as_the_cells(session):
    def cell(argument):
        def run(context):
            z = context.comp(call, 0, job_id=f"z{argument}")
            context.comp(call, z, argument, job_id="x")
            session.graph.cells.settle()
            context.comp(call, 5, job_id=f"w{argument}")

        return run

    session.run("a", cell(1))
    session.run("a", cell(2))
    assert set(session.graph.jobs) == {"z2", "x", "w2"}
    session.run("a", lambda context: None)
    assert not session.graph.jobs


def test_stored_values_are_stored_once_and_again_when_they_changed(session):
    data = [1, 2]

    def cell(context):
        context.comp(call, context.comp_store(data))
        context.comp(other, context.comp_store(data))

    session.run("a", cell)
    assert set(session.graph.jobs) == {"store", "call", "other"}
    session.run("a", cell)
    assert set(session.graph.jobs) == {"store", "call", "other"}
    data.append(3)
    session.run("a", cell)
    assert session.graph.jobs["store"].args == ([1, 2, 3],)


def test_a_stored_value_is_not_mistaken_for_the_one_that_took_its_place(session):
    old, new = [1], [2]
    session.run("a", lambda context: context.comp_store(old))
    session.run("a", lambda context: context.comp_store(new))
    held = {}
    session.run("b", lambda context: held.update(p=context.comp_store(old)))
    assert session.graph.jobs[held["p"].job_id].args == ([1],)


def test_a_large_array_that_was_replaced_is_no_longer_watched(session):
    numpy = pytest.importorskip("numpy")
    arrays = [numpy.zeros(20_000), numpy.ones(20_000)]
    session.run("a", lambda context: context.comp(call, arrays[0]))
    session.run("a", lambda context: context.comp(call, arrays[0]))
    assert [id(entry[1]) for entry in session.graph.large] == [id(arrays[0])]
    session.run("a", lambda context: context.comp(call, arrays[1]))
    assert [id(entry[1]) for entry in session.graph.large] == [id(arrays[1])]
    session.run("a", lambda context: None)
    assert not session.graph.large


def test_a_generator_that_became_a_plain_job_loses_what_it_generated(session):
    def generator(context):
        return None

    session.run("a", lambda context: context.comp_dynamic(generator, job_id="g"))
    child = JobRecord(
        id="g-x",
        name="call",
        definer="g",
        code=b"c" * 20,
        definition=b"d" * 20,
        arguments_text="()",
        inputs=(),
        extra=(),
        dynamic=False,
        options=DEFAULT_OPTIONS,
        packed=b"packed",
    )
    session.graph.replace_generated("g", [child])
    session.run("a", lambda context: context.comp_dynamic(generator, job_id="g"))
    assert set(session.graph.jobs) == {"g", "g-x"}
    session.run("a", lambda context: context.comp(call, 1, job_id="g"))
    assert set(session.graph.jobs) == {"g"}


# -- automatic ids -----------------------------------------------------------------------------


def test_more_calls_never_take_another_cells_ids(session):
    session.run("a", calls_of(1, 2))
    session.run("b", calls_of(3, 4))
    session.run("a", calls_of(1, 2, 9))
    assert {job.id: job.args[0] for job in session.graph} == {
        "call": 1,
        "call-1": 2,
        "call-2": 3,
        "call-3": 4,
        "call-4": 9,
    }


def test_ids_of_retired_jobs_go_to_no_other_cell(session):
    session.run("a", calls_of(1, 2))
    session.run("a", calls_of(1))
    session.run("b", calls_of(3))
    assert set(session.graph.jobs) == {"call", "call-2"}


def test_unrecognised_cells_define_other_jobs_each_time(session):
    session.run(ANONYMOUS, calls_of(1))
    session.run(ANONYMOUS, calls_of(1))
    assert set(session.graph.jobs) == {"call", "call-1"}


# -- jobs that are no longer defined -----------------------------------------------------------


def test_what_a_cell_does_not_define_again_is_retired(session):
    session.run("a", calls_of(1, 2, 3))
    ended = session.run("a", calls_of(1))
    assert ended.retired == ("call-1", "call-2")
    assert set(session.graph.jobs) == {"call"}


def test_a_promise_of_a_retired_job_is_refused(session):
    held = {}
    session.run("a", lambda context: held.update(x=context.comp(call, 1)))
    session.run("a", lambda context: None)
    with pytest.raises(UserError, match="no longer defined"):
        session.run("b", lambda context: context.comp(other, held["x"]))


def test_what_other_cells_depend_on_stays_until_they_do_not(session):
    held = {}

    def chain(context):
        x = context.comp(call, 1, job_id="x")
        held["y"] = context.comp(call, x, job_id="y")

    session.run("a", chain)
    session.run("b", lambda context: context.comp(other, held["y"]))
    ended = session.run("a", lambda context: None)
    assert ended == Ended((), ("x", "y"), ("other",))
    assert session.run("a", lambda context: None) == Ended()
    ended = session.run("b", lambda context: context.comp(other, 5))
    assert set(ended.retired) == {"x", "y"}
    assert set(session.graph.jobs) == {"other"}


def test_another_cell_may_define_what_only_stayed(session):
    held = {}
    session.run("a", lambda context: held.update(x=context.comp(call, 1, job_id="x")))
    session.run("b", lambda context: context.comp(other, held["x"]))
    session.run("a", lambda context: None)
    session.run("c", lambda context: context.comp(call, 7, job_id="x"))
    session.run("a", lambda context: None)
    assert session.graph.jobs["x"].args == (7,)
    assert session.graph.jobs["other"].inputs == (session.graph.jobs["x"],)


def test_a_cell_that_raised_retires_nothing(session):
    def broken(context):
        context.comp(call, 5)
        raise ZeroDivisionError

    session.run("a", calls_of(1, 2))
    with pytest.raises(ZeroDivisionError):
        session.run("a", broken)
    assert {job.id: job.args[0] for job in session.graph} == {"call": 5, "call-1": 2}
    session.run("a", calls_of(6))
    assert {job.id: job.args[0] for job in session.graph} == {"call": 6}


def test_a_deleted_cells_jobs_are_retired(session):
    session.run("a", calls_of(1))
    session.run("b", calls_of(2))
    assert session.graph.cells.forget("a").retired == ("call",)
    assert session.graph.cells.forget("never seen") == Ended()
    assert set(session.graph.jobs) == {"call-1"}


def test_a_cell_whose_end_was_missed_counts_as_broken(session):
    session.run("a", calls_of(1, 2))
    session.graph.cells.begin("a")
    session.definer.comp(call, 1)
    session.run("b", calls_of(3))
    assert len(session.graph) == 3


# -- cycles ------------------------------------------------------------------------------------


def test_a_cell_that_passes_on_its_own_promise_is_refused(session):
    held = {"x": 1}

    def cell(context):
        held["x"] = context.comp(call, held["x"], job_id="x")

    session.run("a", cell)
    with pytest.raises(UserError, match="depend on itself"):
        session.run("a", cell)
    assert session.graph.jobs["x"].args == (1,)


def test_a_cycle_is_told_job_by_job(session):
    held = {}

    session.run("1", lambda context: held.update(a=context.comp(call, 1, job_id="a")))
    session.run("2", lambda context: held.update(b=context.comp(call, held["a"], job_id="b")))
    session.run("3", lambda context: held.update(c=context.comp(call, held["b"], job_id="c")))
    with pytest.raises(UserError) as caught:
        session.run("1", lambda context: context.comp(call, held["c"], job_id="a"))
    assert caught.value.facts["cycle"] == "'a' needs 'c' needs 'b' needs 'a'"
    assert session.graph.jobs["a"].args == (1,)


def test_turning_a_dependency_round_within_one_cell_is_no_cycle(session):
    def forth(context):
        context.comp(call, context.comp(call, job_id="a"), job_id="b")

    def back(context):
        context.comp(call, context.comp(call, job_id="b"), job_id="a")

    session.run("1", forth)
    session.run("1", back)
    assert list(session.graph.jobs) == ["b", "a"]


# -- any history -------------------------------------------------------------------------------

CELLS = 3
SLOTS = 3

names = st.tuples(st.integers(0, CELLS - 1), st.integers(0, SLOTS - 1)).map(
    lambda pair: f"{pair[0]}{pair[1]}"
)
lines = st.tuples(
    st.integers(0, SLOTS - 1),
    st.integers(0, 1),
    st.lists(names, max_size=2, unique=True),
    st.lists(names, max_size=1),
)
executions = st.lists(
    st.tuples(st.integers(0, CELLS - 1), st.lists(lines, max_size=3, unique_by=lambda x: x[0])),
    max_size=8,
)


class Notebook:
    """What the jobs of a notebook should be."""

    def __init__(self):
        self.session = Session()
        self.jobs = {}
        self.orphans = set()

    def run(self, number, version):
        """Run one version of a cell; links to what is not defined are left out."""
        graph, defined = self.session.graph, set()

        def cell(context):
            for slot, argument, inputs, extra in version:
                name = f"{number}{slot}"
                inputs = [known for known in inputs if known in graph.jobs]
                extra = [known for known in extra if known in graph.jobs]
                _define(context, name, argument, inputs, extra)
                self.jobs[name] = (argument, inputs, extra)
                defined.add(name)

        try:
            self.session.run(str(number), cell)
        except UserError:  # a cycle
            self.orphans -= defined
        else:
            own = {name for name in self.jobs if name[0] == str(number)}
            self.retire((self.orphans | own) - defined)

    def retire(self, left):
        needed = {u for name, job in self.jobs.items() if name not in left for u in job[1] + job[2]}
        while more := {u for n in needed & left for u in self.jobs[n][1] + self.jobs[n][2]}:
            if more <= needed:
                break
            needed |= more
        for name in left - needed:
            del self.jobs[name]
        self.orphans = left & needed


@given(executions)
@settings(deadline=None)
def test_after_any_history_the_graph_is_that_of_a_fresh_session(history):
    notebook = Notebook()
    for number, version in history:
        notebook.run(number, version)
    fresh, todo = Session(), dict(notebook.jobs)
    while todo:  # in an order in which they can be defined
        for name, (argument, inputs, extra) in list(todo.items()):
            if not todo.keys() & {*inputs, *extra}:
                _define(fresh.definer, name, argument, inputs, extra)
                del todo[name]
    assert notebook.session.seen() == fresh.seen()


def _define(context, name, argument, inputs, extra):
    promises = [_promise(context, known) for known in inputs]
    context.comp(
        call,
        argument,
        promises,
        job_id=name,
        extra_dep=[_promise(context, known) for known in extra],
    )


def _promise(context, name):
    return Promise(name, context._graph.token)


automatic = st.lists(
    st.tuples(st.integers(0, CELLS - 1), st.lists(st.integers(0, 2), max_size=4)), max_size=8
)


@given(automatic)
@settings(deadline=None)
def test_running_all_cells_gives_the_jobs_of_a_fresh_session_up_to_their_ids(history):
    """Cell n > 0 applies a function to what cell n - 1 defined last, and to some numbers."""
    latest = {number: [0] for number in range(CELLS)} | dict(history)
    session = Session()
    variables = {}
    for number, version in [*history, *latest.items()]:
        if number == 0 or number - 1 in variables:
            _apply(session, variables, number, version)
    fresh, variables = Session(), {}
    for number, version in sorted(latest.items()):
        _apply(fresh, variables, number, version)
    variables = {}
    for number, version in sorted(latest.items()):
        _apply(session, variables, number, version)
    assert _shapes(session.graph) == _shapes(fresh.graph)


def _apply(session, variables, number, version):
    def cell(context):
        for argument in version:
            before = [variables[number - 1]] if number else []
            context.comp(call, argument, *before)
        last = [variables[number - 1]] if number else []
        variables[number] = context.comp(other, number, *last)

    with suppress(UserError):  # a cycle, or the promise of a job that was retired
        session.run(str(number), cell)


def _shapes(graph):
    shapes = {}
    for job in graph:
        literals = tuple(value for value in job.args if type(value) is int)
        upstream = tuple(shapes[u.id] for u in job.inputs)
        shapes[job.id] = (job.command.name, literals, upstream)
    return Counter(shapes.values())


def test_a_cell_of_many_jobs_runs_again_in_time_that_grows_with_their_number(session):
    def cell(argument):
        def run(context):
            parts = [context.comp(call, i, argument) for i in range(3000)]
            context.comp(other, parts)

        return run

    session.run("a", cell(1))
    session.run("a", cell(2))
    assert len(session.graph) == 3001
    assert all(job.args[1] == 2 for job in session.graph if job.command.name == "call")


def test_functions_of_one_family_are_redefined_each_by_its_own_values():
    session = Session()

    def cell(values):
        def define(definer):
            for value in values:
                definer.comp(lambda value=value: value)

        return define

    def given():
        return [job.function() for job in session.graph]

    session.run("cell", cell([1, 2, 3]))
    first = list(session.graph)
    session.run("cell", cell([1, 5, 3]))
    assert given() == [1, 5, 3]
    assert [one is two for one, two in zip(first, session.graph, strict=True)] == [
        True,
        False,
        True,
    ]
    session.run("cell", cell([1]))
    assert given() == [1]
