"""Text files about the last run."""

import logging
from pathlib import Path

from tests.pipegraph.made import writes
from weft import pipegraph as ppg


def define(again, **changes):
    graph = again(**changes)
    a = ppg.FileGeneratingJob("a", writes("a"))
    ppg.FileGeneratingJob("b", writes("b")).depends_on(a)
    ppg.FileGeneratingJob("bad", lambda: print("last words") or 1 / 0)
    graph.run(raise_on_job_error=False)


def names() -> set[str]:
    return {path.name for path in Path().iterdir()} - {"a", "b", "out"}


def test_nothing_is_written_without_a_folder(again):
    define(again)
    assert names() == set()


def test_what_ran_and_why_what_failed_and_what_depends_on_what(again):
    Path("logs").mkdir()
    define(again)
    run = Path("logs/ppg_run.txt").read_text().split("\n")
    assert run[0].endswith("2 Success, 0 Skipped, 1 Failed, 0 UpstreamFailed, 0 Pruned")
    assert run[1].startswith("Success a in ")
    assert run[1].endswith("it has no result yet")
    assert run[3] == "Failed bad: ZeroDivisionError: division by zero"
    errors = Path("logs/ppg_errors.txt").read_text()
    assert errors.startswith("bad\nTraceback")
    assert "stdout:\nlast words\n" in errors
    assert Path("logs/ppg_graph.txt").read_text() == "a\nb\n  needs a\nbad\n"


def test_the_errors_of_the_run_before_are_kept(again):
    Path("logs").mkdir()
    define(again)
    graph = again()
    ppg.FileGeneratingJob("bad", writes())
    graph.run()
    assert Path("logs/ppg_errors.txt").read_text() == ""
    assert "ZeroDivisionError" in Path("logs/ppg_errors.txt.1").read_text()


def test_a_log_file_of_ones_own_and_all_details(again):
    define(again)
    define(again, log_file="my.log", log_level=logging.DEBUG)
    assert names() == {"my.log"}
    assert "Skipped a\nSkipped b\n" in Path("my.log").read_text()


def test_the_graph_may_be_left_out(again):
    Path("logs").mkdir()
    define(again, dump_graph=False)
    assert not Path("logs/ppg_graph.txt").exists()
