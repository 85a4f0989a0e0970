"""Isolated attempts: each in a process of its own, forked before any job ran."""

from __future__ import annotations

import signal
from collections.abc import Callable

import pytest

from tests.executors.conftest import Bench, alive, wait_for
from weft.executors.processes import Processes
from weft.model.outcome import Outcome
from weft.model.states import AttemptState


@pytest.fixture
def alone(bench: Bench) -> Bench:
    bench.define = bench.define.options(isolated=True)
    return bench


def count() -> Callable[[], tuple[int, int]]:
    """A function that counts its calls in its process, and tells which that is."""
    calls: list[int] = []

    def called() -> tuple[int, int]:
        import os

        calls.append(1)
        return len(calls), os.getpid()

    return called


def test_each_attempt_finds_the_process_as_it_was_when_the_run_began(alone, method):
    called = count()
    for number in range(12):
        alone.define.comp(called, job_id=f"c{number}")
    outcomes = alone.run(Processes(2, method), batch=3)
    told = [alone.value(outcome) for outcome in outcomes.values()]
    assert [calls for calls, _ in told] == [1] * 12
    assert len({pid for _, pid in told}) == 12
    assert {outcome.pid for outcome in outcomes.values()} == {pid for _, pid in told}


def test_jobs_that_share_a_process_leave_nothing_to_isolated_ones(bench, method):
    called = count()
    for number in range(4):
        bench.define.comp(called, job_id=f"shared-{number}")
        bench.define.options(isolated=True).comp(called, job_id=f"alone-{number}")
    outcomes = bench.run(Processes(1, method))
    told = {name: bench.value(outcome)[0] for name, outcome in outcomes.items()}
    assert all(told[f"alone-{number}"] == 1 for number in range(4))
    assert len(told) == 8


def test_the_run_says_it_for_all_jobs_that_do_not_say_it_themselves(bench):
    called = count()
    for number in range(3):
        bench.define.comp(called, job_id=f"a{number}")
        bench.define.options(isolated=False).comp(called, job_id=f"b{number}")
    bench.change(isolated=True)
    outcomes = bench.run(Processes(1, "fork"))
    told = {name: bench.value(outcome)[0] for name, outcome in outcomes.items()}
    assert [told[f"a{number}"] for number in range(3)] == [1, 1, 1]


def die(how: str) -> str:
    import os
    import signal
    import sys

    print("last words", flush=True)
    match how:
        case "segv":
            os.kill(os.getpid(), signal.SIGSEGV)
        case "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        case "exit":
            os._exit(3)
        case "exit well":
            os._exit(0)
        case "close":
            os.closerange(3, 100)
        case "raise":
            sys.exit("enough")
    return how


@pytest.mark.parametrize(
    ("how", "state", "cause"),
    [
        ("segv", AttemptState.DIED, "SIGSEGV"),
        ("kill", AttemptState.DIED, "SIGKILL"),
        ("exit", AttemptState.DIED, "3"),
        ("exit well", AttemptState.DIED, "0"),
        ("close", AttemptState.DIED, "closed file descriptors"),
        ("raise", AttemptState.FAILED, "SystemExit"),
    ],
)
def test_how_a_job_dies_is_told_and_its_batch_goes_on(alone, how, state, cause):
    for number in range(3):
        alone.define.comp(die, "well", job_id=f"before-{number}")
    alone.define.comp(die, how, job_id="it")
    for number in range(3):
        alone.define.comp(die, "well", job_id=f"after-{number}")
    outcomes = alone.run(Processes(1, "fork"), batch=7)
    outcome = outcomes.pop("it")
    assert outcome.state is state
    assert cause in outcome.cause
    assert outcome.stdout == "last words\n"
    assert {one.state for one in outcomes.values()} == {AttemptState.DONE}
    assert {one.stdout for one in outcomes.values()} == {"last words\n"}


def test_a_job_that_is_asked_to_end_may_clean_up_first(alone, tmp_path):
    def patient(path):
        import signal
        import time

        class Asked(Exception):
            pass

        def asked(*_):
            raise Asked

        signal.signal(signal.SIGTERM, asked)
        try:
            time.sleep(60)
        finally:
            path.write_text("cleaned up")

    alone.define.options(timeout=0.3).comp(patient, tmp_path / "told", job_id="it")
    alone.define.comp(die, "well", job_id="next")
    alone.change(grace=30.0)
    outcomes = alone.run(Processes(1, "fork"))
    assert outcomes["it"].state is AttemptState.TIMED_OUT
    assert (tmp_path / "told").read_text() == "cleaned up"
    assert outcomes["next"].state is AttemptState.DONE


def test_a_job_that_does_not_listen_is_killed(alone, tmp_path):
    def deaf(path):
        import os
        import signal
        import time

        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        path.write_text(str(os.getpid()))
        time.sleep(60)

    alone.define.comp(deaf, tmp_path / "pid", job_id="it")
    executor = alone.start(Processes(1, "fork"))
    executor.submit(alone.tasks())
    pid = wait_for(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text())
    executor.cancel(None)
    (report,) = alone.until(executor, 1)
    assert report.outcome.state is AttemptState.CANCELLED
    assert report.outcome.signal == signal.SIGKILL
    wait_for(lambda: not alive(int(pid)))


def test_what_it_leaves_running_is_told_and_ended(alone, tmp_path):
    def leave(path):
        import subprocess

        path.write_text(str(subprocess.Popen(["sleep", "60"]).pid))

    alone.define.comp(leave, tmp_path / "pid", job_id="it")
    alone.define.comp(die, "well", job_id="next")
    outcomes = alone.run(Processes(1, "fork"), batch=2)
    assert outcomes["it"].note == "the job left 1 child process running"
    assert outcomes["next"].state is AttemptState.DONE
    wait_for(lambda: not alive(int((tmp_path / "pid").read_text())))


def test_large_results_and_much_output_come_through(alone, method):
    def much():
        print("x" * 3_000_000)
        return "y" * 1_000_000

    alone.define.comp(much, job_id="it")
    outcome = alone.run(Processes(1, method))["it"]
    assert alone.value(outcome) == "y" * 1_000_000
    assert len(outcome.stdout) > 1_000_000


def test_a_job_over_its_memory_is_killed(alone):
    def hoard():
        import time

        held = [bytes(range(256)) * 4096 for _ in range(300)]
        time.sleep(60)
        return len(held)

    alone.define.options(memory="100MB").comp(hoard, job_id="it")
    outcome = alone.run(Processes(1, "fork"))["it"]
    assert outcome.state is AttemptState.OUT_OF_MEMORY


def test_generators_can_be_isolated(alone):
    def family(context, n):
        return [context.comp(abs, -i) for i in range(n)]

    alone.define.comp_dynamic(family, 3, job_id="it")
    outcome: Outcome = alone.run(Processes(1, "fork"))["it"]
    assert outcome.children is not None
    assert len(outcome.children) == 3


def test_native_settings_and_the_environment_of_one_are_not_those_of_the_next(alone):
    def change():
        import os
        import sys

        os.environ["LEFT"] = "behind"
        sys.path.append("/left/behind")
        sys.modules["left_behind"] = sys

    def look():
        import os
        import sys

        return "LEFT" in os.environ or "/left/behind" in sys.path or "left_behind" in sys.modules

    alone.define.comp(change, job_id="change")
    alone.define.comp(look, job_id="look")
    outcomes = alone.run(Processes(1, "fork"), batch=2)
    assert alone.value(outcomes["look"]) is False


def test_where_both_kinds_take_turns_each_has_workers_of_its_own(bench):
    called = count()
    for number in range(6):
        bench.define.comp(called, job_id=f"shared-{number}")
        bench.define.options(isolated=True).comp(called, job_id=f"alone-{number}")
    executor = bench.start(Processes(1, "fork"))
    told: dict[str, tuple[int, int]] = {}
    for task in bench.tasks():
        assert executor.idle() == 1
        executor.submit([task])
        (report,) = bench.until(executor, 1)
        told[report.task.job.id] = bench.value(report.outcome)
        wait_for(lambda: executor.idle() or executor.wait(0.1))
    assert executor.take_back() == []
    assert [told[f"shared-{number}"][0] for number in range(6)] == [1, 2, 3, 4, 5, 6]
    assert {told[f"alone-{number}"][0] for number in range(6)} == {1}
    assert len({told[f"shared-{number}"][1] for number in range(6)}) == 1
