"""Kills, Ctrl-C and two makers at once, with real processes."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable

import psutil
import pytest

from tests.scenarios.project import Project

MANY = """
import time
import weft
from saying import say

def step(i):
    say(f"step-{i}")
    time.sleep(0.02)
    return i

def total(values):
    say("total")
    return sum(values)

if __name__ == "__main__":
    context = weft.Context("out")
    context.comp(total, [context.comp(step, i) for i in range(40)])
    context.main()
"""

SLOW = """
import subprocess
import time
import weft
from saying import say

def quick():
    say("quick")

def slow(i):
    say("slow")
    subprocess.run(["sleep", "60"])

if __name__ == "__main__":
    context = weft.Context("out")
    context.comp(quick)
    for i in range(2):
        context.comp(slow, i)
    context.main()
"""

GATED = """
import pathlib
import time
import weft
from saying import say

def gated():
    say("gated")
    while not pathlib.Path("gate").exists():
        time.sleep(0.01)

if __name__ == "__main__":
    context = weft.Context("out")
    context.comp(gated)
    context.main()
"""


def wait_until(true: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    """Until ``true()``; the process must not end before."""
    deadline = time.monotonic() + 60
    while not true():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline, "waited a minute in vain"
        time.sleep(0.005)


def everything_of(process: subprocess.Popen[str]) -> list[psutil.Process]:
    return psutil.Process(process.pid).children(recursive=True)


@pytest.mark.parametrize("after", [1, 13, 30])
def test_a_killed_run_goes_on_by_itself_and_repeats_little(project: Project, after: int) -> None:
    """Rules 21 and 22: ``kill -9`` of the main process."""
    project.write(script=MANY)
    (project.folder / "said").write_text("")
    process = project.start("parmake n=2")
    wait_until(lambda: len(project.said()) >= after, process)
    family = everything_of(process)
    process.kill()
    process.communicate()
    psutil.wait_procs(family, timeout=20)
    assert not [p for p in family if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]
    before = set(project.said())
    again = project.run("parmake n=2")
    assert again.code == 0, again.stdout + again.stderr
    repeated = before & set(again.jobs)
    assert len(repeated) <= 25, "more than the jobs of about the last 0.1 s, on a busy machine"
    assert before | set(again.jobs) == {"total", *(f"step-{i}" for i in range(40))}
    assert project.run("parmake n=2").jobs == []


def test_ctrl_c_ends_the_running_jobs_and_keeps_the_results_so_far(project: Project) -> None:
    project.write(script=SLOW)
    (project.folder / "said").write_text("")
    process = project.start("parmake n=2")
    # The second slow job runs where the quick one did, so the quick one has been reported.
    wait_until(lambda: list(project.said()).count("slow") == 2, process)
    family = everything_of(process)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 1, out + err
    assert "Traceback" not in out + err
    _gone, alive = psutil.wait_procs(family, timeout=10)
    assert not alive, "the jobs' own children are ended too"
    states = project.run("ls").stdout
    assert "done" in states
    assert "quick" not in project.run("make quick").jobs


def test_a_second_ctrl_c_stops_at_once_jobs_that_ignore_the_first(project: Project) -> None:
    project.write(
        script=SLOW.replace(
            'say("slow")\n',
            'import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); say("slow")\n',
        )
    )
    (project.folder / "said").write_text("")
    process = project.start("parmake n=2")
    wait_until(lambda: "slow" in project.said(), process)
    process.send_signal(signal.SIGINT)
    time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 1, out + err


def test_a_second_maker_waits_for_the_first_and_names_it(project: Project) -> None:
    """Rule 24: one writer."""
    project.write(script=GATED)
    (project.folder / "said").write_text("")
    first = project.start("parmake n=2")
    wait_until(lambda: bool(project.said()), first)
    second = project.start("parmake n=2")
    assert second.stderr is not None
    assert str(first.pid) in second.stderr.readline(), "says whom it waits for"
    (project.folder / "gate").touch()
    out2, err2 = second.communicate(timeout=60)
    out1, err1 = first.communicate(timeout=60)
    assert (first.returncode, second.returncode) == (0, 0), out1 + err1 + out2 + err2
    assert list(project.said()) == ["gated"]


def test_looking_works_while_another_process_makes(project: Project) -> None:
    """Rule 24: readers never block the writer and never write."""
    project.write(script=SLOW)
    (project.folder / "said").write_text("")
    maker = project.start("parmake n=2")
    wait_until(lambda: "slow" in project.said(), maker)
    looked = project.start("ls")
    out, err = looked.communicate(timeout=30)
    assert looked.returncode == 0, out + err
    assert "slow" in out
    os.kill(maker.pid, signal.SIGINT)
    maker.communicate(timeout=30)
