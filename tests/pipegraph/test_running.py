"""A run: what is returned, raised and told."""

import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.pipegraph.made import appends, ran, told, writes
from weft import Interrupted, MakeFailed, WeftError
from weft import pipegraph as ppg


def test_a_run_gives_the_outcome_of_each_job(graph):
    a = ppg.FileGeneratingJob("a", writes())
    bad = ppg.FileGeneratingJob("bad", lambda: 1 / 0)
    ppg.FileGeneratingJob("after", writes()).depends_on(bad)
    outcomes = ppg.run(raise_on_job_error=False)
    assert told(outcomes) == {"a": "Success", "bad": "Failed", "after": "UpstreamFailed"}
    assert outcomes["a"].runtime > 0
    assert outcomes["a"].error is None
    assert isinstance(outcomes["bad"].error, ZeroDivisionError)
    assert len(outcomes) == 3
    assert "x" not in outcomes
    assert told(ppg.run(raise_on_job_error=False))["a"] == "Skipped"
    assert not a.was_run


def test_failures_are_raised_after_all_others_are_done(graph):
    ppg.FileGeneratingJob("bad", lambda: 1 / 0)
    ppg.FileGeneratingJob("good", writes())
    with pytest.raises(ppg.RuntimeError, match="bad: ZeroDivisionError: division") as caught:
        ppg.run()
    error = caught.value
    assert isinstance(error, (MakeFailed, ValueError))
    assert error.failed == ("bad",)
    assert error.value == error.title == "1 job failed."
    assert Path("good").exists()


def test_many_failures_are_told_in_few_words(graph):
    for number in range(20):
        ppg.FileGeneratingJob(f"bad{number}", lambda: 1 / 0)
    with pytest.raises(ppg.RuntimeError, match="20 jobs failed") as caught:
        ppg.run()
    assert len(caught.value.exceptions) == 20
    assert caught.value.facts["and"] == "15 more"


def test_run_pipegraph_returns_nothing(graph):
    ppg.FileGeneratingJob("a", writes())
    assert ppg.run_pipegraph() is None
    assert Path("a").exists()


def test_a_dry_run_says_what_would_run_and_why(graph, capsys):
    ppg.FileGeneratingJob("a", writes())
    ppg.run_pipegraph(dry_run=True)
    assert "a" in capsys.readouterr().out
    assert not Path("a").exists()


def test_without_a_pipegraph_there_is_nothing_to_run():
    for start in (ppg.run, ppg.run_pipegraph):
        with pytest.raises(ppg.PyPipeGraphError, match="no pipegraph to run"):
            start()


def test_a_pipegraph_can_grow_after_a_run(graph):
    a = ppg.FileGeneratingJob("a", writes())
    ppg.run()
    ppg.FileGeneratingJob("b", appends("a", "b")).depends_on(a)
    assert ran(ppg.run()) == {"b"}


def test_a_job_that_is_killed_died(graph):
    job = ppg.FileGeneratingJob("a", lambda: os.kill(os.getpid(), signal.SIGKILL))
    ppg.run(raise_on_job_error=False)
    assert isinstance(job.exception, ppg.JobDiedException)
    assert job.exception.exit_code == -signal.SIGKILL
    assert job.error_reason == "Unknown/died"
    assert str(job.exception).startswith("Job 'a' has no result: killed by SIGKILL")
    assert not Path("a").exists()


def test_a_job_that_ends_its_process_died(graph):
    job = ppg.FileGeneratingJob("a", lambda: os._exit(3))
    ppg.run(raise_on_job_error=False)
    assert isinstance(job.exception, ppg.JobDiedException)
    assert job.exception.exit_code == 3
    assert "with exit code 3" in str(job.exception)


def test_what_is_wrong_is_said_without_names_of_classes_of_ours(graph):
    ppg.FileGeneratingJob("a", writes()).depends_on_file("nosuch")
    ppg.FileGeneratingJob("exits", lambda: sys.exit(4))
    ppg.FileGeneratingJob("killed", lambda: os._exit(3))
    with pytest.raises(ppg.RuntimeError) as caught:
        ppg.run()
    facts = caught.value.facts
    assert facts["nosuch"].startswith("Job 'nosuch' can't start: ")
    assert facts["exits"] == "Job 'exits' has no result: the job called sys.exit(4)."
    assert facts["killed"].startswith("Job 'killed' has no result: its process ended itself")


def test_a_job_that_needs_more_memory_than_there_is(graph):
    job = ppg.FileGeneratingJob("a", writes())
    job.memory_needed = 10**18
    ppg.run(raise_on_job_error=False)
    assert job.error_reason == "Needed to much memory/cores"
    assert str(job.exception).startswith("Job 'a' can't start: it asks for ")


def test_outcomes_read_like_a_dict(graph):
    a = ppg.FileGeneratingJob("a", writes())
    ppg.FileGeneratingJob("b", lambda: 1 / 0).depends_on(a)
    outcomes = ppg.run(raise_on_job_error=False)
    assert repr(outcomes) == "{'a': Success, 'b': Failed}"
    for number in range(60):
        ppg.ParameterInvariant(str(number), number)
    assert repr(ppg.run(raise_on_job_error=False)).endswith("'PI47': Skipped, and 12 more}")


class Odd(Exception):
    def __init__(self, one, two):
        super().__init__(f"{one} and {two}")


def test_exceptions_come_back_as_what_they_were_where_that_is_possible(graph):
    def fail(error):
        def callback():
            raise error

        return callback

    class Local(Exception):
        pass

    key = ppg.FileGeneratingJob("key", fail(KeyError("x")))
    odd = ppg.FileGeneratingJob("odd", fail(Odd(1, 2)))
    local = ppg.FileGeneratingJob("local", fail(Local("text")))
    ppg.run(raise_on_job_error=False)
    assert isinstance(key.exception, KeyError)
    assert type(odd.exception) is ppg.PyPipeGraphError
    assert "Odd: 1 and 2" in str(odd.exception)
    assert "Local: text" in str(local.exception)


def test_failures_are_printed_unless_that_is_unwanted(again, capsys):
    for quiet, wanted in ((False, True), (False, False), (True, True)):
        graph = again(quiet=quiet)
        ppg.FileGeneratingJob("bad", lambda: 1 / 0)
        graph.run(print_failures=wanted, raise_on_job_error=False)
        out = capsys.readouterr().out
        assert ("bad failed: ZeroDivisionError" in out) == (wanted and not quiet)


def test_the_commands_of_the_context_work_on_its_jobs(graph, capsys):
    a = ppg.FileGeneratingJob("a", writes())
    ppg.FileGeneratingJob("b", appends("a", "b")).depends_on(a)
    graph.context.batch_command("make n=2; ls done")
    assert "2 ran" in capsys.readouterr().out
    assert ran(graph.run()) == set()


def test_a_generator_made_by_command_twice(graph, capsys):
    ppg.FinalJob("final", lambda: None)
    job = ppg.JobGeneratingJob("g", lambda: ppg.FileGeneratingJob("a", writes()) and None)
    ppg.FileGeneratingJob("b", writes()).depends_on(job)
    graph.context.batch_command("make; make; ls")
    assert Path("a").exists()
    assert "a" in graph


def test_looking_at_a_run_with_generated_jobs(graph, capsys):
    ppg.JobGeneratingJob("g", lambda: ppg.FileGeneratingJob("a", lambda: 1 / 0) and None)
    graph.run(print_failures=False, raise_on_job_error=False)
    graph.context.batch_command("ls failed; why a")
    assert "ZeroDivisionError" in capsys.readouterr().out


STOPPED = """
import os, signal, time
from pathlib import Path
from weft import Interrupted
from weft import pipegraph as ppg
ppg.new_pipegraph(folder="out")
def wait():
    Path("b").write_text("half")
    os.kill(os.getppid(), 0)
    Path("started").touch()
    time.sleep(60)
a = ppg.FileGeneratingJob("a", lambda path: path.write_text("a"))
b = ppg.FileGeneratingJob("b", wait).depends_on(a)
try:
    ppg.run()
except Interrupted:
    print("stopped", a.was_run, b.was_run)
"""


def test_ctrl_c_keeps_what_is_done(home):
    Path("script.py").write_text(STOPPED)
    with subprocess.Popen(
        [sys.executable, "script.py"], stdout=subprocess.PIPE, text=True
    ) as process:
        while not Path("started").exists():
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=60)
    assert out == "stopped True False\n"
    assert not Path("b").exists()
    assert Path("a").read_text() == "a"


LIVE = """
import time
from pathlib import Path
from weft import pipegraph as ppg
ppg.new_pipegraph(folder="out")
def wait(path):
    while not Path("go").exists():
        time.sleep(0.01)
    path.write_text("x")
ppg.FileGeneratingJob("the-job", wait)
ppg.run()
"""


def test_a_terminal_shows_what_runs(home):
    Path("script.py").write_text(LIVE)
    master, slave = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "script.py"],
        stdin=slave,
        stdout=slave,
        env={**os.environ, "TERM": "xterm"},
    ) as process:
        os.close(slave)
        shown = b""
        while b"the-job" not in shown:
            shown += os.read(master, 4096)
        os.write(master, b"\n")
        Path("go").touch()
        try:
            while os.read(master, 4096):
                pass
        except OSError:  # the script has ended
            pass
        assert process.wait(60) == 0
    os.close(master)


def test_errors_are_weft_errors_and_value_errors():
    for name in dir(ppg):
        kind = getattr(ppg, name)
        if isinstance(kind, type) and issubclass(kind, Exception):
            assert issubclass(kind, (WeftError,))
            assert issubclass(kind, ValueError)
    assert not issubclass(Interrupted, ppg.PyPipeGraphError)
