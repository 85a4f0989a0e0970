"""Section 2 of the reference, by rows: jobs that fail, and runs that are killed or interrupted.

Each name states Weft's answer.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

import weft
from tests.pipegraph.running import exists, file, joins, read, run, well, write, writes
from tests.scenarios.project import Project
from weft import pipegraph as ppg

# -- a job that fails ------------------------------------------------------------------------------


def half(path):
    path.write_text("half")
    raise ValueError("no more")


def upstream(what, **more: object):
    """A job, what depends on it, and an independent one."""

    def define():
        first = ppg.FileGeneratingJob("A", what, **more)
        second = ppg.FileGeneratingJob("B", joins("A")).depends_on(first)
        ppg.FileGeneratingJob("C", joins("B")).depends_on(second)
        file("X", "x")

    return define


def test_a_failed_job_leaves_no_file_blocks_what_depends_on_it_and_the_rest_is_done():
    ran = run(upstream(half))
    assert (ran.ran, ran.failed, ran.blocked) == (["X"], ["A"], ["B", "C"])
    assert isinstance(ran.error("A"), ValueError)
    assert not exists("A")
    assert read("X") == "x"


def test_a_failed_job_runs_again_in_the_next_run():
    run(upstream(half))
    assert run(upstream(half)).failed == ["A"]
    assert well(upstream(writes("a"))) == ["A", "B", "C"]


def test_what_a_failed_job_wrote_is_kept_aside_where_that_is_said():
    run(upstream(half, rename_broken=True))
    assert not exists("A")
    assert read("A.broken") == "half"
    assert well(upstream(writes("a"), rename_broken=True)) == ["A", "B", "C"]


def test_a_job_that_failed_and_then_writes_the_same_as_before_makes_nothing_downstream_run():
    well(upstream(writes("a")))
    assert run(upstream(half)).failed == ["A"]
    assert not exists("A")
    assert read("B") == read("C") == "a", "what depends on it keeps its files"
    assert well(upstream(writes("a"))) == ["A"]


def test_of_a_failed_job_with_several_files_none_of_its_own_is_left():
    def define():
        def one_of_two(paths):
            paths[0].write_text("whole")

        ppg.MultiFileGeneratingJob(["A", "B"], one_of_two)

    write("B", "from before")
    ran = run(define)
    assert isinstance(ran.error("A:B"), ppg.JobContractError)
    assert "B" in str(ran.error("A:B"))
    assert not exists("A")
    assert read("B") == "from before"  # it was never the job's


def test_an_error_that_can_not_be_sent_is_told_by_its_text():
    class Held(Exception):
        def __init__(self, lock):
            super().__init__("held")
            self.lock = lock

    def raises(path):
        raise Held(threading.Lock())

    ran = run(upstream(raises))
    assert ran.failed == ["A"]
    assert "held" in str(ran.error("A"))


def test_all_failures_are_raised_together_in_the_end():
    with ppg.new_pipegraph(folder="out", quiet=True) as graph:
        upstream(half)()
        ppg.FileGeneratingJob("Y", lambda: {}["missing"])
        with pytest.raises(ppg.RuntimeError) as caught:
            graph.run(print_failures=False)
    assert sorted(type(error).__name__ for error in caught.value.exceptions) == [
        "KeyError",
        "ValueError",
    ]
    assert exists("X")


def test_reasons_output_and_traceback_of_a_failure_are_known():
    with ppg.new_pipegraph(folder="out", quiet=True) as graph:

        def says(path):
            print("to stdout")
            print("to stderr", file=sys.stderr)
            half(path)

        upstream(says)()
        graph.run(print_failures=False, raise_on_job_error=False)
        job, below, beside = graph["A"], graph["B"], graph["X"]
        assert (job.stdout, job.stderr) == ("to stdout\n", "to stderr\n")
        assert "no more" in job.trace
        assert [one.error_reason for one in (job, below, beside)] == [
            "Exception",
            "Indirect",
            "no error",
        ]
        assert (job.failed, below.failed, beside.failed) == (True, True, False)


def test_a_job_that_changes_the_working_folder_disturbs_nobody_not_even_itself():
    Path("elsewhere").mkdir()

    def define():
        def leaves(path):
            path.write_text("a")
            os.chdir("elsewhere")

        ppg.FileGeneratingJob("A", leaves)
        for name in "BCDE":
            file(name, name)

    assert well(define) == ["A", "B", "C", "D", "E"]
    assert well(define) == []


def test_a_job_of_an_old_graph_can_not_be_mixed_in():
    with ppg.new_pipegraph(folder="out", quiet=True):
        old = file("A", "a")
    with ppg.new_pipegraph(folder="out", quiet=True):
        with pytest.raises(ppg.JobContractError, match="another pipegraph"):
            file("B", "b", old)


def test_a_graph_can_be_run_again_and_extended():
    with ppg.new_pipegraph(folder="out", quiet=True) as graph:
        file("A", "a")
        assert graph.run()["A"].outcome is ppg.JobOutcome.Success
        ppg.FileGeneratingJob("B", joins("A")).depends_on(graph["A"])
        outcomes = graph.run()
    assert outcomes["A"].outcome is ppg.JobOutcome.Skipped
    assert outcomes["B"].outcome is ppg.JobOutcome.Success


# -- what keeps cores busy -------------------------------------------------------------------------


def alone(name):
    """A callback that fails if another one of this name runs beside it."""

    def claims(path):
        marker = Path(name)
        marker.touch(exist_ok=False)
        path.write_text("x")
        time.sleep(0.01)
        marker.unlink()

    return claims


def test_jobs_that_need_all_cores_never_run_beside_each_other():
    def define():
        for number in range(6):
            ppg.FileGeneratingJob(f"A{number}", alone("busy")).use_cores(2)

    assert len(well(define)) == 6


def test_a_job_that_wants_to_be_alone_is_alone():
    def define():
        for number in range(3):
            ppg.FileGeneratingJob(f"A{number}", alone("busy")).use_cores(-2)

    assert len(well(define)) == 3


@pytest.mark.parametrize("number", [0, -3])
def test_a_number_of_cores_that_means_nothing_is_refused_where_it_is_written(number):
    with ppg.new_pipegraph(folder="out"):
        with pytest.raises(ppg.JobContractError, match="cores"):
            file("A", "a").use_cores(number)


def test_a_job_that_needs_more_than_there_is_runs_with_all_that_there_is():
    assert well(lambda: file("A", "a").use_cores(1000)) == ["A"]


def test_how_many_cores_a_job_keeps_busy_does_not_count_as_a_change():
    well(lambda: file("A", "a"))
    assert well(lambda: file("A", "a").use_cores(2)) == []


# -- a worker that dies ----------------------------------------------------------------------------


def kills(number):
    return lambda: os.kill(os.getpid(), number)


DEATHS = {
    "kill -9": kills(signal.SIGKILL),
    "SIGTERM": kills(signal.SIGTERM),
    "a segmentation fault": kills(signal.SIGSEGV),
    "sys.exit(0)": lambda: sys.exit(0),
    "sys.exit(1)": lambda: sys.exit(1),
    "os._exit(0)": lambda: os._exit(0),
    "KeyboardInterrupt": lambda: (_ for _ in ()).throw(KeyboardInterrupt),
}


@pytest.mark.parametrize("death", DEATHS)
def test_a_worker_that_dies_leaves_no_file_and_its_job_runs_again_after(death):
    die = DEATHS[death]

    def dies(path):
        path.write_text("half")
        die()

    ran = run(upstream(dies))
    assert (ran.ran, ran.failed, ran.blocked) == (["X"], ["A"], ["B", "C"])
    assert not exists("A")
    assert well(upstream(writes("a"))) == ["A", "B", "C"]


def test_a_worker_that_was_killed_is_told_from_a_job_that_raised():
    def dies(path):
        os.kill(os.getpid(), signal.SIGKILL)

    ran = run(upstream(dies))
    error = ran.error("A")
    assert isinstance(error, ppg.JobDiedException)
    assert error.exit_code == -signal.SIGKILL
    assert ran.outcomes["A"].reason == "Unknown/died"


# -- a run that is killed or interrupted -----------------------------------------------------------

SCRIPT = """
import os
import time
from pathlib import Path
from weft import pipegraph as ppg

VERSION = os.environ["VERSION"]

def gated(path):
    path.write_text("half")
    Path("began").write_text("yes")
    while not Path("gate").exists():
        time.sleep(0.005)
    path.write_text(f"whole {VERSION}")

def after(path):
    path.write_text(Path("slow").read_text())

if __name__ == "__main__":
    ppg.new_pipegraph(ppg.resource_coordinators.LocalSystem(2), quiet=True, folder="out")
    done = ppg.FileGeneratingJob("done", lambda path: path.write_text("done"))
    temporary = ppg.TempFileGeneratingJob("temp", lambda path: path.write_text("temp"))

    def define():
        slow = ppg.FileGeneratingJob("slow", gated).depends_on(done, temporary)
        ppg.FileGeneratingJob("after", after).depends_on(slow)

    if os.environ["GENERATE"]:
        ppg.JobGeneratingJob("generator", define)
    else:
        define()
    outcomes = ppg.run()
    print(*sorted(name for name, one in outcomes.items() if one.outcome.value == "Success"))
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = Project(tmp_path)
    made.write(script=SCRIPT)
    return made


def ran(project: Project, version: str = "1", generate: str = "") -> list[str]:
    done = project.run(VERSION=version, GENERATE=generate)
    assert done.code == 0, done.stdout + done.stderr
    return done.stdout.split()


def until(true: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 60
    while not true():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline, "waited a minute in vain"
        time.sleep(0.005)


def is_remembered(job_id: str) -> bool:
    """Whether the store knows that a job is done, while the run goes on."""
    with weft.Context("out").reading() as store:
        return bool(store.chronicle.attempts(job_id))


def everybody(process: subprocess.Popen[str]) -> list[psutil.Process]:
    """The process and its children, all paused, so that none can see that another one ends."""
    root = psutil.Process(process.pid)
    family = [root, *root.children(recursive=True)]
    for one in family:
        one.suspend()
    return family


def kill_all(process: subprocess.Popen[str]) -> None:
    for one in everybody(process):
        one.kill()


def sends(number: int) -> Callable[[subprocess.Popen[str]], None]:
    return lambda process: process.send_signal(number)


ENDS = {
    "kill -9 of the main process": sends(signal.SIGKILL),
    "kill -9 of everything": kill_all,
    "SIGINT": sends(signal.SIGINT),
    "SIGTERM": sends(signal.SIGTERM),
    "SIGHUP": sends(signal.SIGHUP),
}


def interrupted(
    project: Project,
    end: Callable[[subprocess.Popen[str]], None],
    version: str = "1",
    generate: str = "",
) -> None:
    """A run that ends like this while ``slow`` is half-written."""
    for name in ("gate", "began"):
        Path(name).unlink(missing_ok=True)
    (project.folder / "said").touch()
    process = project.start(VERSION=version, GENERATE=generate)
    until(lambda: exists("began") and is_remembered("done"), process)
    family = psutil.Process(process.pid).children(recursive=True)
    end(process)
    process.communicate(timeout=60)
    assert process.returncode != 0
    _gone, alive = psutil.wait_procs(family, timeout=30)
    assert not [one for one in alive if one.status() != psutil.STATUS_ZOMBIE], "workers are left"
    write("gate", "open")


@pytest.mark.parametrize("end", ENDS)
def test_a_run_that_ends_early_keeps_what_is_done_and_takes_nothing_half_made_for_done(
    project: Project, end: str
) -> None:
    interrupted(project, ENDS[end])
    assert not exists("after")
    if not end.startswith("kill"):
        assert not exists("slow"), "asked to end, it cleans up at once"
    again = set(ran(project))
    assert "done" not in again, "it was written down when it was done"
    assert {"slow", "after"} <= again <= {"slow", "after", "temp"}
    assert read("after") == "whole 1"
    assert not exists("temp")


@pytest.mark.parametrize("end", ["kill -9 of everything", "SIGTERM"])
def test_a_run_that_ends_early_gives_back_the_file_that_it_was_about_to_replace(
    project: Project, end: str
) -> None:
    write("gate", "open")
    assert ran(project) == ["after", "done", "slow", "temp"]
    interrupted(project, ENDS[end], version="2")
    assert ran(project, "1") == [], "all is as it was"
    assert read("slow") == read("after") == "whole 1"


def test_a_run_with_generated_jobs_can_be_interrupted_too(project: Project) -> None:
    interrupted(project, ENDS["SIGINT"], generate="1")
    assert not exists("slow")
    again = set(ran(project, generate="1"))
    assert {"generator", "slow", "after"} <= again
    assert "done" not in again
