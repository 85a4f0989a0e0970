"""What a make would do; and that finding out does nothing."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

import weft
from weft.context import Context, MakeOptions
from weft.context.previewing import Preview
from weft.model.reasons import ArgumentsChanged, CodeChanged, Invalidated, NeverRun
from weft.scheduler.summary import Silent
from weft.store.lease import Lease


def load(n: int) -> list[int]:
    return list(range(n))


def fit(data: list[int], alpha: int) -> int:
    return sum(data) * alpha


def report(number: int) -> str:
    return str(number)


def parts(context: Context, n: int) -> list[object]:
    return [context.comp(load, i) for i in range(n)]


def boom() -> None:
    raise ValueError


def chain(folder: Path, n: int = 3, alpha: int = 2) -> Context:
    context = Context(folder)
    number = context.comp(fit, context.comp(load, n), alpha)
    context.comp(report, number)
    return context


def certain(preview: Preview) -> dict[str, tuple[object, ...]]:
    return {job.id: job.reasons for job in preview.certain}


def files(folder: Path) -> dict[Path, tuple[int, int]]:
    stats = {path: path.stat() for path in folder.rglob("*")}
    return {path: (stat.st_size, stat.st_mtime_ns) for path, stat in stats.items()}


def test_a_folder_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    preview = chain(tmp_path / "out").preview()
    assert [job.id for job in preview.certain] == ["load", "fit", "report"]
    assert set(certain(preview).values()) == {(NeverRun(),)}
    assert (preview.possible, preview.fresh) == ((), 0)
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_written_and_nobody_is_waited_for(tmp_path: Path) -> None:
    chain(tmp_path).make(executor="inline")
    # A file that was written just now is read with SQLite's own files beside it.
    os.utime(tmp_path / "weft.db", (1, 1))
    lease = Lease(tmp_path)
    lease.acquire(wait=False)
    try:
        held = files(tmp_path)
        chain(tmp_path, alpha=3).preview()
        assert files(tmp_path) == held
    finally:
        lease.release()


def test_what_depends_on_results_that_are_not_known_yet_is_only_possible(tmp_path: Path) -> None:
    chain(tmp_path).make(executor="inline")
    preview = chain(tmp_path, n=4).preview()
    assert certain(preview) == {"load": (ArgumentsChanged("(3,)", "(4,)"),)}
    assert [(job.id, job.waits_for) for job in preview.possible] == [
        ("fit", ("load",)),
        ("report", ("fit",)),
    ]
    assert preview.fresh == 0


def test_a_job_that_changed_itself_is_certain_whatever_its_dependencies_give(
    tmp_path: Path,
) -> None:
    chain(tmp_path).make(executor="inline")
    preview = chain(tmp_path, n=4, alpha=5).preview()
    assert list(certain(preview)) == ["load", "fit"]
    assert certain(preview)["fit"] == (ArgumentsChanged("(<load>, 2)", "(<load>, 5)"),)
    assert [job.id for job in preview.possible] == ["report"]


def test_invalidated_jobs_are_certain(tmp_path: Path) -> None:
    context = chain(tmp_path)
    context.make(executor="inline")
    context.invalidate("load", "report")
    preview = chain(tmp_path).preview()
    assert certain(preview) == {"load": (Invalidated(),), "report": (Invalidated(),)}


def test_changed_code_is_named_although_it_never_ran(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain(tmp_path).make(executor="inline")

    def other(data: list[int], alpha: int) -> int:
        return sum(data) + alpha

    other.__name__, other.__qualname__ = fit.__name__, fit.__qualname__
    monkeypatch.setitem(globals(), "fit", other)
    reasons = certain(chain(tmp_path).preview())["fit"]
    assert reasons == (CodeChanged((f"{__name__}.fit",)),)


def test_only_the_selection_and_its_upstream_count(tmp_path: Path) -> None:
    preview = chain(tmp_path).preview("fit")
    assert list(certain(preview)) == ["load", "fit"]


def test_jobs_come_in_the_order_of_running(tmp_path: Path) -> None:
    context = Context(tmp_path)
    context.comp(load, 1)
    context.options(priority=1).comp(load, 2)
    assert list(certain(context.preview())) == ["load-1", "load"]


def test_a_generator_is_told_from_other_jobs(tmp_path: Path) -> None:
    def script() -> Context:
        context = Context(tmp_path)
        context.comp(report, context.comp_dynamic(parts, 2))
        return context

    assert [job.generates for job in script().preview().certain] == [True, False]
    script().make(executor="inline")
    preview = script().preview()
    assert (preview.certain, preview.fresh) == ((), 4)
    script().invalidate("parts-load")
    preview = script().preview()
    assert list(certain(preview)) == ["parts-load"]
    assert [job.id for job in preview.possible] == ["report"]


def test_failures_that_are_kept_and_what_they_block_will_not_run(tmp_path: Path) -> None:
    def script() -> Context:
        context = Context(tmp_path)
        context.comp(report, context.options(keep_failed=True).comp(boom))
        return context

    with pytest.raises(weft.MakeFailed):
        script().make(executor="inline")
    preview = script().preview()
    assert (preview.certain, preview.kept, preview.blocked) == ((), ("boom",), ("report",))


def test_past_durations_are_told(tmp_path: Path) -> None:
    chain(tmp_path).make(executor="inline")
    context = chain(tmp_path, n=4)
    context.comp(load, 9)
    preview = context.preview(options=MakeOptions(n=2))
    assert {job.id for job in preview.certain if job.seconds is not None} == {"load", "load-1"}
    assert preview.n == 2


def test_it_works_while_a_make_goes_on(tmp_path: Path) -> None:
    begun, go_on = threading.Event(), threading.Event()

    class Reporter(Silent):
        def tick(self, loop: object) -> None:
            begun.set()
            go_on.wait(60)

    context = chain(tmp_path)
    thread = threading.Thread(target=lambda: context.make(executor="inline", reporter=Reporter()))
    thread.start()
    try:
        assert begun.wait(60)
        preview = chain(tmp_path).preview()
    finally:
        go_on.set()
        thread.join()
    assert len(preview.certain) + len(preview.possible) + preview.fresh == 3
