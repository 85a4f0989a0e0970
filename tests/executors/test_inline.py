"""The executor of this process."""

from __future__ import annotations

import io
import signal
import sys
import threading

from weft.executors.inline import Inline
from weft.model.states import AttemptState


def test_tasks_not_begun_are_given_back_when_cancelled_or_closed(bench):
    bench.define.comp(abs, -1, job_id="a")
    bench.define.comp(abs, -2, job_id="b")
    executor = bench.start(Inline())
    executor.submit(bench.tasks())
    assert executor.idle() == 0
    executor.cancel({"a"})
    assert [task.job.id for task in executor.take_back()] == ["a"]
    assert [report.task.job.id for report in executor.wait(None)] == ["b"]
    executor.submit(bench.tasks())
    executor.close()
    assert len(executor.take_back()) == 2


def test_ctrl_c_interrupts_the_job_that_is_running(bench):
    def press():
        signal.raise_signal(signal.SIGINT)

    bench.define.comp(press)
    bench.define.comp(abs, -1)
    executor = Inline()
    before = signal.signal(signal.SIGINT, lambda *_: executor.wake())
    try:
        outcomes = bench.run(executor)
    finally:
        signal.signal(signal.SIGINT, before)
    assert outcomes["press"].state is AttemptState.CANCELLED
    assert outcomes["abs"].state is AttemptState.DONE


def test_wake_from_another_thread_ends_the_wait(bench):
    executor = bench.start(Inline())
    waker = threading.Timer(0.05, executor.wake)
    waker.start()
    assert executor.wait(60) == []
    waker.join()


def test_a_failure_drops_into_the_debugger(bench, monkeypatch, capsys):
    def fails():
        secret = 41
        raise ValueError(secret)

    bench.define.comp(fails)
    monkeypatch.setattr(sys, "stdin", io.StringIO("p secret + 1\nq\n"))
    outcome = bench.run(Inline(pdb=True))["fails"]
    assert outcome.cause == "ValueError: 41"
    assert "(Pdb) 42" in capsys.readouterr().out
