"""Any concurrent.futures executor is a place to run jobs."""

from __future__ import annotations

import multiprocessing
import threading
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor

import pytest

from tests.executors.conftest import PATIENCE
from weft.errors import UserError, WeftError
from weft.executors.futures import Futures
from weft.model.outcome import describe
from weft.model.states import AttemptState
from weft.store.objects import encode


class Here(Executor):
    """Runs at once; counts."""

    def __init__(self):
        self.calls = 0

    def submit(self, function, /, *args, **kwargs):
        self.calls += 1
        future: Future = Future()
        future.set_result(function(*args, **kwargs))
        return future


@pytest.fixture(params=["threads", "spawned processes", "own"])
def other(request):
    if request.param == "threads":
        executor = ThreadPoolExecutor(2)
    elif request.param == "own":
        executor = Here()
    else:
        executor = ProcessPoolExecutor(2, multiprocessing.get_context("spawn"))
    with executor:
        yield executor


def test_jobs_run_anywhere(bench, other):
    start = bench.define.comp(lambda: 0, job_id="start")
    for i in range(20):
        bench.define.comp(lambda x, i: x + i, start, i, job_id=f"job-{i}")
        bench.inputs[f"job-{i}"] = [encode(100).inline]
    bench.define.comp(lambda: 1 / 0, job_id="fails")
    bench.define.comp(lambda: "x" * 100_000, job_id="large")
    outcomes = bench.run(Futures(other), batch=5)
    assert [bench.value(outcomes[f"job-{i}"]) for i in range(20)] == [100 + i for i in range(20)]
    assert outcomes["fails"].cause == "ZeroDivisionError: division by zero"
    assert bench.value(outcomes["large"]) == "x" * 100_000


def test_output_is_kept_where_a_process_is_alone(bench):
    bench.define.comp(lambda: print("kept"), job_id="say")
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as other:
        assert bench.run(Futures(other))["say"].stdout == "kept\n"


def test_a_generator_job_runs_there_too(bench):
    def spread(context):
        context.comp(abs, -1)

    bench.define.comp_dynamic(spread)
    with ThreadPoolExecutor(1) as other:
        outcome = bench.run(Futures(other))["spread"]
    assert [child.id for child in outcome.children] == ["spread-abs"]


def test_functions_of_one_family_are_sent_one_by_one(bench, other):
    for i in range(3):
        bench.define.comp(lambda x, i=i: x * i, 2, job_id=f"{i}")
    outcomes = bench.run(Futures(other))
    assert [outcomes[f"{i}"].value for i in range(3)] == [encode(2 * i).inline for i in range(3)]


def test_a_broken_executor_fails_what_was_under_way_and_takes_no_more(bench, tmp_path):
    def die():
        import os

        os._exit(1)

    bench.define.comp(abs, -1)
    bench.define.comp(die)
    bench.define.comp(len, "")
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as other:
        executor = bench.start(Futures(other))
        executor.submit(bench.tasks())
        (report,) = bench.until(executor, 1)
        assert report.task.job.id == "die"
        assert report.outcome.state is AttemptState.DIED
        words = "a worker of your executor died while this job was under way"
        assert describe(report.outcome) == words
        rest = executor.take_back()
        assert [task.job.id for task in rest] == ["abs", "len"]
        with pytest.raises(WeftError, match=r"takes no more jobs(.|\n)*was under way: die"):
            executor.submit(rest)
        assert executor.take_back() == rest
    assert not list(tmp_path.rglob("mark-*"))


def test_an_executor_that_breaks_before_anything_began_fails_no_job(bench):
    def refuse():
        raise RuntimeError("no worker today")

    bench.define.comp(abs, -1)
    with ThreadPoolExecutor(1, initializer=refuse) as other:
        executor = bench.start(Futures(other))
        executor.submit(bench.tasks())
        assert executor.wait(PATIENCE) == []
        rest = executor.take_back()
        assert [task.job.id for task in rest] == ["abs"]
        with pytest.raises(WeftError, match="BrokenThreadPool"):
            executor.submit(rest)


def test_arguments_that_cant_be_sent_fail_that_job_only(bench):
    class Local:
        def __reduce__(self):
            raise TypeError("stays here")

        def __deepcopy__(self, memo):
            return self

        def __weft_hash__(self):
            return b"1"

    bench.define.comp(id, Local())
    bench.define.comp(abs, -1)
    with ThreadPoolExecutor(1) as other:
        outcomes = bench.run(Futures(other), batch=2)
    assert "can't be sent to a worker" in outcomes["id"].cause
    assert outcomes["abs"].state is AttemptState.DONE


def test_cancelling_takes_back_what_has_not_begun_and_gives_up_the_rest(bench):
    go, began = threading.Event(), threading.Event()
    handles = {"go": go, "began": began}

    def hold():
        from tests.executors import test_futures

        test_futures.HANDLES["began"].set()
        test_futures.HANDLES["go"].wait()

    HANDLES.update(handles)
    bench.define.comp(hold)
    bench.define.comp(abs, -1)
    with ThreadPoolExecutor(1) as other:
        executor = bench.start(Futures(other, lanes=2))
        executor.submit([bench.task("hold")])
        began.wait()
        executor.submit([bench.task("abs")])
        executor.cancel(None)
        executor.wait(1)
        assert [task.job.id for task in executor.take_back()] == ["abs"]
        executor.cancel(None, now=True)
        (report,) = executor.wait(1)
        assert report.outcome.state is AttemptState.CANCELLED
        go.set()


def test_what_the_executor_itself_cancels_is_reported_and_does_not_come_back(bench):
    class Refusing(Executor):
        def submit(self, _function, /, *_args, **_kwargs):
            future: Future = Future()
            future.cancel()
            future.set_running_or_notify_cancel()
            return future

    bench.define.comp(abs, -1)
    outcome = bench.run(Futures(Refusing()))["abs"]
    assert outcome.state is AttemptState.CANCELLED
    assert outcome.note == "cancelled by its executor"


HANDLES: dict[str, threading.Event] = {}


def test_the_number_of_lanes_is_that_of_the_workers():
    with ThreadPoolExecutor(3) as other:
        assert Futures(other).lanes == 3
        assert Futures(other, lanes=7).lanes == 7
    assert Futures(Here()).lanes >= 2


def test_something_else_is_refused():
    with pytest.raises(UserError):
        Futures("pool")
