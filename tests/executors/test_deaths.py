"""A death is that one job's, with its cause; all others finish. (Nested functions, because spawned
workers can't import a test module.)"""

from __future__ import annotations

import pytest

from weft.executors.processes import Processes
from weft.model.outcome import describe
from weft.model.states import AttemptState


def die_by(how):
    import ctypes
    import os
    import signal

    print("last words")
    if how == "SIGKILL":
        os.kill(os.getpid(), signal.SIGKILL)
    elif how == "_exit":
        os._exit(3)
    elif how == "segfault":
        ctypes.string_at(0)
    elif how == "abort":
        os.abort()


def dies(how):
    """``die_by`` as a function that travels by value."""
    from types import FunctionType

    return FunctionType(die_by.__code__, {"__builtins__": __builtins__, "__name__": "__main__"})


DEATHS = {
    "SIGKILL": "killed by SIGKILL (by someone, or by the kernel when memory ran out)",
    "_exit": "its process ended itself with exit code 3 (os._exit?)",
    "segfault": "killed by SIGSEGV (segmentation fault)",
    "abort": "killed by SIGABRT (abort)",
}


@pytest.mark.parametrize("how", DEATHS)
@pytest.mark.parametrize("batch", [1, 40])
def test_a_death_is_that_jobs_alone_and_says_its_cause(bench, method, how, batch):
    for i in range(40):
        bench.define.comp(abs, -i, job_id=f"ok-{i}")
        if i == 20:
            bench.define.comp(dies(how), how, job_id="dies")
    outcomes = bench.run(Processes(2, method), batch=batch)
    dead = outcomes.pop("dies")
    assert dead.state is AttemptState.DIED
    assert describe(dead) == DEATHS[how]
    assert dead.stdout == "last words\n"
    assert dead.max_rss > 0
    assert [bench.value(outcomes[f"ok-{i}"]) for i in range(40)] == list(range(40))


def test_a_segfault_shows_where_in_the_job_it_happened(bench, method):
    bench.define.comp(dies("segfault"), "segfault", job_id="dies")
    text = bench.run(Processes(1, method))["dies"].stderr
    assert "Segmentation fault" in text
    frames = [line for line in text.splitlines() if line.startswith("  File ")]
    assert frames[-1].endswith(" in die_by")
    assert not any("weft/executors" in frame for frame in frames)


def test_many_deaths_in_a_row_end_nothing_else(bench):
    for i in range(30):
        bench.define.comp(dies("SIGKILL"), "SIGKILL", job_id=f"dies-{i}")
        bench.define.comp(abs, -i, job_id=f"ok-{i}")
    outcomes = bench.run(Processes(2, "fork"), batch=7)
    states = [outcomes[f"dies-{i}"].state for i in range(30)]
    assert states == [AttemptState.DIED] * 30
    assert [bench.value(outcomes[f"ok-{i}"]) for i in range(30)] == list(range(30))


def test_results_sent_before_a_death_are_not_run_again(bench, tmp_path):
    def leave_mark(i, folder):
        import time
        from pathlib import Path

        with Path(folder, str(i)).open("a") as file:
            file.write("x")
        time.sleep(0.002)

    for i in range(5):
        bench.define.comp(leave_mark, i, str(tmp_path))
    bench.define.comp(dies("SIGKILL"), "SIGKILL", job_id="dies")
    bench.run(Processes(1, "fork"), batch=6)
    assert [(tmp_path / str(i)).read_text() for i in range(5)] == ["x"] * 5


@pytest.mark.parametrize("batch", [1, 5])
def test_a_job_that_closes_descriptors_of_others_is_told_so(bench, method, batch):
    def close_all():
        import os

        print("closing")
        os.closerange(3, 1000)

    for i in range(4):
        bench.define.comp(abs, -i, job_id=f"ok-{i}")
        if i == 2:
            bench.define.comp(close_all)
    outcomes = bench.run(Processes(1, method), batch=batch)
    closing = outcomes.pop("close_all")
    assert closing.state is AttemptState.DIED
    assert closing.cause.startswith("the job closed file descriptors that were not its own")
    assert (closing.stdout, closing.stderr) == ("closing\n", None)
    assert [bench.value(outcomes[f"ok-{i}"]) for i in range(4)] == list(range(4))
