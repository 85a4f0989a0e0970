from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weft.errors import SelectionError
from weft.graph.expression import parse, quoted
from weft.graph.graph import Graph
from weft.graph.selection import select
from weft.graph.syntax import (
    Difference,
    Expression,
    Id,
    Intersection,
    Keyword,
    Operator,
    Prefixed,
    Union,
)
from weft.graph.vocabulary import KEYWORDS, WORDS
from weft.model.job import Command, FullJob, Job
from weft.model.resources import DEFAULT_OPTIONS
from weft.model.states import JobState

NOW = datetime.fromisoformat("2026-11-25T12:00").timestamp()
HOUR = 3600.0


@dataclass
class FakeFacts:
    """What is known, and the names of what was asked."""

    of_states: Mapping[str, JobState] = field(default_factory=dict)
    of_tried: Collection[str] = ()
    of_traced: Collection[str] = ()
    of_seconds: Mapping[str, float] = field(default_factory=dict)
    of_sizes: Mapping[str, int] = field(default_factory=dict)
    of_ended: Mapping[str, float] = field(default_factory=dict)
    of_last: Collection[str] = ()
    of_promised: Mapping[int, Any] = field(default_factory=dict)
    asked: set[str] = field(default_factory=set)

    def _told(self, name: str) -> Any:
        self.asked.add(name)
        return getattr(self, f"of_{name}")

    def states(self) -> Mapping[str, JobState]:
        return self._told("states")

    def promised(self) -> Mapping[int, Any]:
        return self.of_promised

    def tried(self) -> Collection[str]:
        return self._told("tried")

    def traced(self) -> Collection[str]:
        return self._told("traced")

    def seconds(self) -> Mapping[str, float]:
        return self._told("seconds")

    def sizes(self) -> Mapping[str, int]:
        return self._told("sizes")

    def ended(self) -> Mapping[str, float]:
        return self._told("ended")

    def now(self) -> float:
        return NOW

    def last(self) -> Collection[str]:
        return self._told("last")


def add(graph: Graph, name: str, function: str = "f", *upstream: str, **more: Any) -> Job:
    options = DEFAULT_OPTIONS.but(tags=more.pop("tags", ()))
    command = Command(function, None, options, dynamic=more.pop("dynamic", False))
    inputs = tuple(graph.jobs[u] for u in upstream)
    job = graph.jobs[name] = FullJob(name, command, (), graph.size, inputs=inputs, **more)
    graph.size += 1
    if job.definer is not None:
        graph.generated.setdefault(job.definer, []).append(name)
    return job


@pytest.fixture
def graph() -> Graph:
    """Two loads, fits of them, a sum; a generator of a generator; ids that need quotes."""
    made = Graph()
    add(made, "load-1", "load", tags="in night")
    add(made, "load-2", "Load", tags=["raw", "night"])
    add(made, "fit-1", "fit", "load-1")
    add(made, "fit-2", "fit", "load-2", extra=(made.jobs["load-1"],))
    add(made, "sum", "total", "fit-1", "fit-2", tags="raw")
    add(made, "grow", "grow", dynamic=True)
    add(made, "grow-g", "more", definer="grow", dynamic=True)
    add(made, "grow-g-x", "leaf", "load-1", definer="grow-g")
    for name in ("p=1", "two words", "x[0]", "it's", "f(1)", "done", "a not b"):
        add(made, name, "odd job")
    return made


FACTS = FakeFacts(
    {
        "load-1": JobState.DONE,
        "load-2": JobState.FAILED,
        "fit-1": JobState.TIMED_OUT,
        "fit-2": JobState.BLOCKED,
        "sum": JobState.WAITING,
        "grow": JobState.DONE,
        "grow-g": JobState.RUNNING,
        "grow-g-x": JobState.OUT_OF_MEMORY,
        "p=1": JobState.READY,
        "two words": JobState.CANCELLED,
        "done": JobState.READY,
    },
    of_tried=["load-1", "load-2", "fit-1", "grow", "gone"],
    of_traced=["load-1", "fit-1", "sum", "gone"],
    of_seconds={"load-1": 0.5, "fit-1": 10.0, "sum": 90.0, "gone": 1e6},
    of_sizes={"load-1": 1024, "fit-1": 2**30 + 1},
    of_ended={"load-1": NOW - 3 * HOUR, "fit-1": NOW - 20 * HOUR, "sum": NOW - 40 * HOUR},
    of_last={"sum", "gone", "fit-1"},
)
ODD = "'p=1' 'two words' 'x[0]' \"it's\" 'f(1)' 'done' 'a not b'"


def ids(graph: Graph, *words: str, facts: FakeFacts = FACTS) -> list[str]:
    return [job.id for job in select(words, graph, facts)]


def same(graph: Graph, left: str, right: str) -> bool:
    return ids(graph, left) == (ids(graph, right) if right else [])


# -- words -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("fit-1", "fit-1"),
        ("sum fit-1 sum", "fit-1 sum"),
        ("fit*", "fit-1 fit-2"),
        ("*-[!1]", "load-2 fit-2 grow-g grow-g-x"),
        ("?it-1", "fit-1"),
        ("~^fit|um$", "fit-1 fit-2 sum"),
        ("load()", "load-1 load-2"),
        ("LOAD()", "load-1 load-2"),
        (r"odd\ job()", ODD),
        ("none", ""),
        ("All", "load-1 load-2 fit-1 fit-2 sum grow grow-g grow-g-x " + ODD),
        ("done", "load-1 grow"),
        ("fresh", "load-1 grow"),
        ("uptodate", "load-1 grow"),
        ("failed", "load-2 fit-1 grow-g-x"),
        ("timedout", "fit-1"),
        ("oom", "grow-g-x"),
        ("blocked", "fit-2"),
        ("waiting", "sum"),
        ("running", "grow-g"),
        ("cancelled", "'two words'"),
        ("ready", "'p=1' 'done'"),
        ("todo except failed", "fit-2 sum grow-g 'p=1' 'two words' 'done'"),
        ("not_started and load* fit*", "fit-2"),
        ("stale", "fit-1 sum"),
        ("top", "sum grow grow-g grow-g-x " + ODD),
        ("bottom but odd\\ job()", "load-1 load-2 grow grow-g"),
        ("generated", "grow-g grow-g-x"),
        ("dynamic", "grow grow-g"),
        ("all but root", "grow-g grow-g-x"),
        ("level1 but odd\\ job()", "load-1 load-2 fit-1 fit-2 sum grow"),
        ("level2", "grow-g"),
        ("level3", "grow-g-x"),
        ("level4", ""),
        ("level999999999", ""),
        ("last", "fit-1 sum"),
        ("tag:raw", "load-2 sum"),
        ("tag:'in night'", "load-1"),
        ("slower than 500ms", "fit-1 sum"),
        ("faster than 1.5min", "load-1 fit-1"),
        ("larger than 1GB", "fit-1"),
        ("smaller than 1GB", "load-1"),
        ("since today", "load-1"),
        ("since yesterday", "load-1 fit-1"),
        ("since 3h", "load-1"),
        ("since '41 hours ago'", "load-1 fit-1 sum"),
        ("since 2026-11-24T16:00", "load-1 fit-1"),
        ("since monday", "load-1 fit-1 sum"),
        ("since 13:00", "load-1 fit-1"),
        ("dependencies of sum", "fit-1 fit-2"),
        ("dependencies of fit-2", "load-1 load-2"),
        ("dependants of load-1", "fit-1 fit-2 grow-g-x"),
        ("dependents of load-2", "fit-2"),
        ("upstream of sum", "load-1 load-2 fit-1 fit-2"),
        ("upstream of sum fit-1", "load-1 load-2 fit-1 fit-2"),
        ("downstream of load-2", "fit-2 sum"),
        ("downstream of sum", ""),
        ("generated by grow", "grow-g grow-g-x"),
        ("generated by grow grow-g", "grow-g grow-g-x"),
        ("generated by sum", ""),
        ("not root load*", "grow-g grow-g-x"),
    ],
)
def test_words_select(graph: Graph, text: str, expected: str) -> None:
    assert same(graph, text, expected)


@pytest.mark.parametrize("word", WORDS)
def test_every_word_has_a_meaning(graph: Graph, word: str) -> None:
    arguments = {"tag:": "raw", "since": " 2h", "than": " 1GB", "of": " sum", "by": " grow"}
    argument = arguments.get(word.split()[-1], "")
    argument = " 10s" if word in {"slower than", "faster than"} else argument
    infix = word in {"or", "except", "but", "in", "and", "intersect"}
    text = f"all {word} sum" if infix else f"{word}{argument}" + " sum" * (word == "not")
    assert isinstance(ids(graph, text), list)
    assert parse(text) != Id(word)


@pytest.mark.parametrize("name", ["p=1", "two words", "x[0]", "it's", "f(1)", "done", "a not b"])
def test_any_id_can_be_selected(graph: Graph, name: str) -> None:
    assert ids(graph, quoted(name)) == [name]
    assert ids(graph, f"none or {quoted(name)}") == [name]
    if name not in KEYWORDS:
        assert ids(graph, name) == [name]


def test_the_words_are_selected_together_and_in_order(graph: Graph) -> None:
    assert ids(graph, "sum", "two words", "fit* but fit-2", "sum") == ["fit-1", "sum", "two words"]
    assert ids(graph) == []
    assert ids(Graph(), "all", "not failed") == []


def test_a_job_does_not_change_what_a_word_of_the_language_means(graph: Graph) -> None:
    assert ids(graph, "Done") == ids(graph, "fresh") != ["done"]
    assert ids(graph, "'done'") == ["done"]


def test_facts_are_asked_only_when_a_word_needs_them(graph: Graph) -> None:
    facts = FakeFacts()
    ids(graph, "load* top fit() level2 or upstream of sum but tag:raw", facts=facts)
    assert facts.asked == set()
    ids(graph, "slower than 10s", facts=facts)
    assert facts.asked == {"seconds"}


def test_jobs_with_gaps_between_their_indexes_keep_their_order(graph: Graph) -> None:
    graph.retire("load-2")
    add(graph, "zeta")
    assert ids(graph, "zeta 'p=1' load-1") == ["load-1", "p=1", "zeta"]
    assert "load-2" not in ids(graph, "all")


def test_a_generator_that_is_gone_counts_as_the_scripts(graph: Graph) -> None:
    add(graph, "orphan", definer="nobody")
    assert "orphan" in ids(graph, "level2")


def test_a_dependency_that_was_defined_later_is_followed() -> None:
    made = Graph()
    first, second = add(made, "a"), add(made, "b")
    first.inputs = (second,)
    assert ids(made, "upstream of a") == ["b"]
    assert ids(made, "downstream of b") == ["a"]
    second.inputs = (first,)
    assert ids(made, "upstream of a") == ["a", "b"]


# -- mistakes ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "title", "place", "cure"),
    [
        ("all but lod-1", "No job is called 'lod-1'.", "lod-1", "Did you mean load-1"),
        ("fit", "No job is called 'fit'.", "fit", "Did you mean fit* or fit() or fit-2?"),
        ("faild", "No job is called 'faild'.", "faild", "failed"),
        ("fit-1 slower", "No job is called 'slower'.", "slower", "slower than"),
        ("lod()", "No job calls 'lod'.", "lod()", "load()"),
        ("sum y*", "No job's id matches 'y*'.", "y*", "Write an id, a wildcard"),
        ("~^x$", "No job's id matches '^x$'.", "~^x$", "Write an id, a wildcard"),
        ("fit-1 tag:rw", "No job has the tag 'rw'.", "tag:rw", "tag:raw"),
        ("'p=2'", "No job is called 'p=2'.", "'p=2'", "p=1"),
        ("QQQQ", "No job is called 'QQQQ'.", "QQQQ", "ls lists the jobs"),
        ("two wrds", "No job is called 'two'.", "two", "two*"),
        ("'two w'", "No job is called 'two w'.", "'two w'", "'two w'*"),
        ("od\\ job()", "No job calls 'od job'.", "od\\ job()", "'odd job'()"),
        ("tag:'in nigt'", "No job has the tag 'in nigt'.", "tag:'in nigt'", "tag:'in night'"),
        ("sum or two words", "No job is called 'two'.", "two", "quotes: 'two words'"),
        ("x[0] sum", "No job's id matches 'x[0]'.", "x[0]", "quotes: 'x[0]'"),
        ("sum f(1)", "No job is called 'f'.", "f", "quotes: 'f(1)'"),
        ("sum it's", "A quote is not closed.", "it's", 'quotes: "it\'s"'),
        ("sum or a not b", "not can't follow", "not", "quotes: 'a not b'"),
        ("sum or b not b", "not can't follow", "not", "Write except instead."),
    ],
)
def test_a_mistake_is_pointed_at_with_its_cure(
    graph: Graph, text: str, title: str, place: str, cure: str
) -> None:
    with pytest.raises(SelectionError) as caught:
        ids(graph, text)
    error = caught.value
    assert title in error.title
    assert cure in error.cure
    carets = error.facts["at"]
    assert error.facts["in"] == text
    assert text[carets.index("^") : len(carets)] == place


def test_the_error_is_shown_with_carets_under_the_place(graph: Graph) -> None:
    with pytest.raises(SelectionError) as caught:
        ids(graph, "all but lod-1 fit-1")
    assert str(caught.value).split("\n")[:3] == [
        "No job is called 'lod-1'.",
        "  in: all but lod-1 fit-1",
        "  at:         ^^^^^",
    ]


# -- laws --------------------------------------------------------------------------------------

SHAPES = st.lists(
    st.tuples(st.lists(st.integers(0, 100), max_size=3), st.integers(0, 100), st.booleans()),
    min_size=1,
    max_size=10,
)
STATES = st.lists(st.sampled_from(JobState), min_size=10, max_size=10)


def _graph_of(shapes: list[tuple[list[int], int, bool]]) -> Graph:
    """Jobs j0, j1, ...: each depends on earlier ones; some are generated by an earlier one."""
    made = Graph()
    for number, (places, definer, is_generated) in enumerate(shapes):
        upstream = {f"j{place % number}" for place in places} if number else set()
        above = f"j{definer % number}" if number and is_generated else None
        add(made, f"j{number}", f"f{number % 3}", *sorted(upstream), definer=above)
    return made


def _closure(start: set[str], step: Callable[[str], set[str]]) -> set[str]:
    found: set[str] = set()
    for name in start:
        for other in step(name):
            if other not in found:
                found |= {other} | _closure({other}, step)
    return found


def naive(expression: Expression, graph: Graph, states: Mapping[str, JobState]) -> set[str]:
    """What an expression selects, by the plainest means."""
    every = set(graph.jobs)

    def inner(part: Expression) -> set[str]:
        return naive(part, graph, states)

    match expression:
        case Id(name):
            return {name}
        case Keyword(name):
            return {job for job in every if _is(name, job, graph, states)}
        case Union(parts):
            return set().union(*map(inner, parts))
        case Intersection(parts):
            return set.intersection(*map(inner, parts))
        case Difference(base, taken):
            return inner(base).difference(*map(inner, taken))
        case Prefixed(Operator.NOT, part):
            return every - inner(part)
        case Prefixed(operator, part):
            return _stepped(operator, inner(part), graph)
    raise AssertionError(expression)


def _down(name: str, graph: Graph) -> set[str]:
    return {job.id for job in graph if name in {u.id for u in job.upstream}}


def _up(name: str, graph: Graph) -> set[str]:
    return {u.id for u in graph.jobs[name].upstream}


def _is(word: str, name: str, graph: Graph, states: Mapping[str, JobState]) -> bool:
    return {
        "all": lambda: True,
        "done": lambda: states[name] is JobState.DONE,
        "top": lambda: not _down(name, graph),
        "root": lambda: graph.jobs[name].definer is None,
    }[word]()


def _stepped(operator: Operator, chosen: set[str], graph: Graph) -> set[str]:
    step = {
        Operator.DEPENDENCIES: lambda name: _up(name, graph),
        Operator.DEPENDANTS: lambda name: _down(name, graph),
        Operator.UPSTREAM: lambda name: _up(name, graph),
        Operator.DOWNSTREAM: lambda name: _down(name, graph),
        Operator.GENERATED: lambda name: set(graph.generated.get(name, ())),
    }[operator]
    direct = operator in {Operator.DEPENDENCIES, Operator.DEPENDANTS}
    return set().union(*map(step, chosen)) if direct else _closure(chosen, step)


def _compound(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    many = st.lists(inner, min_size=2, max_size=3).map(tuple)
    return st.one_of(
        st.builds(Prefixed, st.sampled_from(Operator), inner),
        many.map(Union),
        many.map(Intersection),
        st.builds(Difference, inner, st.lists(inner, min_size=1, max_size=2).map(tuple)),
    )


def expressions(size: int) -> st.SearchStrategy[Expression]:
    atoms = [Id(f"j{number}") for number in range(size)]
    words = [Keyword(name) for name in ("done", "top", "root", "all")]
    return st.recursive(st.sampled_from([*atoms, *words]), _compound, max_leaves=8)


@given(SHAPES, STATES, st.data())
def test_expressions_select_what_sets_say(
    shapes: list[tuple[list[int], int, bool]], states: list[JobState], data: st.DataObject
) -> None:
    graph = _graph_of(shapes)
    known = dict(zip(graph.jobs, states, strict=False))
    expression = data.draw(expressions(len(graph)))
    found = [job.id for job in select([str(expression)], graph, FakeFacts(known))]
    wanted = naive(expression, graph, known)
    assert found == [name for name in graph.jobs if name in wanted]


@given(SHAPES, STATES, st.data())
def test_the_laws_of_sets_hold(
    shapes: list[tuple[list[int], int, bool]], states: list[JobState], data: st.DataObject
) -> None:
    graph = _graph_of(shapes)
    facts = FakeFacts(dict(zip(graph.jobs, states, strict=False)))
    a, b, c = (f"({data.draw(expressions(len(graph)))})" for _ in range(3))
    for left, right in [
        (f"not (not {a})", a),
        (f"not {a} {b}", f"not {a} and not {b}"),
        (f"{a} but {b} but {c}", f"{a} but ({b} or {c})"),
        (f"{a} but {b}", f"{a} and not {b}"),
        (f"{a} in {b} {c}", f"({a} in {b}) or ({a} in {c})"),
        (f"upstream of {a} {b}", f"upstream of {a} or upstream of {b}"),
        (f"{a} in {b}", f"{b} intersect {a}"),
        (f"{a} in downstream of {b}", f"{a} but not downstream of {b}"),
    ]:
        assert ids(graph, left, facts=facts) == ids(graph, right, facts=facts)
    assert ids(graph, a, b, facts=facts) == ids(graph, f"{a} or {b}", facts=facts)


NAMES = st.text(min_size=1, max_size=8) | st.text(alphabet="ab ()[]*?~'\"\\=", min_size=1)


@given(st.lists(NAMES, min_size=1, max_size=5, unique=True), st.text(max_size=20))
def test_ids_may_hold_any_characters_and_no_text_is_a_bug(names: list[str], text: str) -> None:
    graph = Graph()
    for name in names:
        add(graph, name)
    facts = FakeFacts(dict.fromkeys(names, JobState.READY))
    for name in names:
        assert ids(graph, quoted(name), facts=facts) == [name]
        assert ids(graph, f"~{_as_regex(name)}", facts=facts)
    with suppress(SelectionError):
        ids(graph, text, facts=facts)


def _as_regex(name: str) -> str:
    return '"' + re.escape(name).replace('"', '\\"') + '"'


# -- size --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def many() -> Graph:
    """A chain of 20,000 jobs."""
    made, command = Graph(), Command("f", None)
    job = None
    for number in range(20_000):
        inputs = (job,) if job is not None else ()
        job = made.jobs[f"j{number}"] = FullJob(f"j{number}", command, (), number, inputs=inputs)
    made.size = 20_000
    return made


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("upstream of j19999", 19_999),
        ("downstream of j0", 19_999),
        ("(" * 20_000 + "all" + ")" * 20_000, 20_000),
        ("not " * 20_001 + "all", 0),
        ("(none or " * 20_000 + "j7" + ")" * 20_000, 1),
        ("all except " + " except ".join(f"j{number}" for number in range(19_990)), 10),
        (" ".join(f"j{number}" for number in range(20_000)), 20_000),
        ("all in " * 20_000 + "j7", 1),
    ],
    ids=["up", "down", "parentheses", "not", "nested", "except", "words", "in"],
)
def test_long_chains_and_long_texts_are_no_problem(many: Graph, text: str, count: int) -> None:
    assert len(ids(many, text, facts=FakeFacts())) == count


def test_many_ids_are_found_by_their_names(many: Graph) -> None:
    assert ids(many, *many.jobs, facts=FakeFacts()) == list(many.jobs)
