"""A timeout, a cancellation, a job that leaves something behind: the others go on.

(Nested functions, because spawned workers can't import a test module.)
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from tests.executors.conftest import PATIENCE, alive, wait_for
from weft.errors import UserError, WeftError
from weft.executors.processes import Processes
from weft.model.outcome import describe
from weft.model.states import AttemptState
from weft.store.objects import encode


def test_a_timeout_ends_the_job_and_its_children(bench, method, tmp_path):
    def slow(pids):
        import subprocess
        import time
        from pathlib import Path

        group = subprocess.Popen(["sleep", "1000"])
        away = subprocess.Popen(["sleep", "1000"], start_new_session=True)
        Path(pids).write_text(f"{group.pid} {away.pid}")
        time.sleep(1000)

    bench.define.options(timeout=0.6).comp(slow, str(tmp_path / "pids"))
    bench.define.comp(abs, -1)
    outcomes = bench.run(Processes(1, method))
    assert outcomes["slow"].state is AttemptState.TIMED_OUT
    assert describe(outcomes["slow"]) == "ran longer than its timeout of 0.6 s"
    assert outcomes["slow"].duration >= 0.6
    assert outcomes["abs"].state is AttemptState.DONE
    for pid in (tmp_path / "pids").read_text().split():
        wait_for(lambda pid=pid: not alive(int(pid)))


def test_a_job_that_ignores_sigterm_is_killed(bench, method):
    def stubborn():
        import signal
        import time

        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        time.sleep(1000)

    bench.define.options(timeout=0.2).comp(stubborn)
    outcome = bench.run(Processes(1, method))["stubborn"]
    assert outcome.state is AttemptState.TIMED_OUT
    assert outcome.signal == signal.SIGKILL


def test_a_job_that_raises_when_asked_to_end_has_timed_out(bench):
    def polite():
        import signal
        import sys
        import time

        signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
        time.sleep(1000)

    bench.define.options(timeout=0.2).comp(polite)
    bench.define.comp(abs, -1)
    outcomes = bench.run(Processes(1, "fork"))
    assert outcomes["polite"].state is AttemptState.TIMED_OUT
    assert outcomes["abs"].state is AttemptState.DONE


def test_a_job_over_its_declared_memory_is_killed_and_says_so(bench, method):
    def greedy():
        import time

        data = bytearray(200 << 20)
        time.sleep(1000)
        return len(data)

    bench.define.options(memory="100MB").comp(greedy)
    bench.define.options(memory="1GB").comp(abs, -1)
    outcomes = bench.run(Processes(1, method))
    assert outcomes["greedy"].state is AttemptState.OUT_OF_MEMORY
    words = describe(outcomes["greedy"])
    assert re.fullmatch(r"used \d+ MB, more than its declared 100 MB", words)
    assert outcomes["abs"].state is AttemptState.DONE


def test_memory_inherited_from_the_main_process_is_not_the_jobs(bench):
    ballast = bytearray(b"x" * (150 << 20))

    def modest():
        import time

        time.sleep(0.5)
        return 1

    bench.define.options(memory="100MB").comp(modest)
    assert bench.run(Processes(1, "fork"))["modest"].state is AttemptState.DONE
    assert len(ballast)


def workers_of(executor, count=1):
    """Process ids of the workers, as soon as so many jobs run."""

    def look():
        assert executor.wait(0.01) == []
        pids = [running.pid for running in executor.running() if running.pid]
        return len(pids) == count and pids

    return wait_for(look)


@pytest.fixture
def small_cgroup(tmp_path):
    """A memory cgroup of 64 MB; only root can make one, and not everywhere."""
    versions = [
        (Path("/sys/fs/cgroup/memory"), "memory.limit_in_bytes"),
        (Path("/sys/fs/cgroup"), "memory.max"),
    ]
    for parent, limit in versions:
        group = parent / f"weft-test-{os.getpid()}"
        try:
            group.mkdir()
            (group / limit).write_text(str(64 << 20))
        except OSError:
            if group.exists():
                group.rmdir()
            continue
        yield group
        wait_for(lambda: not (group / "cgroup.procs").read_text())
        group.rmdir()
        return
    pytest.skip("needs the right to make memory cgroups")


def test_a_job_that_the_kernel_killed_for_want_of_memory_says_so(bench, small_cgroup):
    def greedy(group):
        import os
        from pathlib import Path

        Path(group, "cgroup.procs").write_text(str(os.getpid()))
        return len(b"x" * (500 << 20))

    bench.define.comp(greedy, str(small_cgroup))
    bench.define.comp(abs, -1)
    outcomes = bench.run(Processes(1, "fork"))
    assert outcomes["greedy"].state is AttemptState.OUT_OF_MEMORY
    assert describe(outcomes["greedy"]) == "killed by the kernel, because memory ran out"
    assert outcomes["abs"].state is AttemptState.DONE


def test_an_interpreter_that_cant_be_started_is_told(bench, monkeypatch):
    bench.define.comp(abs, -1)
    monkeypatch.setattr(sys, "executable", "/is/not/there")
    executor = Processes(1, "spawn")
    with pytest.raises(WeftError, match="can't be started"):
        bench.start(executor)
    executor.close()


@pytest.mark.parametrize("how", ["fork", "spawn"])
def test_functions_of_one_family_run_each_with_its_own_values(bench, how):
    for i in range(3):
        bench.define.comp(lambda x, i=i: x * i, 2, job_id=f"{i}")
    outcomes = bench.run(Processes(2, how))
    assert [outcomes[f"{i}"].value for i in range(3)] == [encode(2 * i).inline for i in range(3)]


def test_workers_that_end_as_soon_as_they_start_are_told(bench, monkeypatch):
    bench.define.comp(abs, -1)
    monkeypatch.setattr(sys, "executable", "/bin/false")
    executor = Processes(2, "spawn")
    bench.start(executor)
    executor.submit(bench.tasks())
    with pytest.raises(WeftError, match="end as soon as they start"):
        bench.until(executor, 1)
    executor.close()
    assert [task.job.id for task in executor.take_back()] == ["abs"]


def start_sleepers(bench, executor, count, folder):
    def sleeper(i, folder):
        import time
        from pathlib import Path

        Path(folder, f"began-{i}").touch()
        time.sleep(1000)

    for i in range(count):
        bench.define.comp(sleeper, i, str(folder), job_id=f"s{i}")
    bench.start(executor)


def test_cancelling_all_ends_what_runs_and_gives_back_the_rest(bench, method, tmp_path):
    executor = Processes(2, method)
    start_sleepers(bench, executor, 6, tmp_path)
    executor.submit([bench.task(f"s{i}") for i in (0, 1, 2)])
    executor.submit([bench.task(f"s{i}") for i in (3, 4, 5)])
    wait_for(lambda: len(list(tmp_path.glob("began-*"))) == 2)
    executor.cancel(None)
    reports = bench.until(executor, 2)
    assert {report.task.job.id for report in reports} == {"s0", "s3"}
    assert {report.outcome.state for report in reports} == {AttemptState.CANCELLED}
    back = executor.take_back()
    while len(back) < 4:
        executor.wait(1)
        back += executor.take_back()
    assert {task.job.id for task in back} == {"s1", "s2", "s4", "s5"}


def test_cancelling_one_leaves_the_others(bench, tmp_path):
    executor = Processes(2, "fork")
    start_sleepers(bench, executor, 2, tmp_path)
    executor.submit([bench.task("s0")])
    executor.submit([bench.task("s1")])
    wait_for(lambda: len(executor.running()) == 2)
    executor.cancel({"s1"}, now=True)
    (report,) = bench.until(executor, 1)
    assert report.task.job.id == "s1"
    assert report.outcome.signal == signal.SIGKILL
    assert [running.task.job.id for running in executor.running()] == ["s0"]


def test_cancelling_a_job_that_waits_in_a_batch_gives_it_back(bench, tmp_path):
    executor = Processes(1, "fork")
    start_sleepers(bench, executor, 3, tmp_path)
    executor.submit([bench.task(f"s{i}") for i in range(3)])
    wait_for(lambda: executor.running())
    executor.cancel({"s2"})
    back: list = []
    while not back:
        assert executor.wait(1) == []
        back += executor.take_back()
    assert {task.job.id for task in back} == {"s1", "s2"}
    assert [running.task.job.id for running in executor.running()] == ["s0"]


def test_the_lane_goes_on_after_a_cancellation(bench, method, tmp_path):
    executor = Processes(1, method)
    bench.define.comp(abs, -1)
    start_sleepers(bench, executor, 1, tmp_path)
    executor.submit([bench.task("s0")])
    wait_for(lambda: executor.running())
    executor.cancel(None, now=True)
    bench.until(executor, 1)
    assert bench.value(bench.finish(executor, [bench.task("abs")])["abs"]) == 1


def test_an_idle_lane_gets_what_a_busy_one_has_not_begun(bench, tmp_path):
    def hold(path):
        import time
        from pathlib import Path

        while not Path(path).exists():
            time.sleep(0.005)

    bench.define.comp(abs, -4, job_id="first")
    bench.define.comp(abs, -5, job_id="before")
    bench.define.comp(hold, str(tmp_path / "go"))
    for i in range(10):
        bench.define.comp(abs, -i, job_id=f"after-{i}")
    executor = Processes(2, "fork")
    bench.start(executor)
    first, *others = bench.tasks()
    executor.submit([first])
    bench.until(executor, 1)  # a worker that is starting has begun nothing
    executor.submit(others)
    done = bench.until(executor, 1)
    assert [report.task.job.id for report in done] == ["before"]
    back = executor.take_back()
    while len(back) < 10:
        executor.wait(1)
        back += executor.take_back()
    outcomes = bench.finish(executor, back, batch=3)
    assert len(outcomes) == 10
    (tmp_path / "go").touch()
    assert [report.task.job.id for report in bench.until(executor, 1)] == ["hold"]


def test_a_job_that_forks_and_lets_the_child_return_runs_once(bench, method):
    def forks():
        import os

        pid = os.fork()
        if pid:
            os.waitpid(pid, 0)
        return "parent" if pid else "child"

    bench.define.comp(forks)
    bench.define.comp(abs, -1)
    outcomes = bench.run(Processes(1, method), batch=2)
    assert bench.value(outcomes["forks"]) == "parent"
    assert bench.value(outcomes["abs"]) == 1


def test_a_forked_child_that_raises_ends_with_its_traceback(bench):
    def forks():
        import os

        pid = os.fork()
        if not pid:
            raise ValueError("in the child")
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

    bench.define.comp(forks)
    outcome = bench.run(Processes(1, "fork"))["forks"]
    assert bench.value(outcome) == 1
    assert "ValueError: in the child" in outcome.stderr


def test_threads_left_running_are_told_and_the_worker_is_replaced(bench, method):
    def starts():
        import os
        import threading

        threading.Thread(target=threading.Event().wait, daemon=True).start()
        return os.getpid()

    bench.define.comp(starts)
    bench.define.comp(os.getpid, job_id="next")
    outcomes = bench.run(Processes(1, method), batch=2)
    assert outcomes["starts"].note == "the job left 1 thread running"
    assert outcomes["next"].note is None
    assert bench.value(outcomes["next"]) != bench.value(outcomes["starts"])


def test_threads_that_end_with_the_job_are_no_trouble(bench):
    def pool():
        import os
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(4) as threads:
            list(threads.map(abs, range(20)))
        return os.getpid()

    bench.define.comp(pool)
    bench.define.comp(os.getpid, job_id="next")
    outcomes = bench.run(Processes(1, "fork"), batch=2)
    assert outcomes["pool"].note is None
    assert bench.value(outcomes["next"]) == bench.value(outcomes["pool"])


def test_child_processes_left_running_are_told_and_ended(bench, method):
    def starts():
        import subprocess

        return subprocess.Popen(["sleep", "1000"]).pid

    bench.define.comp(starts)
    bench.define.comp(abs, -1)
    outcomes = bench.run(Processes(1, method), batch=2)
    assert outcomes["starts"].note == "the job left 1 child process running"
    assert outcomes["abs"].note is None
    wait_for(lambda: not alive(bench.value(outcomes["starts"])))


def test_the_death_of_the_zygote_costs_only_what_was_running(bench, method, tmp_path):
    executor = Processes(1, method)
    bench.define.comp(abs, -1)
    start_sleepers(bench, executor, 1, tmp_path)
    executor.submit([bench.task("s0")])
    (worker,) = workers_of(executor)
    os.kill(psutil.Process(worker).ppid(), signal.SIGKILL)
    (report,) = bench.until(executor, 1)
    assert report.outcome.state is AttemptState.DIED
    assert "watches over the workers was killed" in describe(report.outcome)
    assert bench.value(bench.finish(executor, [bench.task("abs")])["abs"]) == 1
    wait_for(lambda: not alive(worker))


def test_an_idle_worker_that_is_killed_is_replaced(bench):
    bench.define.comp(os.getpid, job_id="pid")
    executor = Processes(1, "fork")
    bench.start(executor)
    for _ in range(5):
        outcomes = bench.finish(executor, [bench.task("pid")])
        os.kill(bench.value(outcomes["pid"]), signal.SIGKILL)


def test_nothing_is_left_after_close(bench, method, tmp_path):
    bench.define.comp(abs, -1)
    bench.run(Processes(1, method))  # whatever is loaded once is loaded now
    before = open_descriptors(), psutil.Process().children(recursive=True)
    executor = Processes(2, method)
    start_sleepers(bench, executor, 2, tmp_path)
    executor.submit([bench.task("s0")])
    executor.submit([bench.task("s1")])
    pids = workers_of(executor, 2)
    executor.close()
    executor.close()
    assert [pid for pid in pids if alive(pid)] == []
    assert (open_descriptors(), psutil.Process().children(recursive=True)) == before
    assert {task.job.id for task in executor.take_back()} == {"s0", "s1"}


def test_closing_without_starting_is_harmless():
    executor = Processes(2)
    executor.wake()
    executor.close()


def test_wake_from_another_thread_ends_the_wait(bench):
    bench.define.comp(abs, -1)
    executor = Processes(1, "fork")
    bench.start(executor)
    waker = threading.Timer(0.05, executor.wake)
    waker.start()
    assert executor.wait(PATIENCE) == []
    waker.join()


def test_a_wait_without_anything_to_do_ends_in_time(bench):
    bench.define.comp(abs, -1)
    executor = Processes(1, "fork")
    bench.start(executor)
    assert executor.wait(0.01) == []


def test_auto_forks_only_a_process_without_other_threads(bench):
    bench.define.comp(abs, -1)
    stop = threading.Event()
    thread = threading.Thread(target=stop.wait)
    thread.start()
    try:
        executor = Processes(1)
        bench.run(executor)
        assert "'spawn'" in repr(executor)
    finally:
        stop.set()
        thread.join()
    executor = Processes(1)
    assert bench.run(executor)["abs"].state is AttemptState.DONE
    assert "'fork'" in repr(executor)


def test_a_batch_larger_than_any_buffer_gets_through(bench, method):
    text = bench.define.comp(str, job_id="text")
    for i in range(300):
        bench.define.comp(len, text, job_id=f"len-{i}")
        bench.inputs[f"len-{i}"] = [encode(f"{i}" + "x" * 15_000).inline]
    outcomes = bench.run(Processes(1, method), batch=301)
    assert bench.value(outcomes["len-7"]) == 15_001


def test_many_small_jobs_in_batches_all_report_once(bench, method):
    for i in range(3000):
        bench.define.comp(abs, -i, job_id=str(i))
    outcomes = bench.run(Processes(2, method), batch=100)
    assert [bench.value(outcomes[str(i)]) for i in range(3000)] == list(range(3000))


def test_progress_is_seen_from_outside(bench, method, tmp_path):
    def work(path):
        import time
        from pathlib import Path

        from weft.executors.inside import progress

        progress("reading", (1, 4), "page one")
        while not Path(path).exists():
            time.sleep(0.005)

    bench.define.comp(work, str(tmp_path / "go"))
    executor = Processes(1, method)
    bench.start(executor)
    executor.submit(bench.tasks())
    wait_for(lambda: [r.progress for r in executor.running()] == ["reading 1/4 page one"])
    (tmp_path / "go").touch()
    bench.until(executor, 1)


@pytest.mark.parametrize("arguments", [(0,), (2, "thread")])
def test_impossible_executors_are_refused(arguments):
    with pytest.raises(UserError):
        Processes(*arguments)


def open_descriptors() -> list[str]:
    folder = Path("/proc/self/fd")
    if not folder.exists():
        pytest.skip("needs /proc")
    found = []
    for entry in folder.iterdir():
        try:
            found.append(str(entry.readlink()).split(":")[0])
        except FileNotFoundError:
            continue  # the one that lists the folder
    return sorted(found)


def test_the_clock_is_shared_by_all_processes():
    code = "import time; print(time.monotonic())"
    before = time.monotonic()
    told = float(subprocess.run([sys.executable, "-c", code], capture_output=True).stdout)
    assert before < told < time.monotonic()


def sleep(bench, executor, count, folder):
    """Let so many sleepers begin, each in a lane of its own."""
    for i in range(count):
        executor.submit([bench.task(f"s{i}")])
    wait_for(lambda: executor.wait(0.01) or len(list(folder.glob("began-*"))) == count)


def test_more_workers_can_be_had_while_jobs_run(bench, method, tmp_path):
    executor = Processes(1, method)
    bench.define.comp(os.getpid, job_id="late")
    start_sleepers(bench, executor, 1, tmp_path)
    sleep(bench, executor, 1, tmp_path)
    assert executor.idle() == 0
    assert executor.resize(3) == 3
    assert executor.idle() == 2
    executor.submit([bench.task("late")])
    (report,) = bench.until(executor, 1)
    (running,) = executor.running()
    assert running.task.job.id == "s0"
    assert bench.value(report.outcome) != running.pid


def test_with_fewer_workers_what_runs_goes_on_and_nothing_new_begins(bench, tmp_path):
    executor = Processes(3)
    start_sleepers(bench, executor, 2, tmp_path)
    sleep(bench, executor, 2, tmp_path)
    assert executor.idle() == 1
    assert executor.resize(2) == 2
    assert executor.idle() == 0
    assert executor.resize(-5) == 1
    assert executor.idle() == 0
    assert len(executor.running()) == 2
    assert executor.resize(10**9) > 3


def test_one_worker_more_that_cant_be_started_is_done_without(bench, monkeypatch, tmp_path):
    executor = Processes(1)
    start_sleepers(bench, executor, 1, tmp_path)
    sleep(bench, executor, 1, tmp_path)

    def refuse(_folder):
        raise OSError(24, "Too many open files")

    monkeypatch.setattr("weft.executors.processes.open_sink", refuse)
    assert executor.resize(2) == 1


def test_what_running_jobs_use_is_measured(bench, tmp_path):
    executor = Processes(1)
    start_sleepers(bench, executor, 1, tmp_path)
    sleep(bench, executor, 1, tmp_path)
    (running,) = executor.running()
    assert running.rss is not None
    assert running.rss > 1 << 20
