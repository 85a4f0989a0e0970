"""Where an attempt ran, as it is recorded."""

from __future__ import annotations

import os
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import pytest

import weft
from weft import pipegraph as ppg
from weft.executors.futures import Work, run_parcels
from weft.store.lease import Place
from weft.store.rows import AttemptRow


def attempt_of(context: weft.Context, job_id: str) -> AttemptRow:
    with context.reading() as store:
        return store.chronicle.attempts(job_id)[-1]


@pytest.mark.parametrize("executor", ["inline", "processes"])
def test_an_attempt_names_executor_host_and_process(tmp_path: Path, executor):
    context = weft.Context(tmp_path / "out")
    context.comp(abs, -1, job_id="a")
    context.make(executor=executor)
    row = attempt_of(context, "a")
    assert (row.executor, row.host) == (executor, os.uname().nodename)
    assert (row.pid == os.getpid()) is (executor == "inline")


def test_a_job_that_changes_this_process_runs_inline(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with ppg.new_pipegraph(folder="out", quiet=True) as graph:
        loading = ppg.DataLoadingJob("load", lambda: None)
        ppg.FileGeneratingJob("a", lambda path: path.write_text("a")).depends_on(loading)
        graph.run()
        row = attempt_of(graph.context, "load")
        assert (row.executor, row.pid) == ("inline", os.getpid())
        assert attempt_of(graph.context, "a").executor == "processes"


@pytest.mark.parametrize(
    ("change", "captures", "host"),
    [({}, False, None), ({"space": "pid:[7]"}, True, None), ({"host": "other"}, True, "here")],
)
def test_a_place_is_host_and_process(tmp_path: Path, change, captures, host, capfd):
    from weft.executors.wire import Parcel
    from weft.graph.packing import pack_call

    (tmp_path / "objects").mkdir()
    submitter = replace(Place.here(), **change), os.getpid()
    work = Work(tmp_path, "", submitter, capture=True, mark=tmp_path / "mark")
    call = pack_call(print, ("hello",), {}, by_value=True)
    parcel = Parcel("a", "print", dynamic=False, cutoff=True, inputs=(), call=call)
    [outcome] = run_parcels([(parcel, (), 1)], work)
    assert (outcome.stdout == "hello\n") is captures
    assert outcome.host == (os.uname().nodename if host else None)


def test_threads_and_processes_of_pools_are_told_apart(tmp_path: Path):
    context = weft.Context(tmp_path / "out")
    context.comp(abs, -1, job_id="a")
    with ThreadPoolExecutor(1) as pool:
        context.make(executor=pool)
    assert attempt_of(context, "a").pid == os.getpid()
    context.comp(abs, -2, job_id="b")
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        context.make(executor=pool)
    assert attempt_of(context, "b").pid != os.getpid()
