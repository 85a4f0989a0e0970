"""Workers of a script that runs as ``__main__``."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.executors.conftest import PATIENCE, alive, wait_for

SCRIPT = """
import os, sys, time
from pathlib import Path
print("imported", flush=True)
from weft.executors.base import RunSettings, Task
from weft.executors.processes import Processes
from weft.fingerprint.fingerprinter import Fingerprinter
from weft.graph.definer import Definer
from weft.graph.graph import Graph

class Point:
    def __init__(self, x): self.x = x

LIMIT = 7

def helper(x): return Point(x + LIMIT)

def work(x): return helper(x)

def hang(path):
    import subprocess
    child = subprocess.Popen(["sleep", "1000"])
    Path(path).write_text(f"{os.getpid()} {child.pid} {os.getppid()}")
    time.sleep(1000)

def leave_a_process_behind(held):
    if os.fork() == 0:
        os.setsid()
        while os.path.exists(held): time.sleep(0.01)
        os._exit(0)

if __name__ == "__main__":
    folder = Path(sys.argv[1])
    graph = Graph()
    define = Definer(graph, Fingerprinter())
    if sys.argv[3] == "hang":
        define.comp(hang, str(folder / "pids"))
    elif sys.argv[3] == "leave":
        define.comp(leave_a_process_behind, str(folder / "held"))
    else:
        define.comp(work, 1)
        define.comp(lambda: Point(2))
    executor = Processes(1, sys.argv[2])
    executor.start(list(graph), RunSettings(folder, Fingerprinter(), graph.token))
    executor.submit([Task(job, 1, ()) for job in graph])
    reports = []
    while len(reports) < len(graph):
        reports += executor.wait(None)
    executor.close()
    from weft.store.objects import decode
    for report in reports:
        value = decode(report.outcome.value)
        if value is None: continue
        print(report.task.job.id, type(value) is Point, value.x)
"""


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "script.py"
    path.write_text(SCRIPT)
    return path


def test_the_script_is_not_imported_again_and_its_classes_are_its_own(script, method):
    done = subprocess.run(
        [sys.executable, str(script), str(script.parent), method, "work"],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.stderr == ""
    assert done.stdout.splitlines() == ["imported", "work True 8", "lambda True 2"]


def test_killing_the_main_process_ends_all_others(script, method, tmp_path):
    main = subprocess.Popen([sys.executable, str(script), str(tmp_path), method, "hang"])
    pids = tmp_path / "pids"
    text = wait_for(lambda: pids.exists() and len(pids.read_text().split()) == 3 and pids)
    main.kill()
    main.wait()
    for pid in text.read_text().split():
        wait_for(lambda pid=pid: not alive(int(pid)))


def test_what_a_job_leaves_running_does_not_keep_the_scripts_output_open(script, method, tmp_path):
    held = tmp_path / "held"
    held.touch()
    command = [sys.executable, str(script), str(tmp_path), method, "leave"]
    try:
        done = subprocess.run(command, capture_output=True, timeout=PATIENCE, check=False)
    finally:
        held.unlink()
    assert done.returncode == 0
