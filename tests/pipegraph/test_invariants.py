"""Invariants: what changes make jobs run again."""

from pathlib import Path

import pytest

from tests.pipegraph.made import ran, told, writes
from weft import pipegraph as ppg


def reruns(again, define, *states) -> list[bool]:
    """Whether a job that depends on an invariant ran, state after state."""
    found = []
    for state in states:
        graph = again()
        job = ppg.FileGeneratingJob("a", writes()).depends_on(define(state))
        graph.run()
        found.append(job.was_run)
    return found


def test_parameters_count_by_value(again):
    define = lambda value: ppg.ParameterInvariant("p", value)
    states = [{"a": [1, 2]}, {"a": [1, 2]}, {"a": [2, 1]}, {"a": (2, 1)}, {"a": [1, 2]}]
    assert reruns(again, define, *states) == [True, False, True, True, False]


def test_parameters_count_as_they_are_at_the_definition(again):
    values = [1]
    graph = again()
    ppg.FileGeneratingJob("a", writes()).depends_on_params(values)
    values.append(2)
    graph.run()
    graph = again()
    job = ppg.FileGeneratingJob("a", writes())
    job.depends_on_params([1])
    graph.run()
    assert not job.was_run


def test_parameters_that_can_not_be_told_apart_are_refused(graph):
    with pytest.raises(ppg.JobContractError, match="parameters"):
        ppg.ParameterInvariant("p", {"x": (i for i in range(3))})


def test_an_invariant_depends_on_nothing(graph):
    for invariant in (
        ppg.ParameterInvariant("p", 1),
        ppg.FunctionInvariant("f", len),
        ppg.FileInvariant("x"),
        ppg.MultiFileInvariant(["x"]),
    ):
        with pytest.raises(ppg.JobContractError, match="can't depend on anything"):
            invariant.depends_on(ppg.FileGeneratingJob("a", writes()))


def test_a_function_counts_with_its_closure(again):
    define = lambda text: ppg.FunctionInvariant("f", writes(text))
    assert reruns(again, define, "x", "x", "y", "x") == [True, False, True, False]


def test_a_function_may_be_missing(again):
    define = lambda function: ppg.FunctionInvariant("f", function)
    assert reruns(again, define, None, None, len) == [True, False, True]


def test_a_function_invariant_takes_its_arguments_in_either_order(graph):
    assert ppg.FunctionInvariant(writes, "x").job_id == "x"
    assert ppg.FunctionInvariant(writes).job_id == "FIwrites"
    assert ppg.FunctionInvariant("y", writes, "/any/file.py").job_id == "y"
    with pytest.raises(ppg.JobContractError, match="is no function"):
        ppg.FunctionInvariant("a", "b")
    with pytest.raises(ppg.JobContractError, match="is no id"):
        ppg.FunctionInvariant(len, len)


def test_all_names_of_the_file_invariant_are_one_class():
    assert ppg.FileTimeInvariant is ppg.FileChecksumInvariant is ppg.FileInvariant
    assert ppg.RobustFileChecksumInvariant is ppg.FileInvariant


def file_of(state):
    name, text = state
    Path(name).parent.mkdir(exist_ok=True)
    Path(name).write_text(text)
    return ppg.FileInvariant(name)


def test_a_file_counts_by_its_content(again):
    states = [("in/x", "1"), ("in/x", "1"), ("in/x", "2"), ("in/x", "1")]
    assert reruns(again, file_of, *states) == [True, False, True, False]


def test_a_file_may_move_to_another_folder_but_not_get_another_name(again):
    states = [("in/x", "1"), ("moved/x", "1"), ("in/y", "1")]
    assert reruns(again, file_of, *states) == [True, False, True]


def test_two_files_of_one_name_can_not_trade_places(again):
    for folder in "ab":
        Path(folder).mkdir()
    found = []
    for texts in ("12", "12", "21"):
        graph = again()
        job = ppg.FileGeneratingJob("c", writes())
        for folder, text in zip("ab", texts, strict=True):
            Path(folder, "x").write_text(text)
            job.depends_on_file(f"{folder}/x")
        graph.run()
        found.append(job.was_run)
    assert found == [True, False, True]


def test_a_missing_file_fails_with_words_and_the_rest_runs(graph):
    a, b, c = (ppg.FileGeneratingJob(name, writes()) for name in "abc")
    a.depends_on_file("missing.txt")
    b.depends_on(a)
    outcomes = ppg.run(raise_on_job_error=False)
    assert told(outcomes) == {
        "a": "UpstreamFailed",
        "b": "UpstreamFailed",
        "c": "Success",
        "missing.txt": "Failed",
    }
    assert c.was_run
    assert "missing.txt is not there" in str(outcomes["missing.txt"].error)


def test_short_names_of_files_are_fine(graph):
    Path("x").write_text("x")
    ppg.FileGeneratingJob("a", writes()).depends_on_file("x")
    assert ran(ppg.run()) == {"a"}


def files_of(texts):
    for name, text in texts.items():
        Path(name).write_text(text)
    return ppg.MultiFileInvariant(list(texts))


def test_a_set_of_files_counts_by_what_is_in_it(again):
    states = [{"x": "1", "y": "2"}, {"y": "2", "x": "1"}, {"x": "2", "y": "1"}, {"x": "2"}]
    assert reruns(again, files_of, *states) == [True, False, True, True]


@pytest.mark.parametrize("files", ["abc", []])
def test_a_set_of_files_must_be_one(graph, files):
    with pytest.raises(ppg.JobContractError):
        ppg.MultiFileInvariant(files)


def test_invariants_do_not_count_as_run(graph):
    invariant = ppg.ParameterInvariant("p", 1)
    ppg.FileGeneratingJob("a", writes()).depends_on(invariant)
    ppg.run()
    assert not invariant.was_run


def test_a_folder_is_refused_as_a_file(graph):
    Path("folder").mkdir()
    with pytest.raises(ppg.JobContractError, match="is a folder"):
        ppg.FileInvariant("folder")
