"""Jobs that make files."""

import os
from pathlib import Path

import pytest

from tests.pipegraph.made import appends, ran, told, writes
from weft import pipegraph as ppg


def test_a_callback_gets_the_path_or_nothing(graph):
    ppg.FileGeneratingJob("a", lambda path: path.write_text(str(path)))
    ppg.FileGeneratingJob("b", lambda: Path("b").write_text("b"))
    ppg.run()
    assert Path("a").read_text() == "a"
    assert Path("b").read_text() == "b"


def test_paths_are_made_relative_to_the_working_folder(graph, home):
    jobs = [
        ppg.FileGeneratingJob(name, writes())
        for name in (home / "in" / "a", "./in/b", "in/../c", "/dev/shm/weft-x")
    ]
    assert [job.job_id for job in jobs] == ["in/a", "in/b", "c", "/dev/shm/weft-x"]


@pytest.mark.parametrize("name", ["", "a\nb", 3, None])
def test_a_file_needs_a_name(graph, name):
    with pytest.raises(ppg.JobContractError, match=r"printable path|no path"):
        ppg.FileGeneratingJob(name, writes())


def test_a_callback_that_nobody_can_call_is_refused_where_it_is_written(graph):
    with pytest.raises(ppg.JobContractError, match="2 arguments that nobody gives: a, b"):
        ppg.FileGeneratingJob("x", lambda a, b: None)
    with pytest.raises(ppg.JobContractError, match="is no function"):
        ppg.FileGeneratingJob("x", "write")
    assert len(graph) == 0


def test_a_generator_function_is_refused(graph):
    def lazy(path):
        yield path

    with pytest.raises(ppg.JobContractError, match="a call computes nothing"):
        ppg.FileGeneratingJob("x", lazy)


def test_a_missing_or_empty_file_breaks_the_contract(graph):
    ppg.FileGeneratingJob("missing", lambda: None)
    ppg.FileGeneratingJob("empty", lambda path: path.touch())
    ppg.FileGeneratingJob("may be empty", lambda path: path.touch(), empty_ok=True)
    outcomes = ppg.run(raise_on_job_error=False)
    assert told(outcomes) == {
        "missing": "Failed",
        "empty": "Failed",
        "may be empty": "Success",
    }
    assert isinstance(outcomes["missing"].error, ppg.JobContractError)
    assert not Path("empty").exists()


def test_what_a_failed_job_wrote_is_removed_or_renamed(graph):
    def half(path):
        path.write_text("half")
        raise ValueError

    ppg.FileGeneratingJob("a", half)
    ppg.FileGeneratingJob("b", half, rename_broken=True)
    ppg.run(raise_on_job_error=False)
    assert sorted(path.name for path in Path().iterdir()) == ["b.broken", "out"]


def test_nothing_runs_twice_and_a_file_changed_by_hand_is_made_again(again):
    for content in (None, None, "by hand"):
        graph = again()
        a = ppg.FileGeneratingJob("a", writes("a"))
        ppg.FileGeneratingJob("b", appends("a", "b")).depends_on(a)
        if content is not None:
            Path("a").write_text(content)
        outcomes = graph.run()
    assert ran(outcomes) == {"a"}
    assert Path("b").read_text() == "ab"


def test_an_edit_runs_what_it_changes(again):
    for text in ("a", "A"):
        graph = again()
        a = ppg.FileGeneratingJob("a", writes(text))
        ppg.FileGeneratingJob("b", appends("a", "b")).depends_on(a)
        c = ppg.FileGeneratingJob("c", writes("c"))
        outcomes = graph.run()
    assert ran(outcomes) == {"a", "b"}
    assert not c.was_run
    assert Path("b").read_text() == "Ab"


def test_code_that_does_not_count(again):
    for number in (1, 2):
        graph = again()
        ppg.FileGeneratingJob("a", writes(str(number))).ignore_code_changes()
        ppg.FileGeneratingJob("b", writes(str(number)), depend_on_function=False)
        outcomes = graph.run()
    assert ran(outcomes) == set()
    assert Path("a").read_text() == "1"


def test_a_dependency_more_or_less_is_a_change(again):
    for needed in ("a", "ab", "b"):
        graph = again()
        jobs = {name: ppg.FileGeneratingJob(name, writes(name)) for name in "ab"}
        c = ppg.FileGeneratingJob("c", writes("c")).depends_on([jobs[name] for name in needed])
        graph.run()
        assert c.was_run


def test_several_files_by_list_and_by_name(graph):
    def write(files):
        for number, path in enumerate(files.values() if isinstance(files, dict) else files):
            path.write_text(str(number))

    listed = ppg.MultiFileGeneratingJob(["b", "a"], write)
    named = ppg.MultiFileGeneratingJob({"x": "c", "y": "d"}, write)
    ppg.run()
    assert listed.job_id == "a:b"
    assert listed.filenames == ["b", "a"]
    assert named.files == {"x": Path("c"), "y": Path("d")}
    assert [Path(name).read_text() for name in "bacd"] == ["0", "1", "0", "1"]


def test_only_changes_of_the_file_that_is_used_count(again):
    def write(text):
        def callback(files):
            files["used"].write_text("same")
            files["other"].write_text(text)

        return callback

    for text in ("1", "2"):
        graph = again()
        both = ppg.MultiFileGeneratingJob({"used": "u", "other": "o"}, write(text))
        ppg.FileGeneratingJob("part", appends("u", "")).depends_on(both["used"])
        ppg.FileGeneratingJob("whole", appends("u", "")).depends_on(both)
        outcomes = graph.run()
    assert ran(outcomes) == {"o:u", "whole"}


def test_a_file_of_several_is_found_by_place_and_path_too(graph):
    job = ppg.MultiFileGeneratingJob(["a", "b"], writes())
    assert job[1] is job["b"] is job[-1]
    with pytest.raises(ppg.JobContractError, match="makes no file 'c'"):
        job["c"]
    with pytest.raises(ppg.JobContractError, match="makes no file 2"):
        job[2]


@pytest.mark.parametrize("files", [[], "abc", ["a", "a"], ["a", "./a"]])
def test_several_files_must_be_several(graph, files):
    with pytest.raises(ppg.JobContractError):
        ppg.MultiFileGeneratingJob(files, writes())


def test_which_of_several_files_may_be_empty(graph):
    def touch(files):
        for path in files:
            path.touch()

    ppg.MultiFileGeneratingJob(["a", "b"], touch, empty_ok={"a": True, "b": True})
    ppg.MultiFileGeneratingJob(["c", "d"], touch, empty_ok={"c": True})
    assert told(ppg.run(raise_on_job_error=False)) == {"a:b": "Success", "c:d": "Failed"}
    with pytest.raises(ppg.JobContractError, match="names 'x'"):
        ppg.MultiFileGeneratingJob(["e"], touch, empty_ok={"x": True})


def test_a_temporary_file_is_there_only_for_its_consumers(again):
    def run(gone=None):
        if gone is not None:
            Path(gone).unlink()
        graph = again()
        temp = ppg.TempFileGeneratingJob("t", writes("t"))
        ppg.FileGeneratingJob("a", appends("t", "a")).depends_on(temp)
        ppg.FileGeneratingJob("b", appends("t", "b")).depends_on(temp)
        outcomes = graph.run()
        assert not Path("t").exists()
        return ran(outcomes)

    assert run() == {"t", "a", "b"}
    assert run() == set()
    assert run(gone="b") == {"t", "b"}


def test_a_temporary_file_that_nobody_needs_is_not_made(graph):
    ppg.TempFileGeneratingJob("t", writes())
    assert told(ppg.run()) == {"t": "Skipped"}


def test_a_temporary_file_stays_when_its_consumer_failed(graph):
    temp = ppg.TempFileGeneratingJob("t", writes())
    ppg.FileGeneratingJob("a", lambda: 1 / 0).depends_on(temp)
    ppg.run(raise_on_job_error=False)
    assert Path("t").exists()


def test_several_temporary_files(graph):
    temp = ppg.MultiTempFileGeneratingJob(["t", "u"], lambda ps: [p.write_text("x") for p in ps])
    ppg.FileGeneratingJob("a", appends("u", "a")).depends_on(temp["u"])
    ppg.run()
    assert Path("a").read_text() == "xa"
    assert not Path("t").exists()
    assert not Path("u").exists()


def test_the_log_of_a_temporary_file_stays(again):
    def write(paths):
        for path in paths:
            path.write_text("x")

    for _ in range(2):
        graph = again()
        temp = ppg.TempFilePlusGeneratingJob("t", "t.log", write)
        ppg.FileGeneratingJob("a", appends("t", "a")).depends_on(temp)
        outcomes = graph.run()
        assert Path("t.log").exists()
        assert not Path("t").exists()
    assert ran(outcomes) == set()


def test_the_log_of_a_temporary_file_must_be_another_file(graph):
    with pytest.raises(ppg.JobContractError, match="twice"):
        ppg.TempFilePlusGeneratingJob("t", "./t", writes())


def test_two_jobs_can_not_make_one_file(graph):
    ppg.FileGeneratingJob("a", writes())
    with pytest.raises(ppg.JobOutputConflict, match="File 'a' would be made by two jobs") as caught:
        ppg.MultiFileGeneratingJob(["a", "b"], writes())
    assert caught.value.facts["a"].startswith(__file__)
    assert caught.value.facts["a:b"].startswith(__file__)
    assert len(graph) == 1
    ppg.FileGeneratingJob("b", writes())


def test_arguments_of_the_callback_by_name(again):
    for number in (1, 1, 2):
        graph = again()
        a = ppg.FileGeneratingJob("a", writes("a"))

        def write(path, numbers, *, source):
            path.write_text(f"{source.read_text()} {sum(numbers)}")

        job = ppg.FileGeneratingJob("b", write, arguments={"numbers": [number, 2], "source": a})
        outcomes = graph.run()
        assert a in job.prerequisites
    assert ran(outcomes) == {"b"}
    assert Path("b").read_text() == "a 4"


def test_the_result_of_a_value_job_as_an_argument(graph):
    three = graph.context.comp(max, [1, 3, 2])
    write = lambda path, number: path.write_text(str(number))
    ppg.FileGeneratingJob("a", write, arguments={"number": three})
    ppg.run()
    assert Path("a").read_text() == "3"


def test_a_file_job_as_an_argument_of_a_value_job(graph):
    job = ppg.FileGeneratingJob("a", writes("hello"))
    text = graph.context.comp(Path.read_text, job)
    ppg.run()
    assert graph.context.result(text) == "hello"


@pytest.mark.parametrize("given", [{"wrong": 1}, {"path": 1}, {}])
def test_arguments_that_do_not_fit_are_refused(graph, given):
    def write(path, number):
        path.write_text(str(number))

    with pytest.raises(ppg.JobContractError):
        ppg.FileGeneratingJob("a", write, arguments=given)


def test_the_job_keeps_its_working_folder(graph, home, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")

    def wander(path):
        os.chdir(elsewhere)
        (home / path).write_text("x")

    ppg.FileGeneratingJob("a", wander)
    ppg.FileGeneratingJob("b", writes())
    ppg.run()
    assert Path("b").exists()
