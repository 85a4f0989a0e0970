"""Parameters of which a function says whether a change counts."""

import pytest

from tests.pipegraph.made import ran, writes
from weft import pipegraph as ppg


class Unkept:
    def __init__(self, value) -> None:
        self.value = value

    def __weft_hash__(self):
        return self.value

    def __reduce__(self):
        raise TypeError("not for keeping")


def runs(again, *values, accepts) -> list[bool]:
    found = []
    for value in values:
        graph = again()
        job = ppg.FileGeneratingJob("a", writes())
        job.depends_on(ppg.ParameterInvariant("p", value, accepts))
        graph.run()
        found.append(job.was_run)
    return found


def test_an_accepted_change_runs_nothing(again):
    asked = []

    def accepts(old):
        asked.append(old)
        return old < 10

    assert runs(again, 1, 1, 2, 3, accepts=accepts) == [True, False, False, False]
    assert asked == [1, 1]


def test_a_refused_change_counts_from_then_on(again):
    assert runs(again, 1, 2, 2, accepts=lambda old: False) == [True, True, False]


def test_nothing_changed_remembers_the_new_value(again):
    asked = []

    def accepts(old):
        asked.append(old)
        raise ppg.NothingChanged(old + 1)

    assert runs(again, 1, 5, 6, accepts=accepts) == [True, False, False]
    assert asked == [1, 2]


def test_parameters_that_can_not_be_kept_are_refused_when_it_runs(again):
    graph = again()
    ppg.ParameterInvariant("p", [lambda: 1], lambda old: True)
    with pytest.raises(ppg.JobContractError, match="can't be kept for the next run"):
        graph.run()


def test_a_function_that_is_given_only_now_is_asked_about_what_was_before(again):
    asked = []

    def accepts(old):
        asked.append(old)
        return True

    assert runs(again, [1], accepts=None) == [True]
    assert runs(again, [1, 2], [1, 2, 3], accepts=accepts) == [False, False]
    assert asked == [[1], [1]]


def test_parameters_that_can_not_be_kept_are_no_problem_where_nobody_compares_them(again):
    assert runs(again, Unkept(1), Unkept(1), Unkept(2), accepts=None) == [True, False, True]
    assert runs(again, 3, accepts=lambda old: True) == [True]


def test_invariants_of_generated_jobs_are_asked_too(again):
    for value, runs_then in ((1, True), (2, False)):
        graph = again()

        def generate(value=value):
            job = ppg.FileGeneratingJob("a", writes())
            job.depends_on(ppg.ParameterInvariant("p", value, lambda old: True))

        ppg.JobGeneratingJob("generate", generate)
        assert ("a" in ran(graph.run())) is runs_then


def test_another_function_under_the_same_id_is_refused(graph):
    ppg.ParameterInvariant("p", 1, lambda old: old < 10)
    with pytest.raises(ppg.JobRedefinitionError, match="accept_as_unchanged_func"):
        ppg.ParameterInvariant("p", 1, lambda old: old > 10)


def test_an_equal_function_under_the_same_id_is_the_same_job(graph):
    one, other = (ppg.ParameterInvariant("p", 1, lambda old: old < 10) for _ in range(2))
    assert one is other
