"""Threads of C libraries."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import textwrap

import pytest

from weft.executors.native import THREAD_VARIABLES, ThreadLimit, cores_of
from weft.executors.processes import Processes


def run(folder, text: str) -> subprocess.CompletedProcess[str]:
    """Run a script that must not hang."""
    (folder / "script.py").write_text(textwrap.dedent(text))
    return subprocess.run(
        [sys.executable, "script.py"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def need(package: str) -> None:
    """Skip where a package is missing; it is not imported here, where its threads would stay."""
    if importlib.util.find_spec(package) is None:
        pytest.skip(f"{package} is not installed")


POLARS = """
    import polars as pl
    import weft

    FRAME = pl.DataFrame({"a": [1, 1, 2], "b": [1.0, 2.0, 3.0]})

    def total():
        return FRAME.group_by("a").agg(pl.col("b").sum()).sort("a")["b"].to_list()

    if __name__ == "__main__":
        print(total())
        context = weft.Context("out")
        promise = context.comp(total)
        context.make()
        print(context.result(promise))
"""
KMEANS = """
    import numpy as np
    import weft
    from sklearn.cluster import KMeans

    def centres():
        data = np.arange(3000.0).reshape(1000, 3)
        return KMeans(2, n_init=1, random_state=1).fit(data).cluster_centers_.round(3).tolist()

    if __name__ == "__main__":
        print(centres())
        context = weft.Context("out")
        promise = context.comp(centres)
        context.make()
        print(context.result(promise))
"""


@pytest.mark.parametrize("text", [POLARS, KMEANS], ids=["polars", "OpenMP"])
def test_a_library_with_threads_may_be_used_in_the_script_and_in_a_job(here, text):
    need("polars" if text is POLARS else "sklearn")
    done = run(here, text)
    assert done.returncode == 0, done.stderr
    first, second = done.stdout.splitlines()[0], done.stdout.splitlines()[-1]
    assert first == second


def test_a_fork_that_loading_jobs_need_is_warned_about(here):
    need("polars")
    done = run(
        here,
        """
        import polars as pl
        from weft import pipegraph as ppg

        pl.DataFrame({"a": [1, 2]}).group_by("a").len()
        ppg.new_pipegraph(folder="out")
        BOX = []
        load = ppg.DataLoadingJob("load", lambda: BOX.append(1))
        job = ppg.FileGeneratingJob("a.txt", lambda path: path.write_text(str(BOX)))
        job.depends_on(load)
        ppg.run()
        """,
    )
    assert done.returncode == 0, done.stderr
    assert "RuntimeWarning" in done.stderr
    assert "polars" in done.stderr


def test_numpy_and_pandas_alone_do_not_keep_a_script_from_forking(here):
    done = run(
        here,
        """
        import numpy, pandas
        from weft.executors.native import unsafe_threads

        numpy.ones((300, 300)) @ numpy.ones((300, 300))
        print(unsafe_threads())
        """,
    )
    assert done.stdout.split() == ["0"], done.stderr


def test_libraries_get_as_many_threads_as_the_job_has_cores(bench, monkeypatch):
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)

    def threads():
        import numpy as np  # noqa: F401
        from threadpoolctl import threadpool_info

        pools = {pool["num_threads"] for pool in threadpool_info()}
        return os.environ["OMP_NUM_THREADS"], os.environ["POLARS_MAX_THREADS"], pools

    bench.define.comp(threads)
    bench.define.options(cores=2).comp(threads)
    outcomes = bench.run(Processes(1, "fork"), batch=2)
    assert bench.value(outcomes["threads"])[:2] == ("1", "1")
    assert bench.value(outcomes["threads-1"])[:2] == ("2", "2")
    assert bench.value(outcomes["threads"])[2] == {1}


def test_what_the_user_has_set_stays(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    for name in THREAD_VARIABLES[1:]:
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    limit = ThreadLimit()
    assert limit.set(2)
    assert not limit.set(2)
    assert (os.environ["OMP_NUM_THREADS"], os.environ["MKL_NUM_THREADS"]) == ("3", "2")


def test_all_cores_and_all_but_one_are_numbers():
    every = len(os.sched_getaffinity(0))
    assert cores_of(-2) == every
    assert cores_of(-1) == max(1, every - 1)


def test_programs_that_jobs_start_can_be_interrupted(bench, method):
    def ignored():
        status = "import signal; print(signal.getsignal(signal.SIGINT) == signal.SIG_IGN)"
        return subprocess.run(
            [sys.executable, "-c", status], capture_output=True, check=True
        ).stdout

    bench.define.comp(ignored)
    assert bench.value(bench.run(Processes(1, method))["ignored"]).split() == [b"False"]


DAEMON = """
    import os, subprocess, sys, time
    import weft

    def leave(path):
        if os.fork() == 0:          # a daemon: its parent ends at once
            os.setsid()
            if os.fork() == 0:
                with open(path, "w") as file:
                    file.write(str(os.getpid()))
                os.rename(path, path + ".there")
                time.sleep(1000)
            os._exit(0)
        os.wait()
        program = subprocess.Popen(["sleep", "1000"], start_new_session=True)
        while not os.path.exists(path + ".there"):
            time.sleep(0.01)
        with open("program.pid", "w") as file:
            file.write(str(program.pid))
        os.rename("program.pid", "program.there")
        if len(sys.argv) > 1:
            time.sleep(1000)

    if __name__ == "__main__":
        context = weft.Context("out")
        context.comp(leave, "daemon")
        context.make()
"""


@pytest.mark.parametrize("killed", [False, True], ids=["at an orderly end", "after a kill"])
def test_nothing_that_a_job_left_alive_outlives_the_run(here, killed):
    from tests.executors.conftest import alive, wait_for

    (here / "script.py").write_text(textwrap.dedent(DAEMON))
    script = subprocess.Popen(
        [sys.executable, "script.py", *(["wait"] if killed else [])],
        cwd=here,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    wait_for((here / "program.there").exists)
    pids = [int((here / name).read_text()) for name in ("daemon.there", "program.there")]
    if killed:
        script.kill()
    script.wait()
    wait_for(lambda: not any(map(alive, pids)))
